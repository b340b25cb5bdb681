/* One event, one line, one write, whatever the bytes of the message. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/encoding.h"
#include "common/log.h"
#include "tests/unit/capture.h"

static int
set_up(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_init("unit", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
	log_set_request(NULL);
	return 0;
}

/* The text after "2026-11-22T15:00:00Z ". */
static const char *
without_time(const char *line)
{
	static const char form[] = "0000-00-00T00:00:00Z ";

	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == '0')
			assert_in_range(line[i], '0', '9');
		else
			assert_int_equal(line[i], form[i]);
	}
	return line + sizeof(form) - 1;
}

static void
a_line_has_time_level_and_message(void **state)
{
	(void)state;
	capture_start();
	log_info("object stored object=%s size=%d", "abc", 7);
	assert_string_equal(without_time(capture_end()),
	    "info object stored object=abc size=7\n");
	capture_start();
	log_error("e");
	assert_string_equal(without_time(capture_end()), "error e\n");
	capture_start();
	log_warning("w");
	assert_string_equal(without_time(capture_end()), "warning w\n");
	capture_start();
	log_debug("d");
	assert_string_equal(without_time(capture_end()), "debug d\n");
}

static void
events_below_the_least_level_are_dropped(void **state)
{
	(void)state;
	log_init("unit", LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	capture_start();
	log_info("not this");
	log_debug("nor this");
	log_warning("this");
	assert_string_equal(without_time(capture_end()), "warning this\n");
	log_init("unit", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	errno = ENOENT;
	capture_start();
	log_warning("not this");
	log_errno("this");
	assert_string_equal(without_time(capture_end()),
	    "error this: No such file or directory\n");
}

static void
errno_is_appended_and_left_as_it_was(void **state)
{
	(void)state;
	capture_start();
	errno = ENOSPC;
	log_errno("%s: cannot be written", "/x");
	assert_int_equal(errno, ENOSPC);
	log_info("x");
	assert_int_equal(errno, ENOSPC);
	assert_memory_equal(without_time(capture_end()),
	    "error /x: cannot be written: No space left on device\n", 53);
}

static void
errno_survives_a_line_that_cannot_be_written(void **state)
{
	int saved = dup(STDERR_FILENO);

	(void)state;
	close(STDERR_FILENO);
	errno = EXDEV;
	log_error("nobody sees this");
	assert_int_equal(errno, EXDEV);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
}

static void
control_characters_and_bad_utf8_are_escaped(void **state)
{
	(void)state;
	capture_start();
	log_info("a\nb\r\t\x1b[31m\x7f|%s|%s|%s", "\xc3\xa9\xe2\x82\xac",
	    "\xff\xc3", "\xc2\x85\xed\xa0\x80\xc0\xaf");
	assert_string_equal(without_time(capture_end()),
	    "info a\\x0ab\\x0d\\x09\\x1b[31m\\x7f|\xc3\xa9\xe2\x82\xac|"
	    "\\xff\\xc3|\\xc2\\x85\\xed\\xa0\\x80\\xc0\\xaf\n");
}

static void
the_request_is_on_every_line_of_its_thread(void **state)
{
	(void)state;
	log_set_request("r-1");
	capture_start();
	log_info("first");
	assert_string_equal(without_time(capture_end()),
	    "info first request=r-1\n");
	log_set_request("a\nb");
	capture_start();
	log_info("second");
	assert_string_equal(without_time(capture_end()),
	    "info second request=a\\x0ab\n");
	log_set_request(NULL);
	capture_start();
	log_info("third");
	assert_string_equal(without_time(capture_end()), "info third\n");
}

static void *
log_from_another_thread(void *argument)
{
	(void)argument;
	log_info("other");
	return NULL;
}

static void
the_request_of_one_thread_is_not_anothers(void **state)
{
	pthread_t thread;

	(void)state;
	log_set_request("mine");
	capture_start();
	assert_int_equal(pthread_create(&thread, NULL,
	    log_from_another_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(without_time(capture_end()), "info other\n");
}

/* Says that standard error, as it is now, is the journal. */
static void
pretend_journal(uintmax_t inode_offset)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + inode_offset);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("unit", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
}

static void
the_journal_gets_priorities_instead_of_time_and_level(void **state)
{
	(void)state;
	capture_start();
	pretend_journal(0);
	log_error("a");
	log_warning("b");
	log_set_request("r");
	log_info("c");
	log_set_request(NULL);
	log_debug("d");
	assert_string_equal(capture_end(),
	    "<3>a\n<4>b\n<6>c request=r\n<7>d\n");
}

static void
a_command_writes_its_name_and_the_message(void **state)
{
	(void)state;
	capture_start();
	pretend_journal(0);
	log_init("counterfoil", LOG_FORMAT_COMMAND, LOG_LEVEL_WARNING);
	log_info("not this");
	log_error("key.txt: is \"no\" key\n");
	assert_string_equal(capture_end(),
	    "counterfoil: key.txt: is \"no\" key\\x0a\n");
}

static void
a_redirected_standard_error_is_not_the_journal(void **state)
{
	(void)state;
	capture_start();
	pretend_journal(1);
	log_info("a");
	assert_string_equal(without_time(capture_end()), "info a\n");
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_init("unit", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
	capture_start();
	log_info("a");
	assert_string_equal(without_time(capture_end()), "info a\n");
}

static const char *
member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void
json_has_the_members_and_no_others(void **state)
{
	json_t *object;

	(void)state;
	log_init("unit", LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
	log_set_request("r-\"1\"");
	capture_start();
	log_warning("say \"hi\" \\ %s", "\n\xff");
	object = json_loads(capture_end(), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_int_equal(json_object_size(object), 5);
	assert_string_equal(member(object, "level"), "warning");
	assert_string_equal(member(object, "program"), "unit");
	assert_string_equal(member(object, "request"), "r-\"1\"");
	assert_string_equal(member(object, "message"),
	    "say \"hi\" \\ \\x0a\\xff");
	assert_int_equal(strlen(member(object, "time")), 20);
	json_decref(object);
	log_set_request(NULL);
	errno = EPERM;
	capture_start();
	log_errno("no");
	object = json_loads(capture_end(), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_int_equal(json_object_size(object), 4);
	assert_string_equal(member(object, "message"),
	    "no: Operation not permitted");
	json_decref(object);
}

/* Random bytes: one line each, all printable, and JSON where that is asked. */
static void
random_messages_never_break_a_line(enum log_format format)
{
	uint32_t seed = 88172645u;
	char message[300];

	log_init("unit", format, LOG_LEVEL_DEBUG);
	for (size_t i = 0; i < 2000; i++) {
		size_t size = i % sizeof(message);
		const char *line, *p;
		size_t step;

		for (size_t j = 0; j < size; j++) {
			seed = seed * 1664525u + 1013904223u;
			message[j] = (char)(seed >> 24 | 1);
		}
		capture_start();
		log_info("%.*s", (int)size, message);
		line = capture_end();
		for (p = line; *p != '\n'; p += step) {
			step = utf8_printable(p, strlen(p));
			assert_int_not_equal(step, 0);
		}
		assert_int_equal(p[1], '\0');
		if (format == LOG_FORMAT_JSON) {
			json_t *object = json_loads(line, 0, NULL);

			assert_non_null(object);
			json_decref(object);
		}
	}
}

static void
random_bytes_stay_on_one_printable_line(void **state)
{
	(void)state;
	random_messages_never_break_a_line(LOG_FORMAT_TEXT);
	random_messages_never_break_a_line(LOG_FORMAT_JSON);
}

/* A packet socket as standard error shows each write by itself. */
static void
log_one_write(const char *message, int cause, char *line, size_t capacity)
{
	int pair[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK,
	    0, pair), 0);
	assert_true(dup2(pair[1], STDERR_FILENO) >= 0);
	errno = cause;
	if (cause != 0)
		log_errno("%s", message);
	else
		log_info("%s", message);
	dup2(saved, STDERR_FILENO);
	n = recv(pair[0], line, capacity - 1, 0);
	assert_true(n > 0);
	line[n] = '\0';
	assert_int_equal(recv(pair[0], line + n, 1, 0), -1);
	close(saved);
	close(pair[0]);
	close(pair[1]);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length &&
	    strcmp(text + length - end_length, end) == 0;
}

static void
a_long_line_is_cut_and_keeps_cause_and_request(void **state)
{
	static char message[20000];
	char line[8192];

	(void)state;
	memset(message, 'm', sizeof(message) - 1);
	log_set_request("r-9");
	for (size_t size = 3000; size < sizeof(message); size += 211) {
		message[size] = '\0';
		log_one_write(message, EIO, line, sizeof(line));
		message[size] = 'm';
		assert_true(strlen(line) <= 4096);
		assert_true(ends_with(line,
		    ": Input/output error request=r-9\n"));
		if (size >= 4096)
			assert_non_null(strstr(line, "mmm...: Input/"));
	}
}

static void
a_long_json_line_is_cut_and_stays_json(void **state)
{
	static const char *const fillers[] = { "m", "\"", "\x01",
		"\xe2\x82\xac", "\xff" };
	static char message[20000];
	char line[8192];

	(void)state;
	log_init("unit", LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
	log_set_request("\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01");
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		size_t step = strlen(fillers[i]);
		json_t *object;

		memset(message, 0, sizeof(message));
		for (size_t at = 0; at + step < sizeof(message); at += step)
			memcpy(message + at, fillers[i], step);
		log_one_write(message, EIO, line, sizeof(line));
		assert_in_range(strlen(line), 3200, 4096);
		object = json_loads(line, 0, NULL);
		assert_non_null(object);
		assert_true(ends_with(member(object, "message"),
		    "...: Input/output error"));
		json_decref(object);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_has_time_level_and_message,
		    set_up),
		cmocka_unit_test_setup(
		    events_below_the_least_level_are_dropped, set_up),
		cmocka_unit_test_setup(errno_is_appended_and_left_as_it_was,
		    set_up),
		cmocka_unit_test_setup(
		    errno_survives_a_line_that_cannot_be_written, set_up),
		cmocka_unit_test_setup(
		    control_characters_and_bad_utf8_are_escaped, set_up),
		cmocka_unit_test_setup(
		    the_request_is_on_every_line_of_its_thread, set_up),
		cmocka_unit_test_setup(
		    the_request_of_one_thread_is_not_anothers, set_up),
		cmocka_unit_test_setup(
		    the_journal_gets_priorities_instead_of_time_and_level,
		    set_up),
		cmocka_unit_test_setup(
		    a_command_writes_its_name_and_the_message, set_up),
		cmocka_unit_test_setup(
		    a_redirected_standard_error_is_not_the_journal, set_up),
		cmocka_unit_test_setup(json_has_the_members_and_no_others,
		    set_up),
		cmocka_unit_test_setup(
		    random_bytes_stay_on_one_printable_line, set_up),
		cmocka_unit_test_setup(
		    a_long_line_is_cut_and_keeps_cause_and_request, set_up),
		cmocka_unit_test_setup(a_long_json_line_is_cut_and_stays_json,
		    set_up),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

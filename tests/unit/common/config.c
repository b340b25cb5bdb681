/* Configuration files: what is read, what is refused with its line, and that
 * the printed one reads back to the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/config.h"
#include "common/config_value.h"
#include "tests/unit/capture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct settings {
	char *title;
	char *note;
	char *state;
	char *listen;
	char *origin;
	bool keep_sealed;
	int64_t threads;
	int64_t balance;
	int64_t timeout_s;
	int64_t limit_bytes;
	int64_t optional_bytes;
	struct config_list origins;
	struct config_list words;
	int access_log;
};

#define FIELD(name) offsetof(struct settings, name)

static const struct config_key keys[] = {
	{ .name = "title", .kind = CONFIG_TEXT, .offset = FIELD(title),
	  .initial = "A shop", .help = "What buyers see as the name." },
	{ .name = "note", .kind = CONFIG_TEXT, .offset = FIELD(note),
	  .initial = "", .help = "Anything." },
	{ .name = "state", .kind = CONFIG_PATH, .offset = FIELD(state),
	  .initial = NULL, .help = "Where everything of record is kept, in a"
	  " folder of this daemon's own that nobody else can read, on a disk"
	  " that says the truth about fsync." },
	{ .name = "listen", .kind = CONFIG_ADDRESS, .offset = FIELD(listen),
	  .initial = "127.0.0.1:8080", .help = "Where to listen." },
	{ .name = "storage-origin", .kind = CONFIG_ORIGIN,
	  .offset = FIELD(origin), .initial = "https://media.example.com",
	  .help = "The public origin of the storage service." },
	{ .name = "keep-sealed", .kind = CONFIG_BOOLEAN,
	  .offset = FIELD(keep_sealed), .initial = "yes",
	  .help = "Keep the sealed files." },
	{ .name = "threads", .kind = CONFIG_NUMBER, .offset = FIELD(threads),
	  .initial = "2", .help = "Event threads.", .least = 1, .most = 64 },
	{ .name = "balance", .kind = CONFIG_NUMBER, .offset = FIELD(balance),
	  .initial = "-5", .help = "A signed one.", .least = -10,
	  .most = 10 },
	{ .name = "send-timeout", .kind = CONFIG_SECONDS,
	  .offset = FIELD(timeout_s), .initial = "30", .help = "A time.",
	  .least = 1, .most = 86400 },
	{ .name = "limit", .kind = CONFIG_SIZE, .offset = FIELD(limit_bytes),
	  .initial = "64KiB", .help = "A size." },
	{ .name = "optional-limit", .kind = CONFIG_SIZE,
	  .offset = FIELD(optional_bytes), .initial = "",
	  .help = "A size that may be left out.", .least = 10,
	  .most = 1000 },
	{ .name = "origins", .kind = CONFIG_LIST, .offset = FIELD(origins),
	  .initial = "http://a http://b:81", .help = "One to four origins.",
	  .least = 1, .most = 4, .words = CONFIG_ORIGIN },
	{ .name = "words", .kind = CONFIG_LIST, .offset = FIELD(words),
	  .initial = "", .help = "Any words." },
	{ .name = "access-log", .kind = CONFIG_CHOICE,
	  .offset = FIELD(access_log), .initial = "sampled",
	  .help = "How much to log.", .choices = "off|sampled|full" },
};

static char path[] = "/tmp/counterfoil-config-XXXXXX";

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	return close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void
write_bytes(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
load(const char *text, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	write_bytes(text, strlen(text));
	assert_int_equal(config_load(path, keys, COUNT(keys), settings),
	    ERR_OK);
}

static void
clear(struct settings *settings)
{
	static const struct settings empty;

	config_clear(keys, COUNT(keys), settings);
	assert_null(settings->title);
	assert_null(settings->origins.words);
	assert_int_equal(settings->threads, empty.threads);
	config_clear(keys, COUNT(keys), settings);
}

/* The lines logged for a file that is refused, until the next call. */
static const char *
refuse_bytes(const char *text, size_t size)
{
	struct settings settings = { 0 };
	enum err e;
	const char *lines;

	write_bytes(text, size);
	capture_start();
	e = config_load(path, keys, COUNT(keys), &settings);
	lines = capture_end();
	clear(&settings);
	assert_int_equal(e, ERR_CONFIG);
	return lines;
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* One of the lines is about this line of the file, and says this. */
static void
assert_said(const char *lines, unsigned line, const char *said)
{
	char start[sizeof(path) + 16];
	const char *at = lines;

	snprintf(start, sizeof(start), "error %s:%u: ", path, line);
	while ((at = strstr(at, start)) != NULL) {
		const char *end = strchr(at, '\n');

		if (memmem(at, (size_t)(end - at), said, strlen(said)) != NULL)
			return;
		at = end;
	}
	fail_msg("no \"%s%s\" in:\n%s", start, said, lines);
}

/* One fault, in line 2 of a file that is good otherwise. */
static void
assert_refused(const char *line, const char *said)
{
	char text[20000];
	const char *lines;

	snprintf(text, sizeof(text), "state = /s\n%s\n", line);
	lines = refuse_bytes(text, strlen(text));
	assert_int_equal(count_lines(lines), 1);
	assert_said(lines, 2, said);
}

/* --- what is read -------------------------------------------------------- */

static void
defaults_stand_for_what_is_not_given(void **state)
{
	struct settings s;

	(void)state;
	load("state=/srv", &s);
	assert_string_equal(s.title, "A shop");
	assert_null(s.note);
	assert_string_equal(s.state, "/srv");
	assert_string_equal(s.listen, "127.0.0.1:8080");
	assert_true(s.keep_sealed);
	assert_int_equal(s.threads, 2);
	assert_int_equal(s.balance, -5);
	assert_int_equal(s.timeout_s, 30);
	assert_int_equal(s.limit_bytes, 65536);
	assert_int_equal(s.optional_bytes, 0);
	assert_int_equal(s.origins.count, 2);
	assert_string_equal(s.origins.words[1], "http://b:81");
	assert_null(s.origins.words[2]);
	assert_int_equal(s.words.count, 0);
	assert_non_null(s.words.words);
	assert_null(s.words.words[0]);
	assert_int_equal(s.access_log, 1);
	clear(&s);
}

static void
a_file_sets_every_kind(void **state)
{
	struct settings s;

	(void)state;
	load("\xef\xbb\xbf# comment = [x]\r\n; another\n\n"
	    "title = Caf\xc3\xa9 ; \"not\" = a # comment \r\n"
	    "  note\t=\t= : [x] \n"
	    "state = /srv/a b;c\n"
	    "listen=[::1]:80\n"
	    "storage-origin=http://localhost:8081\n"
	    "keep-sealed=no\nthreads=064\nbalance = -10\n"
	    "send-timeout=2h\nlimit=5TiB\noptional-limit=10\n"
	    "origins =  https://x.example\thttp://[::1]:8080  \n"
	    "words = a,b c\naccess-log = full", &s);
	assert_string_equal(s.title, "Caf\xc3\xa9 ; \"not\" = a # comment");
	assert_string_equal(s.note, "= : [x]");
	assert_string_equal(s.state, "/srv/a b;c");
	assert_string_equal(s.listen, "[::1]:80");
	assert_string_equal(s.origin, "http://localhost:8081");
	assert_false(s.keep_sealed);
	assert_int_equal(s.threads, 64);
	assert_int_equal(s.balance, -10);
	assert_int_equal(s.timeout_s, 7200);
	assert_int_equal(s.limit_bytes, INT64_C(5) << 40);
	assert_int_equal(s.optional_bytes, 10);
	assert_int_equal(s.origins.count, 2);
	assert_string_equal(s.origins.words[1], "http://[::1]:8080");
	assert_int_equal(s.words.count, 2);
	assert_string_equal(s.words.words[0], "a,b");
	assert_int_equal(s.access_log, 2);
	clear(&s);
}

static void
an_optional_value_may_be_empty(void **state)
{
	struct settings s;

	(void)state;
	load("state = /s\nnote =\nwords = \noptional-limit=\n", &s);
	assert_null(s.note);
	assert_int_equal(s.words.count, 0);
	assert_int_equal(s.optional_bytes, 0);
	clear(&s);
	assert_refused("title =", "title: \"\" is not accepted; write a value");
	assert_refused("origins = ", "write a value");
	assert_refused("threads =", "write a value");
}

/* --- what is refused ----------------------------------------------------- */

static void
an_unknown_key_is_named_with_the_nearest_known_one(void **state)
{
	(void)state;
	assert_refused("lisen = a", "unknown key \"lisen\"; write listen,");
	assert_refused("storage_origin = a", "write storage-origin,");
	assert_refused("Limit = 1", "write limit,");
	assert_refused("xyzzy-plugh = 1",
	    "unknown key \"xyzzy-plugh\"; remove the line");
	assert_refused("a-name-that-is-longer-than-any-that-this-program-could"
	    "-ever-have-in-its-table = 1", "remove the line");
}

static void
a_repeated_key_is_refused_with_both_lines(void **state)
{
	const char *lines;
	static const char text[] = "threads = 3\nstate = /s\n\nthreads = 4\n";

	(void)state;
	lines = refuse_bytes(text, strlen(text));
	assert_int_equal(count_lines(lines), 1);
	assert_said(lines, 4, "threads was given in line 1 already");
}

static void
a_missing_key_is_named(void **state)
{
	const char *lines;

	(void)state;
	lines = refuse_bytes("title = x\n\n", 11);
	assert_int_equal(count_lines(lines), 1);
	assert_said(lines, 2, "state is missing; add a line \"state = ...\"");
	lines = refuse_bytes("", 0);
	assert_said(lines, 1, "state is missing");
}

static void
lines_that_are_no_setting_are_refused(void **state)
{
	(void)state;
	assert_refused("[section]", "sections are not used");
	assert_refused("  [section]", "sections are not used");
	assert_refused("title", "write KEY = VALUE");
	assert_refused("title: x", "write KEY = VALUE");
	assert_refused("title: x = y", "write KEY = VALUE");
	assert_refused("= x", "write KEY = VALUE");
	assert_refused(" continued", "write KEY = VALUE");
}

static void
a_line_that_is_indented_does_not_continue_the_last(void **state)
{
	struct settings s;

	(void)state;
	load("state = /s\n   title = y\n", &s);
	assert_string_equal(s.state, "/s");
	assert_string_equal(s.title, "y");
	clear(&s);
}

static void
nul_bytes_and_overlong_lines_are_refused(void **state)
{
	static const char nul[] = "state = /s\ntitle = a\0b\n";
	char line[9000];
	const char *lines;

	(void)state;
	lines = refuse_bytes(nul, sizeof(nul) - 1);
	assert_int_equal(count_lines(lines), 1);
	assert_said(lines, 2, "a NUL byte");
	memset(line, ' ', sizeof(line));
	memcpy(line, "title = ", 8);
	line[8190] = 'x';
	line[8193] = '\0';
	assert_refused(line, "a line of more than 8192 bytes");
	memset(line + 8, 'x', sizeof(line) - 8);
	line[8 + 4097] = '\0';
	assert_refused(line, "write less than 4096 bytes");
	/* A line after an overlong one counts as the next. */
	lines = refuse_bytes("nul\0\nstate = s\nfoo = 1", 22);
	assert_int_equal(count_lines(lines), 3);
	assert_said(lines, 1, "a NUL byte");
	assert_said(lines, 2, "write an absolute path");
	assert_said(lines, 3, "unknown key");
}

static void
all_faults_of_a_file_are_reported(void **state)
{
	static const char text[] = "titel = x\n[s]\nkeep-sealed = true\n"
	    "threads = 0\nthreads = 1\nlisten = nowhere\naccess-log = Full\n";
	const char *lines;

	(void)state;
	lines = refuse_bytes(text, strlen(text));
	assert_int_equal(count_lines(lines), 8);
	assert_said(lines, 1, "write title,");
	assert_said(lines, 2, "sections");
	assert_said(lines, 3, "write yes or no");
	assert_said(lines, 4, "write a value from 1 to 64");
	assert_said(lines, 5, "line 4 already");
	assert_said(lines, 6, "listen: \"nowhere\" is not accepted");
	assert_said(lines, 7, "write one of off|sampled|full");
	assert_said(lines, 7, "state is missing");
}

static void
a_file_that_cannot_be_read_is_an_input_error(void **state)
{
	struct settings s = { 0 };
	const char *lines;

	(void)state;
	capture_start();
	assert_int_equal(config_load("/nowhere/x", keys, COUNT(keys), &s),
	    ERR_IO);
	assert_int_equal(config_load("/tmp", keys, COUNT(keys), &s), ERR_IO);
	lines = capture_end();
	assert_non_null(strstr(lines, "/nowhere/x: the configuration cannot"
	    " be opened: No such file or directory\n"));
	assert_non_null(strstr(lines, "/tmp: cannot be read: Is a"));
	clear(&s);
}

struct value_case {
	const char *line;
	bool accepted;
};

static void
assert_values(const struct value_case *cases, size_t count, const char *said)
{
	struct settings s;
	char text[1000];

	for (size_t i = 0; i < count; i++) {
		if (!cases[i].accepted) {
			assert_refused(cases[i].line, said);
			continue;
		}
		snprintf(text, sizeof(text), "state = /s\n%s\n",
		    cases[i].line);
		load(text, &s);
		clear(&s);
	}
}

static void
numbers_are_whole_and_within_their_bounds(void **state)
{
	static const struct value_case cases[] = {
		{ "threads = 1", true }, { "threads = 64", true },
		{ "balance = 10", true }, { "threads = 65", false },
		{ "threads = 0", false }, { "threads = -1", false },
		{ "threads = +1", false }, { "threads = 1.5", false },
		{ "threads = 1e1", false }, { "threads = 0x10", false },
		{ "threads = 1 0", false }, { "threads = -", false },
		{ "threads = 1s", false }, { "balance = --1", false },
		{ "threads = 9223372036854775808", false },
		{ "threads = 99999999999999999999999999", false },
		{ "limit = -1", false }, { "limit = 0", true },
		{ "limit = 9223372036854775807", true },
		{ "limit = 8388607TiB", true }, { "limit = 8388608TiB", false },
		{ "limit = 9223372036854775808", false },
		{ "limit = 1KB", false }, { "limit = 1kib", false },
		{ "limit = 1 KiB", false }, { "limit = KiB", false },
		{ "limit = 1KiBx", false }, { "send-timeout = 1d", true },
		{ "send-timeout = 25h", false }, { "send-timeout = 0", false },
		{ "send-timeout = 90s", true }, { "send-timeout = 1m", true },
		{ "send-timeout = 1M", false },
		{ "send-timeout = 200000000000000000d", false },
		{ "optional-limit = 9", false },
		{ "optional-limit = 0", false },
	};

	(void)state;
	assert_values(cases, COUNT(cases), "is not accepted; write ");
}

static void
addresses_have_a_host_and_a_port_or_a_path(void **state)
{
	static const struct value_case cases[] = {
		{ "listen = localhost:1", true },
		{ "listen = 0.0.0.0:65535", true },
		{ "listen = [::]:80", true },
		{ "listen = [2001:DB8::1]:80", true },
		{ "listen = media-1.example.com:8443", true },
		{ "listen = unix:/run/x y.sock", true },
		{ "listen = 8080", false }, { "listen = :8080", false },
		{ "listen = localhost", false },
		{ "listen = localhost:", false },
		{ "listen = localhost:0", false },
		{ "listen = localhost:080", false },
		{ "listen = localhost:65536", false },
		{ "listen = localhost:+80", false },
		{ "listen = localhost:80 ", true },
		{ "listen = localhost:80x", false },
		{ "listen = localhost:80:80", false },
		{ "listen = ::1:80", false }, { "listen = [::1]", false },
		{ "listen = [::1]80", false }, { "listen = [::1:80", false },
		{ "listen = [127.0.0.1]:80", false },
		{ "listen = [::g]:80", false }, { "listen = []:80", false },
		{ "listen = 127.0.0.256:80", false },
		{ "listen = 127.0.1:80", false }, { "listen = 1:80", false },
		{ "listen = a..b:80", false }, { "listen = .a:80", false },
		{ "listen = a.:80", false }, { "listen = -a:80", false },
		{ "listen = a-.b:80", false }, { "listen = a b:80", false },
		{ "listen = a/b:80", false }, { "listen = unix:", false },
		{ "listen = unix:run", false },
		{ "listen = http://a:80", false },
	};

	(void)state;
	assert_values(cases, COUNT(cases), "listen: ");
}

static void
only_what_listens_may_be_a_socket_of_systemd(void **state)
{
	static const struct { const char *text; bool is_fine; } cases[] = {
		{ "systemd:stored.socket", true }, { "systemd:a", true },
		{ "127.0.0.1:80", true }, { "unix:/run/x", true },
		{ "systemd:", false }, { "systemd:a:b", false },
		{ "systemd:a b", false }, { "systemd", false },
		{ "systemd:\x7f", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(config_value_check(CONFIG_LISTEN,
		    cases[i].text) == NULL, cases[i].is_fine);
	assert_non_null(config_value_check(CONFIG_ADDRESS, "systemd:a"));
	assert_null(config_value_check(CONFIG_NETWORK, "10.0.0.0/8"));
	assert_non_null(config_value_check(CONFIG_NETWORK, "10.0.0.1/8"));
}

static void
a_socket_path_has_room_for_its_nul(void **state)
{
	char line[200] = "listen = unix:/";
	struct settings s;
	char text[300];

	(void)state;
	memset(line + 15, 'x', 106);
	snprintf(text, sizeof(text), "state = /s\n%s", line);
	load(text, &s);
	clear(&s);
	line[15 + 106] = 'x';
	assert_refused(line, "write a shorter path");
}

static void
origins_have_one_spelling(void **state)
{
	static const struct value_case cases[] = {
		{ "storage-origin = http://a", true },
		{ "storage-origin = https://a.example:8443", true },
		{ "storage-origin = http://127.0.0.1:8081", true },
		{ "storage-origin = http://[2001:db8::1]", true },
		{ "storage-origin = HTTP://a", false },
		{ "storage-origin = http://A", false },
		{ "storage-origin = http://[2001:DB8::1]", false },
		{ "storage-origin = http://a/", false },
		{ "storage-origin = http://a/b", false },
		{ "storage-origin = http://a?b", false },
		{ "storage-origin = http://a:", false },
		{ "storage-origin = http://a:0", false },
		{ "storage-origin = http://a:80/", false },
		{ "storage-origin = http://", false },
		{ "storage-origin = http://:80", false },
		{ "storage-origin = http://u@a", false },
		{ "storage-origin = http://a b", false },
		{ "storage-origin = ftp://a", false },
		{ "storage-origin = a", false },
		{ "storage-origin = //a", false },
		{ "origins = http://a http://b http://c http://d", true },
		{ "origins = http://a http://b http://c http://d http://e",
		  false },
		{ "origins = http://a b", false },
	};

	(void)state;
	assert_values(cases, COUNT(cases), "is not accepted; write ");
	assert_refused("origins = http://a ftp://b", "(word 2)");
}

static void
texts_are_utf8_without_control_characters(void **state)
{
	static const struct value_case cases[] = {
		{ "title = a\tb", false }, { "title = a\rb", false },
		{ "title = a\x1b[0m", false }, { "title = \xff", false },
		{ "title = \xc3", false }, { "title = \xc2\x85", false },
		{ "state = /a\x01", false }, { "state = a", false },
		{ "words = a b\x02 c", false },
		{ "title = \xf0\x9f\x8e\xb5", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[100];
		struct settings s;

		if (strncmp(cases[i].line, "state", 5) == 0) {
			const char *lines = refuse_bytes(cases[i].line,
			    strlen(cases[i].line));

			assert_said(lines, 1, "state: ");
		} else if (cases[i].accepted) {
			snprintf(text, sizeof(text), "state=/s\n%s",
			    cases[i].line);
			load(text, &s);
			clear(&s);
		} else {
			assert_refused(cases[i].line, "write UTF-8 without");
		}
	}
}

/* --- printing ------------------------------------------------------------ */

static void
print(const struct settings *s, char *text, size_t capacity)
{
	FILE *out = tmpfile();
	size_t size;

	assert_non_null(out);
	assert_int_equal(config_print(out, keys, COUNT(keys), s), ERR_OK);
	rewind(out);
	size = fread(text, 1, capacity - 1, out);
	text[size] = '\0';
	fclose(out);
}

static void
assert_same_list(const struct config_list *a, const struct config_list *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->words[i], b->words[i]);
	assert_null(b->words[b->count]);
}

static void
assert_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
assert_same(const struct settings *a, const struct settings *b)
{
	assert_same_text(a->title, b->title);
	assert_same_text(a->note, b->note);
	assert_same_text(a->state, b->state);
	assert_same_text(a->listen, b->listen);
	assert_same_text(a->origin, b->origin);
	assert_int_equal(a->keep_sealed, b->keep_sealed);
	assert_int_equal(a->threads, b->threads);
	assert_int_equal(a->balance, b->balance);
	assert_int_equal(a->timeout_s, b->timeout_s);
	assert_int_equal(a->limit_bytes, b->limit_bytes);
	assert_int_equal(a->optional_bytes, b->optional_bytes);
	assert_same_list(&a->origins, &b->origins);
	assert_same_list(&a->words, &b->words);
	assert_int_equal(a->access_log, b->access_log);
}

/* Load, print, load what was printed, compare, print again, compare. */
static void
assert_round_trip(const char *text)
{
	static char first[16384], second[16384];
	struct settings a, b;

	load(text, &a);
	print(&a, first, sizeof(first));
	load(first, &b);
	assert_same(&a, &b);
	print(&b, second, sizeof(second));
	assert_string_equal(first, second);
	clear(&a);
	clear(&b);
}

static void
what_is_printed_reads_back_to_the_same(void **state)
{
	static const char *const files[] = {
		"state = /s",
		"state = /\nnote = ; not a comment\ntitle = # nor this",
		"state = /a = b\nnote = = = [x] : y\ntitle=\"quoted\"",
		"state = / x;y#z\nnote = [section]\ntitle = \\n \\ '",
		"state = /\xc3\xa9\ntitle = \xef\xbb\xbf" "bom\nnote = a;b ;c",
		"state = /s\nlimit = 0\nsend-timeout = 86399\nbalance = 0",
		"state = /s\nlimit = 9223372036854775807\nbalance = -10",
		"state = /s\nlimit = 1536MiB\nsend-timeout = 1d\n"
		"optional-limit = 1000",
		"state = /s\nwords = ; # = : [x] \"\nlisten = unix:/a b;c",
		"state = /s\norigins = http://[::1]:1\naccess-log = off\n"
		"keep-sealed = no\nthreads = 64",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		assert_round_trip(files[i]);
}

static void
random_texts_read_back_to_the_same(void **state)
{
	static const char pieces[][5] = { " ", ";", "#", "=", ":", "[", "]",
		"\"", "'", "\\", "a", "Z", "%", "$", "\xc3\xa9",
		"\xf0\x9f\x8e\xb5", "\xc2\xa0", "\xe2\x80\xa8" };
	uint32_t seed = 521288629u;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		char text[400] = "state = /s\nnote = ";
		size_t used = strlen(text);

		for (size_t j = 0; j < i % 40; j++) {
			const char *piece;

			seed = seed * 1664525u + 1013904223u;
			piece = pieces[(seed >> 16) % COUNT(pieces)];
			memcpy(text + used, piece, strlen(piece) + 1);
			used += strlen(piece);
		}
		assert_round_trip(text);
	}
}

static void
the_longest_value_reads_back_to_the_same(void **state)
{
	char text[5000] = "state=/s\nnote=";
	size_t used = strlen(text);

	(void)state;
	memset(text + used, 'x', 4096);
	text[used + 4096] = '\0';
	assert_round_trip(text);
}

static void
each_key_is_printed_below_its_help(void **state)
{
	static char text[16384];
	struct settings s;
	size_t width = 0;

	(void)state;
	load("state = /s", &s);
	print(&s, text, sizeof(text));
	clear(&s);
	assert_memory_equal(text,
	    "# What buyers see as the name.\ntitle = A shop\n\n", 47);
	assert_non_null(strstr(text,
	    "# A size.\nlimit = 64KiB\n\n# A size that may be"));
	assert_non_null(strstr(text, "\nsend-timeout = 30s\n"));
	for (size_t i = 0; text[i] != '\0'; i++) {
		width = text[i] == '\n' ? 0 : width + 1;
		assert_true(width <= 78);
	}
}

static void
printing_to_a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct settings s;

	(void)state;
	assert_non_null(full);
	load("state = /s", &s);
	assert_int_equal(config_print(full, keys, COUNT(keys), &s), ERR_IO);
	fclose(full);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_stand_for_what_is_not_given),
		cmocka_unit_test(a_file_sets_every_kind),
		cmocka_unit_test(an_optional_value_may_be_empty),
		cmocka_unit_test(
		    an_unknown_key_is_named_with_the_nearest_known_one),
		cmocka_unit_test(a_repeated_key_is_refused_with_both_lines),
		cmocka_unit_test(a_missing_key_is_named),
		cmocka_unit_test(lines_that_are_no_setting_are_refused),
		cmocka_unit_test(
		    a_line_that_is_indented_does_not_continue_the_last),
		cmocka_unit_test(nul_bytes_and_overlong_lines_are_refused),
		cmocka_unit_test(all_faults_of_a_file_are_reported),
		cmocka_unit_test(a_file_that_cannot_be_read_is_an_input_error),
		cmocka_unit_test(numbers_are_whole_and_within_their_bounds),
		cmocka_unit_test(addresses_have_a_host_and_a_port_or_a_path),
		cmocka_unit_test(only_what_listens_may_be_a_socket_of_systemd),
		cmocka_unit_test(a_socket_path_has_room_for_its_nul),
		cmocka_unit_test(origins_have_one_spelling),
		cmocka_unit_test(texts_are_utf8_without_control_characters),
		cmocka_unit_test(what_is_printed_reads_back_to_the_same),
		cmocka_unit_test(random_texts_read_back_to_the_same),
		cmocka_unit_test(the_longest_value_reads_back_to_the_same),
		cmocka_unit_test(each_key_is_printed_below_its_help),
		cmocka_unit_test(printing_to_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests_name("config", tests, make_file,
	    remove_file);
}

/* Command line, signals, readiness and the lock of a daemon. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/process.h"
#include "tests/unit/capture.h"

static char folder[] = "/tmp/counterfoil-process-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/lock", folder);
	unlink(path);
	return rmdir(folder);
}

/* --- command line -------------------------------------------------------- */

/* What the child found, or the status and text with which it exited. */
struct outcome {
	int status;
	const char *text;
};

/* In a child: standard output and error go to the captured file. */
static void
parse_and_tell(char *argv[], int argc)
{
	bool is_deep = false;
	int64_t depth = 0;
	const struct process_extra extras[] = {
		{ "quick", "look quickly", &is_deep, NULL },
		{ "deep", "look NUMBER deep", &is_deep, &depth },
		{ NULL, NULL, NULL, NULL },
	};
	struct process_options options = { .extras = extras };
	struct sigaction action;

	dup2(STDERR_FILENO, STDOUT_FILENO);
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	umask(022);
	process_parse_options(argc, argv, "stored", "/etc/stored.conf",
	    &options);
	sigaction(SIGPIPE, NULL, &action);
	if (is_deep)
		printf("deep=%d ", (int)depth);
	printf("f=%s n=%d T=%d format=%d level=%d umask=%03o pipe=%d",
	    options.config_path, options.check_only, options.print,
	    (int)options.log_format, (int)options.log_level,
	    (unsigned)umask(0), action.sa_handler == SIG_IGN);
	fflush(stdout);
	_exit(99);
}

static struct outcome
parse(const char *a, const char *b, const char *c, const char *d)
{
	const char *argv[] = { "./stored", a, b, c, d, NULL };
	struct outcome outcome;
	int argc = 0, status;
	pid_t child;

	while (argv[argc] != NULL)
		argc++;
	fflush(stdout);
	capture_start();
	child = fork();
	if (child == 0)
		parse_and_tell((char **)argv, argc);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	outcome.text = capture_end();
	assert_true(WIFEXITED(status));
	outcome.status = WEXITSTATUS(status);
	return outcome;
}

static void
assert_parsed(struct outcome outcome, const char *expected)
{
	assert_string_equal(outcome.text, expected);
	assert_int_equal(outcome.status, 99);
}

static void assert_usage(struct outcome outcome, const char *expected);

static void
without_arguments_the_defaults_stand(void **state)
{
	(void)state;
	assert_parsed(parse(NULL, NULL, NULL, NULL),
	    "f=/etc/stored.conf n=0 T=0 format=0 level=2 umask=077 pipe=1");
}

static void
each_option_sets_its_field(void **state)
{
	(void)state;
	assert_parsed(parse("-f", "x.conf", "-n", NULL),
	    "f=x.conf n=1 T=0 format=0 level=2 umask=077 pipe=1");
	assert_parsed(parse("-Tfx", NULL, NULL, NULL),
	    "f=x n=0 T=1 format=0 level=2 umask=077 pipe=1");
	assert_parsed(parse("--log-format", "json", "--log-level=debug", "--"),
	    "f=/etc/stored.conf n=0 T=0 format=1 level=3 umask=077 pipe=1");
	assert_parsed(parse("--log-format=text", "--log-level", "error", NULL),
	    "f=/etc/stored.conf n=0 T=0 format=0 level=0 umask=077 pipe=1");
	assert_parsed(parse("--log-level=warning", NULL, NULL, NULL),
	    "f=/etc/stored.conf n=0 T=0 format=0 level=1 umask=077 pipe=1");
}

static void
options_of_one_program_are_taken_too(void **state)
{
	(void)state;
	assert_parsed(parse("--deep", "7", NULL, NULL), "deep=7 "
	    "f=/etc/stored.conf n=0 T=0 format=0 level=2 umask=077 pipe=1");
	assert_parsed(parse("--quick", NULL, NULL, NULL), "deep=0 "
	    "f=/etc/stored.conf n=0 T=0 format=0 level=2 umask=077 pipe=1");
	assert_usage(parse("--deep", NULL, NULL, NULL), "stored: a value is "
	    "missing after \"--deep\"; see: stored --help\n");
	assert_usage(parse("--deep=0", NULL, NULL, NULL), "stored: not a "
	    "number from 1 up: \"0\"; see: stored --help\n");
	assert_usage(parse("--deep", "5x", NULL, NULL), "stored: not a "
	    "number from 1 up: \"5x\"; see: stored --help\n");
	assert_usage(parse("--quick=1", NULL, NULL, NULL), "stored: unknown "
	    "option \"--quick=1\"; see: stored --help\n");
}

static void
help_lists_every_option_and_exits_with_0(void **state)
{
	static const char *const options[] = { "usage: stored ", "-f FILE",
	    "--quick", "--deep NUMBER",
		"/etc/stored.conf", "-n ", "-T ", "--log-format FORMAT",
		"--log-level LEVEL", "--help", "--version" };
	struct outcome outcome = parse("--help", NULL, NULL, NULL);

	(void)state;
	assert_int_equal(outcome.status, 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_non_null(strstr(outcome.text, options[i]));
	assert_int_equal(parse("-h", NULL, NULL, NULL).status, 0);
}

static void
version_is_one_line_and_exits_with_0(void **state)
{
	struct outcome outcome = parse("--version", NULL, NULL, NULL);

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.text,
	    "stored (Counterfoil) " COUNTERFOIL_VERSION "\n");
}

static void
assert_usage(struct outcome outcome, const char *expected)
{
	assert_string_equal(outcome.text, expected);
	assert_int_equal(outcome.status, 2);
}

static void
a_bad_argument_is_named_in_one_line(void **state)
{
	(void)state;
	assert_usage(parse("-x", NULL, NULL, NULL),
	    "stored: unknown option \"-x\"; see: stored --help\n");
	assert_usage(parse("-nxT", NULL, NULL, NULL),
	    "stored: unknown option \"-x\"; see: stored --help\n");
	assert_usage(parse("-n", "--nope", NULL, NULL),
	    "stored: unknown option \"--nope\"; see: stored --help\n");
	assert_usage(parse("--help=x", NULL, NULL, NULL),
	    "stored: unknown option \"--help=x\"; see: stored --help\n");
	assert_usage(parse("--log=json", NULL, NULL, NULL),
	    "stored: unknown option \"--log=json\"; see: stored --help\n");
	assert_usage(parse("-n", "-f", NULL, NULL),
	    "stored: a value is missing after \"-f\"; see: stored --help\n");
	assert_usage(parse("--log-level", NULL, NULL, NULL), "stored: a value"
	    " is missing after \"--log-level\"; see: stored --help\n");
	assert_usage(parse("--log-level", "loud", NULL, NULL),
	    "stored: no log level is called \"loud\"; see: stored --help\n");
	assert_usage(parse("--log-format", "", NULL, NULL),
	    "stored: no log format is called \"\"; see: stored --help\n");
	assert_usage(parse("-n", "start", "-T", NULL),
	    "stored: unexpected argument \"start\"; see: stored --help\n");
}

static void
help_that_cannot_be_written_is_a_failure(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		char *argv[] = { "stored", "--help", NULL };
		struct process_options options = { 0 };

		dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
		process_parse_options(2, argv, "stored", "x", &options);
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* --- signals ------------------------------------------------------------- */

static void
signals_wait_until_they_are_asked_for(void **state)
{
	(void)state;
	process_block_signals();
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(process_wait_signal(), PROCESS_RELOAD);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(process_wait_signal(), PROCESS_STOP);
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(process_wait_signal(), PROCESS_STOP);
}

/* --- readiness ----------------------------------------------------------- */

static void
assert_told(int fd, void (*tell)(void), const char *expected)
{
	char text[256];
	ssize_t n;

	tell();
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	text[n] = '\0';
	assert_memory_equal(text, expected, strlen(expected));
}

static void
systemd_is_told_where_it_listens(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify",
	    folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	assert_told(fd, process_notify_ready, "READY=1");
	assert_told(fd, process_notify_reloading,
	    "RELOADING=1\nMONOTONIC_USEC=");
	assert_told(fd, process_notify_ready, "READY=1");
	assert_told(fd, process_notify_stopping, "STOPPING=1");
	close(fd);
	unlink(address.sun_path);
	/* Nobody listens any more: said, and nothing worse. */
	capture_start();
	process_notify_ready();
	assert_non_null(strstr(capture_end(), "systemd cannot be told"));
	unsetenv("NOTIFY_SOCKET");
}

static void
without_systemd_nothing_is_said(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	capture_start();
	process_notify_ready();
	process_notify_reloading();
	process_notify_stopping();
	assert_string_equal(capture_end(), "");
}

/* --- lock ---------------------------------------------------------------- */

static int
open_folder(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* A child that takes the lock and holds it until its input ends. */
static pid_t
start_holder(int *input)
{
	int to_child[2], to_parent[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_parent), 0);
	child = fork();
	if (child == 0) {
		int fd = open_folder();

		close(to_child[1]);
		byte = (char)process_lock_folder(fd, folder);
		/* a second descriptor that closes frees nothing */
		close(openat(fd, "lock", O_RDONLY | O_CLOEXEC));
		if (write(to_parent[1], &byte, 1) != 1 ||
		    read(to_child[0], &byte, 1) != 0)
			_exit(1);
		_exit(0);
	}
	close(to_child[0]);
	close(to_parent[1]);
	assert_int_equal(read(to_parent[0], &byte, 1), 1);
	assert_int_equal(byte, ERR_OK);
	close(to_parent[0]);
	*input = to_child[1];
	return child;
}

static void
a_folder_belongs_to_one_process_until_it_ends(void **state)
{
	int fd = open_folder(), input, status;
	pid_t holder = start_holder(&input);
	char said[64];
	const char *line;
	enum err e;

	(void)state;
	snprintf(said, sizeof(said), "is in use by process %ld;",
	    (long)holder);
	for (int i = 0; i < 2; i++) {	/* asking does not free it */
		capture_start();
		e = process_lock_folder(fd, folder);
		line = capture_end();
		assert_int_equal(e, ERR_LOCKED);
		assert_non_null(strstr(line, folder));
		assert_non_null(strstr(line, said));
	}
	/* also not when it dies without a chance to give it back */
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	close(input);
	holder = start_holder(&input);
	close(input);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	close(fd);
}

/* In a child, so that the lock ends with it; returns its exit status. */
static int
lock_in_child(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		enum err e = process_lock_folder(open_folder(), folder);

		_exit((int)e);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
the_lock_file_is_private_and_holds_the_process_id(void **state)
{
	char text[32] = "", expected[32];
	struct stat st;
	int fd = open_folder(), file, input, status;
	pid_t holder;

	(void)state;
	(void)unlinkat(fd, "lock", 0);
	holder = start_holder(&input);
	assert_int_equal(fstatat(fd, "lock", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	file = openat(fd, "lock", O_RDWR | O_CLOEXEC);
	assert_true(read(file, text, sizeof(text) - 1) > 0);
	snprintf(expected, sizeof(expected), "%ld\n", (long)holder);
	assert_string_equal(text, expected);
	/* A file without a number gives a sentence without one. */
	assert_int_equal(ftruncate(file, 0), 0);
	capture_start();
	assert_int_equal(process_lock_folder(fd, folder), ERR_LOCKED);
	assert_non_null(strstr(capture_end(), "by another process;"));
	close(input);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	/* What an earlier, longer text left behind is gone. */
	assert_int_equal(pwrite(file, "123456789012\n", 13, 0), 13);
	assert_int_equal(lock_in_child(), ERR_OK);
	memset(text, 0, sizeof(text));
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 1);
	assert_null(strstr(text, "123456789012"));
	assert_string_equal(strchr(text, '\n'), "\n");
	close(file);
	close(fd);
}

static void
a_full_disk_does_not_keep_from_locking(void **state)
{
	struct rlimit limit, none;
	int status;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	status = lock_in_child();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(status, ERR_OK);
}

static void
a_link_in_the_place_of_the_lock_is_not_followed(void **state)
{
	int fd = open_folder();
	const char *line;
	enum err e;

	(void)state;
	(void)unlinkat(fd, "lock", 0);
	assert_int_equal(symlinkat("/tmp/counterfoil-nowhere", fd, "lock"), 0);
	capture_start();
	e = process_lock_folder(fd, folder);
	line = capture_end();
	assert_int_equal(e, ERR_IO);
	assert_non_null(strstr(line, "/lock: cannot be opened: "));
	assert_int_equal(unlinkat(fd, "lock", 0), 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_the_defaults_stand),
		cmocka_unit_test(each_option_sets_its_field),
		cmocka_unit_test(options_of_one_program_are_taken_too),
		cmocka_unit_test(help_lists_every_option_and_exits_with_0),
		cmocka_unit_test(version_is_one_line_and_exits_with_0),
		cmocka_unit_test(a_bad_argument_is_named_in_one_line),
		cmocka_unit_test(help_that_cannot_be_written_is_a_failure),
		cmocka_unit_test(signals_wait_until_they_are_asked_for),
		cmocka_unit_test(systemd_is_told_where_it_listens),
		cmocka_unit_test(without_systemd_nothing_is_said),
		cmocka_unit_test(
		    a_folder_belongs_to_one_process_until_it_ends),
		cmocka_unit_test(
		    the_lock_file_is_private_and_holds_the_process_id),
		cmocka_unit_test(a_full_disk_does_not_keep_from_locking),
		cmocka_unit_test(
		    a_link_in_the_place_of_the_lock_is_not_followed),
	};

	return cmocka_run_group_tests_name("process", tests, make_folder,
	    remove_folder);
}

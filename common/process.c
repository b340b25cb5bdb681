/* Command line, signals, readiness and the lock of a daemon. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/clock.h"
#include "common/process.h"

/* --- command line -------------------------------------------------------- */

#define EXIT_USAGE 2

/* Values of long options that have no letter. */
enum { OPTION_LOG_FORMAT = 256, OPTION_LOG_LEVEL, OPTION_EXTRA };

static const struct option process_long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "log-format", required_argument, NULL, OPTION_LOG_FORMAT },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
};

#define PROCESS_LONG_COUNT \
	(sizeof(process_long_options) / sizeof(process_long_options[0]))

static const char *const process_log_formats[LOG_FORMAT__COUNT + 1] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
};

static const char *const process_log_levels[LOG_LEVEL__COUNT + 1] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static void
process_print_extras(const struct process_extra *extra)
{
	for (; extra != NULL && extra->name != NULL; extra++)
		printf("  --%s%-*s%s\n", extra->name,
		    21 - (int)strlen(extra->name),
		    extra->number != NULL ? " NUMBER" : "", extra->help);
}

static void
process_print_help(const char *program, const char *default_config,
    const struct process_extra *extras)
{
	printf("usage: %s [-n | -T] [-f FILE] [--log-format FORMAT]"
	    " [--log-level LEVEL]\n\n"
	    "  -f FILE                read the configuration from FILE\n"
	    "                         (%s)\n"
	    "  -n                     check the configuration and exit\n"
	    "  -T                     print the effective configuration and"
	    " exit\n"
	    "  --log-format FORMAT    text or json (text)\n"
	    "  --log-level LEVEL      error, warning, info or debug (info)\n"
	    "  -h, --help             print this and exit\n"
	    "  -V, --version          print the version and exit\n",
	    program, default_config);
	process_print_extras(extras);
	printf("\nSIGHUP reloads what can change while running; SIGTERM and"
	    " SIGINT stop cleanly.\n");
}

/* Exit 0 only when what was asked for has reached standard output. */
static void __attribute__((noreturn))
process_exit_printed(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		exit(EXIT_FAILURE);
	exit(EXIT_SUCCESS);
}

static void __attribute__((noreturn))
process_refuse(const char *program, const char *what, const char *argument)
{
	fprintf(stderr, "%s: %s \"%s\"; see: %s --help\n", program, what,
	    argument, program);
	exit(EXIT_USAGE);
}

/* The index of word in the NULL-terminated words; exits when it is none. */
static unsigned
process_choose(const char *program, const char *const words[],
    const char *option, const char *word)
{
	for (unsigned i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	process_refuse(program, option, word);
}

/*
 * An option that getopt did not take. For a letter optopt names it, as the
 * letter may stand in the middle of an argument; -h and -V are taken always,
 * so that these two mean --help=x.
 */
static void __attribute__((noreturn))
process_refuse_option(const char *program, char *argv[], int result)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt > 0 && optopt < 256 && optopt != 'h' &&
	    optopt != 'V';

	process_refuse(program, result == ':' ? "a value is missing after" :
	    "unknown option", is_letter ? letter : argv[optind - 1]);
}

static void
process_take_extra(const char *program, const struct process_extra *extra)
{
	char *end;

	*extra->is_given = true;
	if (extra->number == NULL)
		return;
	errno = 0;
	*extra->number = strtoll(optarg, &end, 10);
	if (errno != 0 || *end != '\0' || *optarg < '0' || *optarg > '9' ||
	    *extra->number < 1)
		process_refuse(program, "not a number from 1 up:", optarg);
}

static void
process_take_option(int result, char *argv[], const char *program,
    const char *default_config, struct process_options *options)
{
	switch (result) {
	case 'f':
		options->config_path = optarg;
		break;
	case 'n':
		options->check_only = true;
		break;
	case 'T':
		options->print = true;
		break;
	case 'h':
		process_print_help(program, default_config, options->extras);
		process_exit_printed();
	case 'V':
		printf("%s (Counterfoil) %s\n", program, COUNTERFOIL_VERSION);
		process_exit_printed();
	case OPTION_LOG_FORMAT:
		options->log_format = (enum log_format)process_choose(program,
		    process_log_formats, "no log format is called", optarg);
		break;
	case OPTION_LOG_LEVEL:
		options->log_level = (enum log_level)process_choose(program,
		    process_log_levels, "no log level is called", optarg);
		break;
	default:	/* of an int: an extra's, '?' and ':' */
		if (result >= OPTION_EXTRA) {
			process_take_extra(program,
			    &options->extras[result - OPTION_EXTRA]);
			break;
		}
		process_refuse_option(program, argv, result);
	}
}

/* The options of all programs, those of this one, and the end. */
static void
process_add_extras(struct option *all, const struct process_extra *extras)
{
	size_t count = PROCESS_LONG_COUNT;

	memcpy(all, process_long_options, sizeof(process_long_options));
	for (int i = 0; extras != NULL && extras[i].name != NULL &&
	    i < PROCESS_EXTRAS_MAX; i++)
		all[count++] = (struct option){ extras[i].name,
		    extras[i].number != NULL ? required_argument : no_argument,
		    NULL, OPTION_EXTRA + i };
	all[count] = (struct option){ NULL, 0, NULL, 0 };
}

void
process_parse_options(int argc, char *argv[], const char *program,
    const char *default_config, struct process_options *options)
{
	struct option all[PROCESS_LONG_COUNT + PROCESS_EXTRAS_MAX + 1];
	int result;

	process_add_extras(all, options->extras);
	*options = (struct process_options){
		.extras = options->extras,
		.config_path = default_config,
		.log_format = LOG_FORMAT_TEXT,
		.log_level = LOG_LEVEL_INFO,
	};
	opterr = 0;
	while ((result = getopt_long(argc, argv, "+:f:nThV", all,
	    NULL)) != -1)
		process_take_option(result, argv, program, default_config,
		    options);
	if (optind < argc)
		process_refuse(program, "unexpected argument", argv[optind]);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

/* --- signals ------------------------------------------------------------- */

static sigset_t
process_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void
process_block_signals(void)
{
	sigset_t set = process_signals();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

enum process_signal
process_wait_signal(void)
{
	sigset_t set = process_signals();
	int number = 0;

	/* Fails only for a set that is no set. */
	if (sigwait(&set, &number) != 0)
		abort();
	return number == SIGHUP ? PROCESS_RELOAD : PROCESS_STOP;
}

/* --- readiness ----------------------------------------------------------- */

static void
process_notify(const char *state)
{
	int result = sd_notify(0, state);

	if (result < 0)
		log_warning("systemd cannot be told: %s", strerror(-result));
}

void
process_notify_ready(void)
{
	process_notify("READY=1");
}

/* With the time, which systemd wants from units of Type=notify-reload. */
void
process_notify_reloading(void)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_monotonic_ms() * 1000);
	process_notify(state);
}

void
process_notify_stopping(void)
{
	process_notify("STOPPING=1");
}

/* --- lock ---------------------------------------------------------------- */

static void
process_report_holder(int fd, const char *path)
{
	char text[32] = "";
	long holder;

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = '\0';
	holder = strtol(text, NULL, 10);
	if (holder > 0)
		log_error("%s: is in use by process %ld; stop that one first,"
		    " or configure another folder", path, holder);
	else
		log_error("%s: is in use by another process; stop that one"
		    " first, or configure another folder", path);
}

/*
 * The lock is what counts; the number in the file only serves the message
 * above, so that a full disk does not keep the daemon from starting.
 */
static void
process_write_holder(int fd, const char *path)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, text, (size_t)length, 0) != length)
		log_warning("%s/lock: the process id cannot be written: %s",
		    path, strerror(errno));
}

enum err
process_lock_folder(int folder, const char *path)
{
	/* A lock of the open file: not lost when another copy is closed. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(folder, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	enum err e = ERR_OK;

	if (fd < 0) {
		log_errno("%s/lock: cannot be opened", path);
		return ERR_IO;
	}
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		process_write_holder(fd, path);
		fd = -1;	/* stays open, and so held, until the end */
	} else if (errno == EAGAIN || errno == EACCES) {
		process_report_holder(fd, path);
		e = ERR_LOCKED;
	} else {
		log_errno("%s/lock: cannot be locked", path);
		e = ERR_IO;
	}
	if (fd >= 0)
		(void)close(fd);
	return e;
}

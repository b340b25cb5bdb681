/* The life of a daemon: command line, signals, readiness, one process for
 * each folder.
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/log.h"

/* An option of one program's own, beside those of all. */
struct process_extra {
	const char *name;	/* "scrub": --scrub; NULL ends a table */
	const char *help;
	bool *is_given;
	int64_t *number;	/* NULL: takes no value; else one from 1 up */
};

#define PROCESS_EXTRAS_MAX 8

/* What every daemon of the project takes on its command line. */
struct process_options {
	const struct process_extra *extras;	/* set before; NULL: none */
	const char *config_path;	/* -f FILE */
	bool check_only;		/* -n: check the configuration, exit */
	bool print;			/* -T: print the effective one, exit */
	enum log_format log_format;	/* --log-format text|json */
	enum log_level log_level;	/* --log-level LEVEL */
};

/*
 * Parse argv into options, where only extras is set before.  --help and
 * --version print and exit with 0; a bad argument prints one line that says
 * what to do, and exits with 2.  Also sets SIGPIPE ignored, and umask 077.
 */
void process_parse_options(int argc, char *argv[], const char *program,
    const char *default_config, struct process_options *options);

enum process_signal { PROCESS_STOP, PROCESS_RELOAD };

/*
 * Block SIGTERM, SIGINT and SIGHUP for this thread and those it starts:
 * call before the first thread.
 */
void process_block_signals(void);

/* Wait for one of them (SIGTERM, SIGINT: PROCESS_STOP; SIGHUP: RELOAD). */
enum process_signal process_wait_signal(void);

/* Tell systemd, where it asks to be told; else nothing. */
void process_notify_ready(void);
void process_notify_reloading(void);
void process_notify_stopping(void);

/*
 * Take the lock file "lock" in folder (a descriptor), held until the process
 * ends; path is for the message.  ERR_LOCKED, logged with a sentence that
 * names the folder and the process that holds it; ERR_IO.
 */
enum err process_lock_folder(int folder, const char *path);

#endif

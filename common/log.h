/* One event, one line, on standard error: for the journal, a terminal or a
 * log collector.  Never a token, key, password or code: callers log ids.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG, LOG_LEVEL__COUNT };

/*
 * TEXT: "TIME LEVEL message"; under systemd (standard error is the journal)
 * "<N>message" with the syslog priority instead of time and level.
 * JSON: {"time","level","program","request","message"} on one line; request
 * only where there is one.
 * COMMAND: "program: message", for people at a terminal.
 */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_COMMAND,
	LOG_FORMAT__COUNT };

/* Set once before threads start.  program is kept, not copied. */
void log_init(const char *program, enum log_format format,
    enum log_level least);

/*
 * The request that this thread works for until the next call; NULL: none.
 * The text is kept, not copied, and is added to each line as request=ID.
 */
void log_set_request(const char *request_id);

/*
 * Write one event.  The message is "what happened name=value name=value";
 * control characters, and bytes that are not UTF-8, are written as \xNN.
 * errno is unchanged afterwards.  log_errno() appends ": " and the text of
 * errno.  A line is one write() of at most 4 KiB; longer ones are
 * cut and end in "...".
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

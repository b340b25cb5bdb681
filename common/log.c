/* One event, one line, one write().  A line is put together on the stack,
 * so that logging neither allocates nor locks, and threads never mix lines.
 */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/log.h"

#define LOG_LINE_MAX 4096	/* PIPE_BUF: one write() stays in one piece */
#define LOG_REQUEST_MAX 64	/* bytes of the request id that are shown */
#define LOG_ERRNO_MAX 128	/* bytes of the text of errno */
#define LOG_TAIL_MAX 800	/* kept for these two, each byte escaped */

struct log_line {
	char text[LOG_LINE_MAX];
	size_t used;
	size_t limit;		/* used never passes it */
	bool is_json;
};

struct log_level_row {
	const char *name;
	int syslog;		/* priority of RFC 5424 */
};

static const struct log_level_row log_levels[LOG_LEVEL__COUNT] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static struct {
	const char *program;
	enum log_format format;
	enum log_level least;
	bool to_journal;
} log_settings = { .format = LOG_FORMAT_TEXT, .least = LOG_LEVEL_INFO };

static _Thread_local const char *log_request;

/*
 * systemd names the journal's socket in JOURNAL_STREAM as DEVICE:INODE; a
 * child whose standard error was redirected inherits the variable too.
 */
static bool
log_goes_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char expected[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(expected, sizeof(expected), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, expected) == 0;
}

void
log_init(const char *program, enum log_format format, enum log_level least)
{
	log_settings.program = program;
	log_settings.format = format;
	log_settings.least = least;
	log_settings.to_journal = log_goes_to_journal();
}

void
log_set_request(const char *request_id)
{
	log_request = request_id;
}

/* --- text that cannot break a line --------------------------------------- */

/* False when it does not fit; then nothing is added. */
static bool
log_put(struct log_line *line, const char *text, size_t size)
{
	if (size > line->limit - line->used)
		return false;
	memcpy(line->text + line->used, text, size);
	line->used += size;
	return true;
}

static void
log_put_text(struct log_line *line, const char *text)
{
	(void)log_put(line, text, strlen(text));
}

/* One character, or one byte that is none; returns how many were taken. */
static size_t
log_put_character(struct log_line *line, const char *s, size_t left)
{
	size_t length = utf8_printable(s, left);
	char escaped[8];

	if (length == 0) {
		snprintf(escaped, sizeof(escaped), "%s\\x%02x",
		    line->is_json ? "\\" : "", (unsigned char)s[0]);
		return log_put(line, escaped, strlen(escaped)) ? 1 : 0;
	}
	if (line->is_json && (s[0] == '"' || s[0] == '\\')) {
		escaped[0] = '\\';
		escaped[1] = s[0];
		return log_put(line, escaped, 2) ? 1 : 0;
	}
	return log_put(line, s, length) ? length : 0;
}

/* False when not all of it did fit. */
static bool
log_put_escaped(struct log_line *line, const char *text, size_t size)
{
	while (size > 0) {
		size_t taken = log_put_character(line, text, size);

		if (taken == 0)
			return false;
		text += taken;
		size -= taken;
	}
	return true;
}

/* --- lines --------------------------------------------------------------- */

struct log_message {
	char text[LOG_LINE_MAX];
	size_t size;
	bool is_cut;
};

static void __attribute__((format(printf, 2, 0)))
log_message_format(struct log_message *message, const char *format,
    va_list arguments)
{
	int n = vsnprintf(message->text, sizeof(message->text), format,
	    arguments);

	message->size = n < 0 ? 0 : (size_t)n;
	message->is_cut = message->size >= sizeof(message->text);
	if (message->is_cut)
		message->size = sizeof(message->text) - 1;
}

static void
log_put_message(struct log_line *line, const struct log_message *message,
    const char *cause)
{
	bool is_whole = log_put_escaped(line, message->text, message->size);

	line->limit = LOG_LINE_MAX - 1;		/* the tail was kept for this */
	if (!is_whole || message->is_cut)
		log_put_text(line, "...");
	if (cause != NULL) {
		log_put_text(line, ": ");
		(void)log_put_escaped(line, cause,
		    strnlen(cause, LOG_ERRNO_MAX));
	}
}

static void
log_put_request(struct log_line *line)
{
	(void)log_put_escaped(line, log_request,
	    strnlen(log_request, LOG_REQUEST_MAX));
}

static void
log_put_json(struct log_line *line, const char *level, const char *now,
    const struct log_message *message, const char *cause)
{
	log_put_text(line, "{\"time\":\"");
	log_put_text(line, now);
	log_put_text(line, "\",\"level\":\"");
	log_put_text(line, level);
	if (log_settings.program != NULL) {
		log_put_text(line, "\",\"program\":\"");
		(void)log_put_escaped(line, log_settings.program,
		    strlen(log_settings.program));
	}
	if (log_request != NULL) {
		log_put_text(line, "\",\"request\":\"");
		log_put_request(line);
	}
	log_put_text(line, "\",\"message\":\"");
	log_put_message(line, message, cause);
	log_put_text(line, "\"}");
}

static void
log_put_plain(struct log_line *line, const struct log_level_row *level,
    const char *now, const struct log_message *message, const char *cause)
{
	char priority[8];

	if (log_settings.format == LOG_FORMAT_COMMAND) {
		log_put_text(line, log_settings.program);
		log_put_text(line, ": ");
	} else if (log_settings.to_journal) {
		snprintf(priority, sizeof(priority), "<%d>", level->syslog);
		log_put_text(line, priority);
	} else {
		log_put_text(line, now);
		log_put_text(line, " ");
		log_put_text(line, level->name);
		log_put_text(line, " ");
	}
	log_put_message(line, message, cause);
	if (log_request != NULL) {
		log_put_text(line, " request=");
		log_put_request(line);
	}
}

/* A line that cannot be written has nowhere to be reported. */
static void
log_write(const struct log_line *line)
{
	ssize_t n;

	do
		n = write(STDERR_FILENO, line->text, line->used);
	while (n < 0 && errno == EINTR);
}

static void __attribute__((format(printf, 3, 0)))
log_event(enum log_level level, const char *cause, const char *format,
    va_list arguments)
{
	struct log_message message;
	struct log_line line;	/* 4 KiB, not cleared for each event */
	char now[CLOCK_TEXT_SIZE];

	log_message_format(&message, format, arguments);
	clock_text(now, clock_unix_s());
	line.used = 0;
	line.limit = LOG_LINE_MAX - LOG_TAIL_MAX;
	line.is_json = log_settings.format == LOG_FORMAT_JSON;
	if (line.is_json)
		log_put_json(&line, log_levels[level].name, now, &message,
		    cause);
	else
		log_put_plain(&line, &log_levels[level], now, &message,
		    cause);
	line.text[line.used++] = '\n';
	log_write(&line);
}

#define LOG_FUNCTION(name, level) \
	void \
	name(const char *format, ...) \
	{ \
		int saved = errno; \
		va_list arguments; \
		\
		if ((level) > log_settings.least) \
			return; \
		va_start(arguments, format); \
		log_event((level), NULL, format, arguments); \
		va_end(arguments); \
		errno = saved; \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void
log_errno(const char *format, ...)
{
	int saved = errno;
	char buffer[LOG_ERRNO_MAX];
	const char *cause = strerror_r(saved, buffer, sizeof(buffer));
	va_list arguments;

	va_start(arguments, format);
	log_event(LOG_LEVEL_ERROR, cause, format, arguments);
	va_end(arguments);
	errno = saved;
}

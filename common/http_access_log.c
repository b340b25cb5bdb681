/* The access log: one line for each request, or for one in N.  The path is
 * written up to the "?" and no further: tokens live in queries.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define PATH_MAX_LOGGED 512	/* bytes of the target, before escaping */
#define PATH_TEXT_SIZE (PATH_MAX_LOGGED * 4 + 1)
#define LINE_SIZE 4096

/* "off", "full" or a number */
static enum err
setting_parse(const char *setting, unsigned *one_in)
{
	unsigned long value;
	char *end;

	*one_in = 0;
	if (setting == NULL || strcmp(setting, "off") == 0)
		return ERR_OK;
	*one_in = 1;
	if (strcmp(setting, "full") == 0)
		return ERR_OK;
	errno = 0;
	value = strtoul(setting, &end, 10);
	if (setting[0] < '1' || setting[0] > '9' || *end != '\0' ||
	    errno != 0 || value > 1000000000) {
		log_error("access-log must be off, full or a number, for one "
		    "request in so many");
		return ERR_CONFIG;
	}
	*one_in = (unsigned)value;
	return ERR_OK;
}

static int
file_open(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY, 0640);

	if (descriptor < 0)
		log_errno("the access log cannot be opened path=%s", path);
	return descriptor;
}

enum err
http_access_log_open(struct http_access_log *log, const char *setting,
    const char *path)
{
	enum err e = setting_parse(setting, &log->one_in);

	atomic_store(&log->descriptor, -1);
	if (e != ERR_OK || log->one_in == 0 || path == NULL)
		return e;
	log->path = strdup(path);
	if (log->path == NULL)
		return ERR_NO_MEMORY;
	atomic_store(&log->descriptor, file_open(path));
	return atomic_load(&log->descriptor) >= 0 ? ERR_OK : ERR_IO;
}

void
http_access_log_close(struct http_access_log *log)
{
	int descriptor = atomic_exchange(&log->descriptor, -1);

	if (descriptor >= 0)
		close(descriptor);
	free(log->path);
	log->path = NULL;
}

/* Under the same number: no thread that writes notices. */
void
http_access_log_reopen(struct http_access_log *log)
{
	int fresh, descriptor = atomic_load(&log->descriptor);

	if (descriptor < 0)
		return;
	fresh = file_open(log->path);
	if (fresh < 0)
		return;
	if (dup3(fresh, descriptor, O_CLOEXEC) < 0)
		log_errno("the access log cannot be opened again path=%s",
		    log->path);
	close(fresh);
}

/*
 * How much of target is the path.  A target that is malformed, and refused
 * for it, may have its query behind something else than "?", in clear or
 * percent-encoded; what looks like the beginning of one ends the path.
 */
static size_t
path_length(const char *target)
{
	static const char *const encoded[] = { "%3F", "%26", "%3D" };
	size_t length = 0;

	for (;; length++) {
		length += strcspn(target + length, "?&=%");
		if (target[length] != '%')
			return length;
		for (size_t i = 0; i < 3; i++)
			if (strncasecmp(target + length, encoded[i], 3) == 0)
				return length;
	}
}

/* Visible ASCII but for quotes and backslashes; all else as \xNN. */
static void
path_text(char text[static PATH_TEXT_SIZE], const char *target)
{
	size_t length = path_length(target), used = 0;

	if (length > PATH_MAX_LOGGED)
		length = PATH_MAX_LOGGED;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)target[i];
		if (c > 0x20 && c < 0x7f && c != '"' && c != '\\')
			text[used++] = (char)c;
		else
			used += (size_t)snprintf(text + used, 5, "\\x%02x", c);
	}
	text[used] = '\0';
}

static bool
is_chosen(struct http_access_log *log)
{
	if (log->one_in <= 1)
		return log->one_in == 1;
	return atomic_fetch_add_explicit(&log->count, 1,
	    memory_order_relaxed) % log->one_in == 0;
}

/* A method is a token once the gate saw it; before that it is not ours. */
static const char *
method_text(const struct http_request *request)
{
	for (const char *p = request->method; *p != '\0'; p++)
		if (!http_is_token_character((unsigned char)*p))
			return "-";
	return request->method[0] != '\0' ? request->method : "-";
}

static uint64_t
body_bytes(const struct http_request *request)
{
	const struct http_answer *answer = &request->answer;

	if (strcmp(request->method, "HEAD") == 0 || answer->status == 204 ||
	    answer->status == 304)
		return 0;
	return answer->body_size + answer->length;
}

void
http_access_log_write(struct http_access_log *log,
    const struct http_request *request, bool aborted)
{
	int descriptor = atomic_load(&log->descriptor);
	char path[PATH_TEXT_SIZE], line[LINE_SIZE], now[CLOCK_TEXT_SIZE];
	char stamped[LINE_SIZE + 128];	/* one write: lines stay whole */
	int length;

	if (!is_chosen(log))
		return;
	path_text(path, request->target);
	length = snprintf(line, sizeof(line), "peer=%s method=%s path=\"%s\" "
	    "status=%d bytes=%" PRIu64 " duration_ms=%" PRId64 "%s%s",
	    http_request_peer(request), method_text(request), path,
	    request->answer.status, body_bytes(request),
	    clock_monotonic_ms() - request->started_ms,
	    aborted ? " aborted=yes" : "", request->notes);
	if (length < 0 || (size_t)length >= sizeof(line))
		return;
	if (descriptor < 0) {
		log_info("request %s", line);
		return;
	}
	clock_text(now, clock_unix_s());
	length = snprintf(stamped, sizeof(stamped), "time=%s request=%s %s\n",
	    now, request->id, line);
	if (write(descriptor, stamped, (size_t)length) != length)
		log_errno("the access log cannot be written");
}

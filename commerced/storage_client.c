/* Transfers by libcurl's multi interface: one thread moves them all, sleeps
 * while nothing moves, and is woken by anybody who has news.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commerced/storage_client.h"
#include "common/clock.h"
#include "common/secret.h"

#define STORAGE_CONNECT_S 10L
/*
 * Silence that ends a transfer.  Long, since the storage service syncs a large
 * file to its disk between the last byte and its answer.
 */
#define STORAGE_SILENCE_S 120L
#define STORAGE_UPLOAD_BUFFER (256L * 1024)
#define STORAGE_BODY_MAX ((size_t)4096)	/* of an answer that is told */
#define STORAGE_FIELD_SIZE 128
#define STORAGE_WAIT_MOST_MS INT64_C(3600000)

struct storage_client {
	CURLM *multi;
	struct curl_slist *connect_to;	/* "::HOST:PORT" */
	const char *socket_path;	/* unix:, or NULL */
	struct storage_transfer *transfers;
	char *answered;			/* the body of the last answer */
	atomic_bool is_woken;
};

struct storage_transfer {
	struct storage_client *client;
	struct storage_transfer *next;
	struct storage_transfer **previous;	/* what points to this one */
	void *context;
	CURL *easy;
	struct curl_slist *fields;
	int descriptor;			/* -1: no body */
	uint64_t from, offset, end;	/* of the file: what is sent */
	int read_errno;			/* of the file; 0: none */
	bool is_complete;		/* what the answer's fields say */
	int64_t upload_offset;
	size_t body_size, body_capacity;
	char *body;
	char error[CURL_ERROR_SIZE];
};

enum err
storage_client_global_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? ERR_OK :
	    ERR_INTERNAL;
}

void
storage_client_global_cleanup(void)
{
	curl_global_cleanup();
}

enum err
storage_client_new(const char *connect_to, struct storage_client **out)
{
	struct storage_client *client = calloc(1, sizeof(*client));
	enum err e = ERR_NO_MEMORY;
	char *rule = NULL;

	*out = NULL;
	if (client == NULL)
		goto out;
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		goto out;
	if (connect_to != NULL && strncmp(connect_to, "unix:", 5) == 0) {
		client->socket_path = connect_to + 5;
	} else if (connect_to != NULL && connect_to[0] != '\0') {
		if (asprintf(&rule, "::%s", connect_to) < 0)
			goto out;
		client->connect_to = curl_slist_append(NULL, rule);
		free(rule);
		if (client->connect_to == NULL)
			goto out;
	}
	*out = client;
	client = NULL;
	e = ERR_OK;
out:
	storage_client_free(client);
	return e;
}

static void
storage_transfer_free(struct storage_transfer *transfer)
{
	if (transfer->previous != NULL) {
		*transfer->previous = transfer->next;
		if (transfer->next != NULL)
			transfer->next->previous = transfer->previous;
	}
	if (transfer->easy != NULL) {
		(void)curl_multi_remove_handle(transfer->client->multi,
		    transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	for (struct curl_slist *f = transfer->fields; f != NULL; f = f->next)
		secret_wipe(f->data, strlen(f->data));
	curl_slist_free_all(transfer->fields);
	if (transfer->descriptor >= 0)
		(void)close(transfer->descriptor);
	free(transfer->body);
	free(transfer);
}

void
storage_client_free(struct storage_client *client)
{
	if (client == NULL)
		return;
	while (client->transfers != NULL)
		storage_transfer_free(client->transfers);
	free(client->answered);
	curl_slist_free_all(client->connect_to);
	if (client->multi != NULL)
		(void)curl_multi_cleanup(client->multi);
	free(client);
}

/* --- what libcurl calls --------------------------------------------------- */

static size_t
storage_read(char *buffer, size_t size, size_t count, void *context)
{
	struct storage_transfer *transfer = context;
	uint64_t left = transfer->end - transfer->offset;
	size_t room = size * count < left ? size * count : (size_t)left;
	ssize_t n;

	do {
		n = pread(transfer->descriptor, buffer, room,
		    (off_t)transfer->offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		transfer->read_errno = errno;
		return CURL_READFUNC_ABORT;
	}
	transfer->offset += (uint64_t)n;
	return (size_t)n;
}

/* libcurl sends again from the start when a kept connection turned out dead. */
static int
storage_seek(void *context, curl_off_t offset, int origin)
{
	struct storage_transfer *transfer = context;

	if (origin != SEEK_SET || offset < 0 ||
	    (uint64_t)offset > transfer->end - transfer->from)
		return CURL_SEEKFUNC_CANTSEEK;
	transfer->offset = transfer->from + (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t
storage_write(char *bytes, size_t size, size_t count, void *context)
{
	struct storage_transfer *transfer = context;
	size_t room = transfer->body_capacity - transfer->body_size;
	size_t taken = size * count < room ? size * count : room;

	memcpy(transfer->body + transfer->body_size, bytes, taken);
	transfer->body_size += taken;
	return size * count;
}

/* The value of a field line "NAME: VALUE CR LF" into text; false: another. */
static bool
storage_field_is(const char *line, size_t length, const char *name,
    char text[static STORAGE_FIELD_SIZE])
{
	size_t used = strlen(name);

	if (length <= used || strncasecmp(line, name, used) != 0 ||
	    line[used] != ':')
		return false;
	for (used++; used < length && line[used] == ' '; used++)
		;
	while (length > used && strchr("\r\n ", line[length - 1]) != NULL)
		length--;
	(void)snprintf(text, STORAGE_FIELD_SIZE, "%.*s", (int)(length - used),
	    line + used);
	return true;
}

static size_t
storage_header(char *line, size_t size, size_t count, void *context)
{
	struct storage_transfer *transfer = context;
	char text[STORAGE_FIELD_SIZE];
	long long offset;
	char *end;

	if (storage_field_is(line, size * count, "Upload-Offset", text)) {
		errno = 0;
		offset = strtoll(text, &end, 10);
		if (errno == 0 && end != text && *end == '\0' && offset >= 0)
			transfer->upload_offset = offset;
	} else if (storage_field_is(line, size * count, "Upload-Complete",
	    text)) {
		transfer->is_complete = strcmp(text, "?1") == 0;
	}
	return size * count;
}

/* --- beginning ------------------------------------------------------------ */

static bool
storage_transfer_set(struct storage_transfer *transfer, const char *url)
{
	struct storage_client *client = transfer->client;
	CURL *easy = transfer->easy;

	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
	    !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
	    !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
	    !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
	    !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
	    !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
	    !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
	    !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1) &&
	    !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
	    STORAGE_CONNECT_S) &&
	    !curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) &&
	    !curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
	    STORAGE_SILENCE_S) &&
	    !curl_easy_setopt(easy, CURLOPT_CONNECT_TO, client->connect_to) &&
	    !curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
	    client->socket_path) &&
	    !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->fields) &&
	    !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, storage_header) &&
	    !curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) &&
	    !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, storage_write) &&
	    !curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) &&
	    !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) &&
	    !curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

static bool
storage_transfer_set_body(struct storage_transfer *transfer)
{
	uint64_t size = transfer->end - transfer->from;
	CURL *easy = transfer->easy;

	return !curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) &&
	    !curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
	    STORAGE_UPLOAD_BUFFER) &&
	    !curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
	    (curl_off_t)size) &&
	    !curl_easy_setopt(easy, CURLOPT_READFUNCTION, storage_read) &&
	    !curl_easy_setopt(easy, CURLOPT_READDATA, transfer) &&
	    !curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, storage_seek) &&
	    !curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
}

static bool
storage_transfer_add_field(struct storage_transfer *transfer,
    const char *field)
{
	struct curl_slist *list = curl_slist_append(transfer->fields, field);

	if (list != NULL)
		transfer->fields = list;
	return list != NULL;
}

/* A transfer with its fields, in the client's list; NULL: out of memory. */
static struct storage_transfer *
storage_transfer_new(struct storage_client *client, const char *token,
    int descriptor, void *context)
{
	struct storage_transfer *transfer = calloc(1, sizeof(*transfer));
	char field[STORAGE_FIELD_SIZE];
	bool is_ready;

	if (transfer == NULL) {
		if (descriptor >= 0)
			(void)close(descriptor);
		return NULL;
	}
	transfer->client = client;
	transfer->context = context;
	transfer->descriptor = descriptor;
	transfer->upload_offset = -1;
	transfer->next = client->transfers;
	if (transfer->next != NULL)
		transfer->next->previous = &transfer->next;
	transfer->previous = &client->transfers;
	client->transfers = transfer;
	(void)snprintf(field, sizeof(field), "Authorization: Bearer %s", token);
	transfer->body_capacity = STORAGE_BODY_MAX;
	transfer->body = malloc(transfer->body_capacity);
	transfer->easy = curl_easy_init();
	is_ready = transfer->easy != NULL && transfer->body != NULL &&
	    storage_transfer_add_field(transfer, field) &&
	    storage_transfer_add_field(transfer,
	    "Content-Type: application/octet-stream") &&
	    storage_transfer_add_field(transfer, "User-Agent: commerced/"
	    COUNTERFOIL_VERSION);
	secret_wipe(field, sizeof(field));
	if (!is_ready) {
		storage_transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

static enum err
storage_transfer_start(struct storage_transfer *transfer, bool is_set)
{
	if (!is_set || curl_multi_add_handle(transfer->client->multi,
	    transfer->easy) != CURLM_OK) {
		storage_transfer_free(transfer);
		return ERR_INTERNAL;
	}
	return ERR_OK;
}

/* Where a part of the file belongs; nothing for the whole. */
static bool
storage_transfer_add_range(struct storage_transfer *transfer,
    const struct storage_body *body)
{
	char field[STORAGE_FIELD_SIZE];

	if (body->from == 0 && body->to == body->total)
		return true;
	(void)snprintf(field, sizeof(field), "Content-Range: bytes %" PRIu64
	    "-%" PRIu64 "/%" PRIu64, body->from, body->to - 1, body->total);
	return storage_transfer_add_field(transfer, field);
}

enum err
storage_client_put(struct storage_client *client, const char *url,
    const char *token, const struct storage_body *body, void *context)
{
	struct storage_transfer *transfer;

	(void)posix_fadvise(body->descriptor, (off_t)body->from,
	    (off_t)(body->to - body->from), POSIX_FADV_SEQUENTIAL);
	transfer = storage_transfer_new(client, token, body->descriptor,
	    context);
	if (transfer == NULL)
		return ERR_NO_MEMORY;
	transfer->from = transfer->offset = body->from;
	transfer->end = body->to;
	return storage_transfer_start(transfer,
	    storage_transfer_add_range(transfer, body) &&
	    storage_transfer_set(transfer, url) &&
	    storage_transfer_set_body(transfer));
}

enum err
storage_client_head(struct storage_client *client, const char *url,
    const char *token, void *context)
{
	struct storage_transfer *transfer;

	transfer = storage_transfer_new(client, token, -1, context);
	if (transfer == NULL)
		return ERR_NO_MEMORY;
	return storage_transfer_start(transfer,
	    storage_transfer_set(transfer, url) &&
	    !curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L));
}

/* Room for size bytes of an answer, problems included. */
static bool
storage_transfer_set_room(struct storage_transfer *transfer, size_t size)
{
	char *body;

	if (size <= transfer->body_capacity)
		return true;
	body = realloc(transfer->body, size);
	if (body == NULL)
		return false;
	transfer->body = body;
	transfer->body_capacity = size;
	return true;
}

enum err
storage_client_get(struct storage_client *client, const char *url,
    const char *token, const struct storage_range *range, void *context)
{
	char field[STORAGE_FIELD_SIZE];
	struct storage_transfer *transfer;

	transfer = storage_transfer_new(client, token, -1, context);
	if (transfer == NULL)
		return ERR_NO_MEMORY;
	(void)snprintf(field, sizeof(field), "Range: bytes=%" PRIu64 "-%"
	    PRIu64, range->from, range->from + range->size - 1);
	return storage_transfer_start(transfer,
	    storage_transfer_set_room(transfer, range->size > 0 ?
	    range->size : STORAGE_LIST_MAX) &&
	    (range->size == 0 ||
	    storage_transfer_add_field(transfer, field)) &&
	    storage_transfer_set(transfer, url));
}

enum err
storage_client_delete(struct storage_client *client, const char *url,
    const char *token, void *context)
{
	struct storage_transfer *transfer;

	transfer = storage_transfer_new(client, token, -1, context);
	if (transfer == NULL)
		return ERR_NO_MEMORY;
	return storage_transfer_start(transfer,
	    storage_transfer_set(transfer, url) &&
	    !curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST,
	    "DELETE"));
}

/* --- ending --------------------------------------------------------------- */

/* The slug and the detail of problem+json, when the body is that. */
static void
storage_answer_problem(struct storage_transfer *transfer,
    struct storage_answer *answer)
{
	static const char prefix[] = "urn:counterfoil:";
	json_t *problem = json_loadb(transfer->body, transfer->body_size, 0,
	    NULL);
	const char *type = json_string_value(json_object_get(problem, "type"));
	const char *detail = json_string_value(json_object_get(problem,
	    "detail"));

	if (type != NULL && strncmp(type, prefix, sizeof(prefix) - 1) == 0)
		(void)snprintf(answer->slug, sizeof(answer->slug), "%s",
		    type + sizeof(prefix) - 1);
	if (detail != NULL)
		(void)snprintf(answer->reason, sizeof(answer->reason), "%s",
		    detail);
	json_decref(problem);
}

static void
storage_answer_fill(struct storage_transfer *transfer, CURLcode code,
    struct storage_answer *answer)
{
	long status = 0;
	curl_off_t sent = 0;

	memset(answer, 0, sizeof(*answer));
	answer->context = transfer->context;
	answer->is_complete = transfer->is_complete;
	answer->upload_offset = transfer->upload_offset;
	if (curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent) ==
	    CURLE_OK && sent > 0)
		answer->sent = (uint64_t)sent;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
	    &status);
	if (transfer->read_errno != 0) {
		answer->result = ERR_IO;
		(void)snprintf(answer->reason, sizeof(answer->reason),
		    "cannot read the sealed file: %s",
		    strerrordesc_np(transfer->read_errno));
	} else if (code != CURLE_OK || status < 200) {
		answer->result = ERR_UNREACHABLE;
		(void)snprintf(answer->reason, sizeof(answer->reason), "%s",
		    transfer->error[0] != '\0' ? transfer->error :
		    curl_easy_strerror(code));
	} else {
		answer->result = ERR_OK;
		answer->status = (int)status;
		if (status >= 300)
			storage_answer_problem(transfer, answer);
	}
}

/* The next transfer that ended; false: none did. */
static bool
storage_client_take_answer(struct storage_client *client,
    struct storage_answer *answer)
{
	struct storage_transfer *transfer = NULL;
	CURLMsg *message;
	CURLcode code;
	int left;

	do {
		message = curl_multi_info_read(client->multi, &left);
	} while (message != NULL && message->msg != CURLMSG_DONE);
	if (message == NULL)
		return false;
	/* The message lives only until its handle is removed. */
	code = message->data.result;
	(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
	    (char **)&transfer);
	storage_answer_fill(transfer, code, answer);
	free(client->answered);
	answer->body = client->answered = transfer->body;
	answer->body_size = transfer->body_size;
	transfer->body = NULL;
	storage_transfer_free(transfer);
	return true;
}

bool
storage_client_wait(struct storage_client *client, int64_t timeout_ms,
    struct storage_answer *answer)
{
	int64_t now_ms = clock_monotonic_ms(), end_ms;
	int running, events;

	if (timeout_ms > STORAGE_WAIT_MOST_MS)
		timeout_ms = STORAGE_WAIT_MOST_MS;
	end_ms = now_ms + timeout_ms;
	for (;;) {
		(void)curl_multi_perform(client->multi, &running);
		if (storage_client_take_answer(client, answer))
			return true;
		if (atomic_exchange(&client->is_woken, false))
			return false;
		now_ms = clock_monotonic_ms();
		if (now_ms >= end_ms)
			return false;
		(void)curl_multi_poll(client->multi, NULL, 0,
		    (int)(end_ms - now_ms), &events);
	}
}

void
storage_client_wake(struct storage_client *client)
{
	/* In this order: the poll ends, and then the flag is there. */
	atomic_store(&client->is_woken, true);
	(void)curl_multi_wakeup(client->multi);
}

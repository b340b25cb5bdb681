/* Range requests over libcurl.
 *
 * Life of an answer: header lines arrive (a status line begins anew, as after
 * 100 Continue); at the first byte of the body the answer is judged once;
 * then either its bytes go on to the sink, or they gather as the text of a
 * problem (RFC 9457), or the transfer is broken off.
 */
#include "player/client.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/secret.h"

#define FIRST_BYTES (SEALED_HEADER_BYTES + SEALED_NONCE_BYTES)
#define PIECE_BYTES (8 * 1024 * 1024)
#define PROBLEM_MAX 8192
#define ETAG_MAX 256
#define TRANSFER_BUFFER (512 * 1024L)
#define CONNECT_TIMEOUT_S 30L
#define STALL_TIMEOUT_S 60L	/* without one byte */

enum verdict { VERDICT_NONE, VERDICT_CONTENT, VERDICT_PROBLEM, VERDICT_BAD };

/* One request and what has arrived of its answer. */
struct transfer {
	struct sealed_span span;	/* asked for */
	opener_sink *sink;
	void *sink_context;
	enum err failed;		/* of the sink, or our verdict */
	enum verdict verdict;
	bool has_range;			/* Content-Range of the answer: */
	uint64_t first, last, total;
	char etag[ETAG_MAX];
	uint64_t received;
	char problem[PROBLEM_MAX];
	size_t problem_size;
};

struct client {
	CURL *curl;
	struct curl_slist *fields;
	bool is_known;			/* the first answer was good: */
	uint64_t sealed_size;
	char etag[ETAG_MAX];
	uint8_t head[FIRST_BYTES];
	size_t head_size;
	char curl_error[CURL_ERROR_SIZE];
};

/* What the callbacks get. */
struct call {
	struct client *client;
	struct transfer *transfer;
};

/* --- header fields ------------------------------------------------------ */

/* The value of a field line by this name, without the line's end; or false. */
static bool
field_value(const char *line, size_t size, const char *name, char *value,
    size_t capacity)
{
	size_t length = strlen(name);

	if (size <= length || strncasecmp(line, name, length) != 0)
		return false;
	line += length;
	size -= length;
	while (size > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		size--;
	}
	while (size > 0 && strchr("\r\n \t", line[size - 1]) != NULL)
		size--;
	if (size >= capacity)
		return false;
	memcpy(value, line, size);
	value[size] = '\0';
	return true;
}

static bool
number(const char **at, uint64_t *out)
{
	size_t digits = strspn(*at, "0123456789");

	if (digits == 0 || digits > 18)
		return false;
	*out = strtoull(*at, NULL, 10);
	*at += digits;
	return true;
}

/* "bytes FIRST-LAST/TOTAL" */
static bool
content_range(const char *value, struct transfer *transfer)
{
	if (strncmp(value, "bytes ", 6) != 0)
		return false;
	value += 6;
	if (!number(&value, &transfer->first) || *value++ != '-' ||
	    !number(&value, &transfer->last) || *value++ != '/' ||
	    !number(&value, &transfer->total))
		return false;
	return *value == '\0';
}

static size_t
on_header(char *line, size_t one, size_t size, void *context)
{
	struct transfer *transfer = ((struct call *)context)->transfer;
	char value[ETAG_MAX];

	(void)one;
	if (size >= 5 && strncmp(line, "HTTP/", 5) == 0) {
		transfer->has_range = false;
		transfer->etag[0] = '\0';
	} else if (field_value(line, size, "Content-Range:", value,
	    sizeof(value))) {
		transfer->has_range = content_range(value, transfer);
	} else {
		(void)field_value(line, size, "ETag:", transfer->etag,
		    sizeof(transfer->etag));
	}
	return size;
}

/* --- the body ----------------------------------------------------------- */

/* The last byte that an honest answer to this request has. */
static uint64_t
expected_last(const struct transfer *transfer)
{
	uint64_t last = transfer->span.offset + transfer->span.size - 1;

	return last < transfer->total ? last : transfer->total - 1;
}

static bool
range_fits(const struct client *client, const struct transfer *transfer)
{
	return transfer->has_range && transfer->total > 0 &&
	    transfer->first == transfer->span.offset &&
	    transfer->last == expected_last(transfer) &&
	    (!client->is_known || transfer->total == client->sealed_size);
}

static enum verdict
judge(const struct client *client, struct transfer *transfer)
{
	long status = 0;

	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 206 && status / 100 != 2)
		return VERDICT_PROBLEM;
	transfer->failed = ERR_UNREACHABLE;
	if (status != 206) {
		log_error("the server does not answer range requests (status"
		    " %ld); fetch the file with curl and open it here",
		    status);
		return VERDICT_BAD;
	}
	if (client->is_known && strcmp(transfer->etag, client->etag) != 0) {
		log_error("the object changed while it was read; start"
		    " again");
		transfer->failed = ERR_PRECONDITION_FAILED;
		return VERDICT_BAD;
	}
	if (!range_fits(client, transfer)) {
		log_error("the server answered with another range than the"
		    " one asked for; something between here and the storage"
		    " host alters answers");
		return VERDICT_BAD;
	}
	transfer->failed = ERR_OK;
	return VERDICT_CONTENT;
}

static size_t
on_content(struct transfer *transfer, const char *bytes, size_t size)
{
	if (size > transfer->last + 1 - transfer->first - transfer->received) {
		log_error("the server's answer is longer than it says");
		transfer->failed = ERR_UNREACHABLE;
		return 0;
	}
	transfer->received += size;
	transfer->failed = transfer->sink(transfer->sink_context,
	    (const uint8_t *)bytes, size);
	return transfer->failed == ERR_OK ? size : 0;
}

static size_t
on_body(char *bytes, size_t one, size_t size, void *context)
{
	const struct call *call = context;
	struct transfer *transfer = call->transfer;
	size_t room = sizeof(transfer->problem) - transfer->problem_size;

	(void)one;
	if (transfer->verdict == VERDICT_NONE)
		transfer->verdict = judge(call->client, transfer);
	switch (transfer->verdict) {
	case VERDICT_CONTENT:
		return on_content(transfer, bytes, size);
	case VERDICT_PROBLEM:
		memcpy(transfer->problem + transfer->problem_size, bytes,
		    size < room ? size : room);
		transfer->problem_size += size < room ? size : room;
		return size;
	case VERDICT_NONE:
	case VERDICT_BAD:
		break;
	}
	return 0;
}

/* --- refusals ----------------------------------------------------------- */

struct advice {
	const char *type;
	const char *text;
};

static const struct advice advices[] = {
	{ "urn:counterfoil:token-expired", "ask the shop for fresh access to"
	    " the file, and use the new URL and token" },
	{ "urn:counterfoil:token-missing", "give the token with --token-file,"
	    " or the plain link that ends in &token=..." },
	{ "urn:counterfoil:token-refused", "use URL and token exactly as the"
	    " shop gave them, both of one purchase" },
	{ "urn:counterfoil:malformed-url", "use the URL exactly as the shop"
	    " gave it, in quotes" },
	{ "urn:counterfoil:object-not-found", "ask the shop for fresh access;"
	    " there may be a newer version" },
	{ "urn:counterfoil:busy", "try again in a minute" },
};

static const char *
problem_advice(const char *type)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].type, type) == 0)
			return advices[i].text;
	return "see the message, or ask the shop";
}

static const char *
problem_text(const json_t *problem, const char *member)
{
	const char *text = json_string_value(json_object_get(problem, member));

	return text == NULL ? "" : text;
}

/*
 * Is it no longer what the first answer was of?  That was asked for without a
 * condition.
 */
static bool
has_changed(const struct client *client, long status)
{
	return status == 412 && client->is_known;
}

/* One line: status, title, detail, type, and what to do. */
static void
report_problem(const struct client *client, const struct transfer *transfer,
    long status)
{
	json_t *problem = json_loadb(transfer->problem,
	    transfer->problem_size, 0, NULL);
	const char *type = problem_text(problem, "type");
	const char *title = problem_text(problem, "title");
	const char *detail = problem_text(problem, "detail");

	if (has_changed(client, status))
		log_error("the object changed while it was read; start"
		    " again");
	else if (status / 100 == 3)
		log_error("the server answered with a redirect (status %ld),"
		    " which is not followed; use the URL as the shop gave it",
		    status);
	else if (type[0] == '\0')
		log_error("the server refused with status %ld; use URL and"
		    " token exactly as the shop gave them", status);
	else
		log_error("the server refused: %s%s%s (status %ld, %s); %s",
		    title, detail[0] == '\0' ? "" : ": ", detail, status,
		    type, problem_advice(type));
	json_decref(problem);
}

/* Make an error of how the transfer ended. */
static enum err
transfer_outcome(const struct client *client, struct transfer *transfer,
    CURLcode code)
{
	long status = 0;

	if (transfer->failed != ERR_OK)
		return transfer->failed;
	if (code != CURLE_OK) {
		log_error("the server cannot be reached, or the connection"
		    " broke: %s", client->curl_error[0] != '\0' ?
		    client->curl_error : curl_easy_strerror(code));
		return ERR_UNREACHABLE;
	}
	if (transfer->verdict == VERDICT_NONE)	/* an answer without a body */
		transfer->verdict = judge(client, transfer);
	if (transfer->verdict == VERDICT_PROBLEM) {
		(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE,
		    &status);
		report_problem(client, transfer, status);
		return has_changed(client, status) ? ERR_PRECONDITION_FAILED :
		    ERR_UNREACHABLE;
	}
	if (transfer->failed == ERR_OK && transfer->received !=
	    transfer->last + 1 - transfer->first) {
		log_error("the server's answer ended too early; try again");
		return ERR_UNREACHABLE;
	}
	return transfer->failed;
}

/* --- requests ----------------------------------------------------------- */

static enum err
client_request(struct client *client, struct transfer *transfer)
{
	struct call call = { client, transfer };
	char range[64];

	(void)snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64,
	    transfer->span.offset,
	    transfer->span.offset + transfer->span.size - 1);
	client->curl_error[0] = '\0';
	if (curl_easy_setopt(client->curl, CURLOPT_RANGE, range) != CURLE_OK ||
	    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER,
	    client->fields) != CURLE_OK)
		return ERR_NO_MEMORY;
	(void)curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &call);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &call);
	return transfer_outcome(client, transfer,
	    curl_easy_perform(client->curl));
}

static enum err
keep_head(void *context, const uint8_t *bytes, size_t size)
{
	struct client *client = context;

	if (size > sizeof(client->head) - client->head_size)
		return ERR_UNREACHABLE;
	memcpy(client->head + client->head_size, bytes, size);
	client->head_size += size;
	return ERR_OK;
}

static bool
client_add_field(struct client *client, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 1;
	char *line = malloc(size);
	struct curl_slist *longer = NULL;

	if (line != NULL) {
		(void)snprintf(line, size, "%s%s", name, value);
		longer = curl_slist_append(client->fields, line);
		secret_free(line, size);
	}
	if (longer != NULL)
		client->fields = longer;
	return longer != NULL;
}

/* Learn size and ETag from the first bytes; later requests are bound to it. */
static enum err
client_begin(struct client *client)
{
	struct transfer transfer = { .span = { 0, FIRST_BYTES },
		.sink = keep_head, .sink_context = client };
	enum err e = client_request(client, &transfer);

	if (e != ERR_OK)
		return e;
	client->is_known = true;
	client->sealed_size = transfer.total;
	memcpy(client->etag, transfer.etag, sizeof(client->etag));
	/* If-Match takes strong ones only; others are compared by judge(). */
	if (client->etag[0] == '"' &&
	    !client_add_field(client, "If-Match: ", client->etag))
		return ERR_NO_MEMORY;
	return ERR_OK;
}

/* Options that hold for every request; false when the library refuses one. */
static bool
client_configure(struct client *client, const char *url)
{
	CURL *curl = client->curl;

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USERAGENT,
	    "counterfoil/" COUNTERFOIL_VERSION) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, TRANSFER_BUFFER) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	    CONNECT_TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S) ==
	    CURLE_OK;
}

enum err
client_open(const char *url, const char *token, struct client **out)
{
	struct client *client = calloc(1, sizeof(*client));
	enum err e = ERR_NO_MEMORY;

	*out = NULL;
	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		goto out;
	client->curl = curl_easy_init();
	if (client->curl == NULL || !client_configure(client, url))
		goto out;
	if (token != NULL && !client_add_field(client,
	    "Authorization: Bearer ", token))
		goto out;
	e = client_begin(client);
	if (e != ERR_OK)
		goto out;
	*out = client;
	client = NULL;
out:
	client_close(client);
	return e;
}

uint64_t
client_sealed_size(const struct client *client)
{
	return client->sealed_size;
}

/* What of the span came with the first answer; *span shrinks by it. */
static enum err
client_give_head(const struct client *client, struct sealed_span *span,
    opener_sink *sink, void *sink_context)
{
	size_t size;
	enum err e;

	if (span->offset >= client->head_size)
		return ERR_OK;
	size = client->head_size - (size_t)span->offset;
	if (size > span->size)
		size = (size_t)span->size;
	e = sink(sink_context, client->head + span->offset, size);
	span->offset += size;
	span->size -= size;
	return e;
}

enum err
client_fetch(void *context, const struct sealed_span *span,
    opener_sink *sink, void *sink_context)
{
	struct client *client = context;
	struct sealed_span left = *span;
	enum err e = client_give_head(client, &left, sink, sink_context);

	while (e == ERR_OK && left.size > 0) {
		struct transfer transfer = { .span = left, .sink = sink,
			.sink_context = sink_context };

		if (transfer.span.size > PIECE_BYTES)
			transfer.span.size = PIECE_BYTES;
		e = client_request(client, &transfer);
		left.offset += transfer.span.size;
		left.size -= transfer.span.size;
	}
	return e;
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	for (struct curl_slist *f = client->fields; f != NULL; f = f->next)
		secret_wipe(f->data, strlen(f->data));
	curl_slist_free_all(client->fields);
	free(client);
}

/* GET and HEAD of /media/OBJECT: preconditions and Range as RFC 9110 has
 * them, then the kernel sends the file.  Of a whole object the answer is ready
 * mostly (media.h); a part is made anew from the file that is open.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/clock.h"
#include "common/condition.h"
#include "common/encoding.h"
#include "common/range.h"
#include "stored/stored.h"

#define DIGEST_BYTES 32
/* A file name is there once as it is and once with three for each byte. */
#define FIELDS_SIZE (4 * FILE_NAME_MAX + 1024)

/* --- fields -------------------------------------------------------------- */

static bool
is_fallback_character(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ' ' ||
	    c == '-';
}

/* One "_" for each character that is not plain; name is valid UTF-8. */
static char *
write_fallback(char *text, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		if ((c & 0xc0) == 0x80)
			continue;	/* goes on with a character */
		*text++ = is_fallback_character(c) ? (char)c : '_';
	}
	return text;
}

/* What RFC 3986 calls unreserved; all of it may stand in an ext-value. */
static bool
is_unreserved(unsigned char c)
{
	return (is_fallback_character(c) && c != ' ') || c == '~';
}

static char *
write_percent_encoded(char *text, const char *name)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		if (is_unreserved(c)) {
			*text++ = (char)c;
			continue;
		}
		*text++ = '%';
		*text++ = digits[c >> 4];
		*text++ = digits[c & 15];
	}
	return text;
}

static char *
write_disposition(char *at, const char *name)
{
	at = stpcpy(at, "Content-Disposition: attachment; filename=\"");
	at = write_fallback(at, name);
	at = stpcpy(at, "\"; filename*=UTF-8''");
	at = write_percent_encoded(at, name);
	return stpcpy(at, "\r\n");
}

/* The object id is the digest of the whole, in another alphabet. */
static char *
write_digest(char *at, const char *object)
{
	uint8_t digest[DIGEST_BYTES];

	if (hex_decode(digest, sizeof(digest), object, OBJECT_ID_LENGTH) !=
	    ERR_OK)
		return at;
	at = stpcpy(at, "Repr-Digest: sha-256=:");
	at += EVP_EncodeBlock((unsigned char *)at, digest, sizeof(digest));
	return stpcpy(at, ":\r\n");
}

/* How many bytes they are. */
static size_t
write_fields(char text[static FIELDS_SIZE], const struct token_target *target)
{
	char *at = stpcpy(text, "ETag: \"");

	at = stpcpy(stpcpy(at, target->object), "\"\r\n"
	    "Accept-Ranges: bytes\r\n");
	at = write_digest(at, target->object);
	at = stpcpy(at, "Content-Type: application/octet-stream\r\n"
	    "Cache-Control: private, max-age=3600, no-transform\r\n");
	if (target->name[0] != '\0')
		at = write_disposition(at, target->name);
	at = stpcpy(at, "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Resource-Policy: cross-origin\r\n");
	return (size_t)(at - text);
}

/* --- answers ------------------------------------------------------------- */

static bool
is_head(const struct http_request *request)
{
	return strcmp(http_request_method(request), "HEAD") == 0;
}

/* The ready answer, made where there is none. */
static enum err
find_reply(struct http_request *request, struct media *media,
    const struct http_cached_reply **out)
{
	const struct token_target *target = stored_target(request);
	struct http_cached_reply *fresh;
	char fields[FIELDS_SIZE];
	struct http_cached_parts parts = { .fields = fields };
	enum err e;

	*out = media_reply(media, target->name);
	if (*out != NULL)
		return ERR_OK;
	parts.fields_size = write_fields(fields, target);
	parts.descriptor = media_descriptor(media);
	parts.length = media_size(media);
	e = http_cached_reply_new(request, &parts, &fresh);
	if (e == ERR_OK)
		e = media_keep_reply(media, target->name, fresh);
	if (e == ERR_OK)
		*out = fresh;
	return e;
}

/* The fields of the ready answer, and the bytes from the file. */
static void
answer_part(struct stored *stored, struct http_request *request,
    struct media *media, const struct range *range)
{
	const struct http_cached_reply *reply;
	enum err e = find_reply(request, media, &reply);

	if (e != ERR_OK) {
		stored_refuse(stored, request, e, NULL);
		return;
	}
	metrics_add(stored->metrics, METRIC_DOWNLOADS, 1);
	metrics_add(stored->metrics, METRIC_DOWNLOAD_BYTES, range->length);
	http_reply_field(request, "Content-Range", "bytes %" PRIu64 "-%" PRIu64
	    "/%" PRIu64, range->offset, range->offset + range->length - 1,
	    media_size(media));
	http_reply_cached_part(request, 206, reply, media_descriptor(media),
	    range->offset, range->length);
}

/* 200 with the object, or 304 with its fields alone. */
static void
answer_whole(struct stored *stored, struct http_request *request,
    struct media *media, int status)
{
	const struct http_cached_reply *reply;
	enum err e = find_reply(request, media, &reply);

	if (e == ERR_OK)
		http_reply_cached(request, status, reply,
		    media_descriptor(media));
	else
		stored_refuse(stored, request, e, NULL);
}

static void
answer_unsatisfiable(struct stored *stored, struct http_request *request,
    const struct media *media)
{
	http_reply_field(request, "Content-Range", "bytes */%" PRIu64,
	    media_size(media));
	stored_refuse(stored, request, ERR_RANGE_NOT_SATISFIABLE,
	    "Content-Range says how large the object is.");
}

/* --- what was asked for -------------------------------------------------- */

/* Range, where it counts: only for GET, and only for the object of If-Range. */
static enum range_verdict
select_range(const struct http_request *request, const struct media *media,
    struct range *range)
{
	const char *field = http_request_field(request, "Range");
	const char *if_range;

	if (field == NULL || is_head(request))
		return RANGE_WHOLE;
	if_range = http_request_field(request, "If-Range");
	if (if_range != NULL &&
	    !condition_is_tag(if_range, stored_target(request)->object))
		return RANGE_WHOLE;
	return range_select(field, media_size(media), range);
}

/*
 * RFC 9110, section 13.2.2, without the steps that compare dates: an object
 * never changes, and no answer carries Last-Modified.  ERR_OK: go on.
 * True in *is_unchanged: 304.
 */
static enum err
check_conditions(const struct http_request *request, bool *is_unchanged)
{
	const char *object = stored_target(request)->object;
	const char *field = http_request_field_list(request, "If-Match");

	*is_unchanged = false;
	if (field != NULL && !condition_list_has(field, object,
	    CONDITION_STRONG))
		return ERR_PRECONDITION_FAILED;
	field = http_request_field_list(request, "If-None-Match");
	*is_unchanged = field != NULL && condition_list_has(field, object,
	    CONDITION_WEAK);
	return ERR_OK;
}

static void
answer(struct stored *stored, struct http_request *request,
    struct media *media)
{
	struct range range;

	switch (select_range(request, media, &range)) {
	case RANGE_WHOLE:
		metrics_add(stored->metrics, METRIC_DOWNLOADS, 1);
		if (!is_head(request))
			metrics_add(stored->metrics, METRIC_DOWNLOAD_BYTES,
			    media_size(media));
		answer_whole(stored, request, media, 200);
		break;
	case RANGE_PART:
		answer_part(stored, request, media, &range);
		break;
	case RANGE_UNSATISFIABLE:
		answer_unsatisfiable(stored, request, media);
		break;
	}
}

void
download_handle(struct http_request *request, void *application)
{
	struct stored *stored = application;
	const struct object_key key = stored_object_key(request);
	struct media *media;
	bool is_unchanged;
	enum err e = media_get(stored->media, &key, clock_unix_s(), &media);

	if (e == ERR_OK) {
		http_request_set_state(request, media, media_release);
		e = check_conditions(request, &is_unchanged);
	}
	if (e != ERR_OK)
		stored_refuse(stored, request, e, NULL);
	else if (is_unchanged)
		answer_whole(stored, request, media, 304);
	else
		answer(stored, request, media);
}

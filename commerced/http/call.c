/* What the handlers share. */
#include <stdio.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/shape.h"
#include "commerced/shop/purchase.h"
#include "common/clock.h"
#include "common/hmac.h"

/* --- waiting -------------------------------------------------------------- */

static void
call_done(struct shop_job *job)
{
	http_request_resume(((struct call *)job)->request);
}

void
call_continue(struct call *call)
{
	enum err e;

	if (call->job.done == NULL)
		call->job.done = call_done;
	e = shop_submit(call->service->shop, &call->job);
	if (e != ERR_OK) {
		call->job.result = e;
		http_request_resume(call->request);
	}
}

void
call_submit(struct call *call, struct service *service,
    struct http_request *request, http_handler *then)
{
	call->service = service;
	call->request = request;
	http_request_suspend(request, then);
	call_continue(call);
}

/* --- refusals ------------------------------------------------------------- */

/* What to do about it; NULL where the title says enough. */
static const char *
call_advice(enum err e)
{
	if (e == ERR_OUTCOME_UNKNOWN)
		return "Repeat the request with the same Idempotency-Key; "
		    "without one, look whether it was done.";
	if (e == ERR_SESSION_MISSING)
		return "Send Authorization: Bearer with the session token, or "
		    "the session cookie.";
	if (e == ERR_BUSY || e == ERR_NO_MEMORY)
		return "Repeat the request after the time in Retry-After.";
	if (e == ERR_STORAGE_FULL)
		return "The disk of this server is full; nothing was kept.";
	if (e == ERR_MALFORMED_CURSOR)
		return "Use the value of next as it was given, with the same "
		    "parameters, or start without a cursor.";
	return NULL;
}

void
call_reply_error(struct http_request *request, enum err e)
{
	const char *advice = call_advice(e);

	if (advice == NULL)
		http_reply_error(request, e, NULL);
	else
		http_reply_error(request, e, "%s", advice);
}

void
call_reply_fault(struct http_request *request, enum err e,
    const struct member_fault *fault)
{
	if (fault->detail[0] == '\0')
		call_reply_error(request, e);
	else if (fault->member[0] == '\0')
		http_reply_error(request, e, "%s", fault->detail);
	else
		http_reply_error_member(request, e, fault->member, "%s: %s",
		    fault->member, fault->detail);
}

/* --- parsing -------------------------------------------------------------- */

bool
call_parse(struct http_request *request, const struct service *service,
    const struct member *table, size_t count, void *out)
{
	const struct member_source source = { table, count,
	    service->settings->currency };
	struct member_fault fault;
	enum err e;

	e = member_parse(http_request_json(request), &source, out, NULL,
	    &fault);
	if (e != ERR_OK)
		call_reply_fault(request, e, &fault);
	return e == ERR_OK;
}

bool
call_parse_query(struct http_request *request, const struct member *table,
    size_t count, void *out, json_t **object)
{
	const struct member_source source = { table, count, "" };
	struct member_fault fault;
	enum err e;

	e = member_parse_query(http_request_query(request), &source, out,
	    object, &fault);
	if (e != ERR_OK)
		call_reply_fault(request, e, &fault);
	return e == ERR_OK;
}

bool
call_path_id(struct http_request *request, const char *name,
    struct uuid *id)
{
	const char *text = http_request_parameter(request, name);

	if (text != NULL && uuid_parse(id, text) == ERR_OK)
		return true;
	call_reply_error(request, ERR_NOT_FOUND);
	return false;
}

void
call_forbid_caching(struct http_request *request)
{
	http_reply_field(request, "Cache-Control", "private, no-store");
}

enum err
call_request_hash(struct http_request *request,
    uint8_t hash[static REQUEST_HASH_BYTES])
{
	const char *method = http_request_method(request);
	const char *target = http_request_target(request);
	size_t size = 0;
	const uint8_t *body = http_request_body(request, &size);
	/* Neither a method nor a target holds a line end. */
	const struct hmac_part parts[] = {
		{ method, strlen(method) }, { "\n", 1 },
		{ target, strlen(target) }, { "\n", 1 },
		{ body, size },
	};

	return sha256_digest(hash, parts, 5);
}

const char *
call_idempotency_key(struct http_request *request)
{
	const char *key = http_request_field(request, "Idempotency-Key");

	if (key == NULL) {
		http_reply_error(request, ERR_IDEMPOTENCY_KEY_MISSING,
		    "Send a fresh random Idempotency-Key, and the same one "
		    "when you repeat the request.");
		return NULL;
	}
	if (http_request_field_count(request, "Idempotency-Key") != 1 ||
	    idempotency_key_check(key, strlen(key)) != ERR_OK) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE,
		    "Idempotency-Key", "One Idempotency-Key of 1 to 64 "
		    "printable characters is needed.");
		return NULL;
	}
	return key;
}

bool
call_take_code_attempt(struct http_request *request,
    const struct service *service, const char *account)
{
	const struct attempts_key key = { .account = account };
	int64_t retry_s = 1;
	enum err e;

	e = attempts_take(service->wrong_codes, &key, clock_monotonic_ms(),
	    &retry_s);
	if (e == ERR_OK)
		return true;
	http_reply_field(request, "Retry-After", "%lld", (long long)retry_s);
	http_reply_error(request, e, "Too many wrong codes; wait for the "
	    "seconds in Retry-After.");
	return false;
}

bool
call_admin_request(struct http_request *request, struct admin_request *out)
{
	enum err e;

	out->idempotency_key = call_idempotency_key(request);
	if (out->idempotency_key == NULL)
		return false;
	out->method = http_request_method(request);
	out->path = http_request_target(request);
	e = call_request_hash(request, out->request_hash);
	if (e != ERR_OK)
		call_reply_error(request, e);
	return e == ERR_OK;
}

int
call_made_status(struct http_request *request, bool is_replayed)
{
	if (is_replayed)
		http_reply_field(request, "Idempotency-Replayed", "true");
	return is_replayed ? 200 : 201;
}

void
call_reply_made(struct http_request *request, bool is_replayed, json_t *json)
{
	http_reply_json(request, call_made_status(request, is_replayed), json);
}

void
call_reply_purchase(struct http_request *request,
    const struct service *service, enum err e,
    const struct purchase *purchase)
{
	struct json_text text;

	if (e) {
		call_reply_error(request, e);
		return;
	}
	json_text_begin(&text);
	shape_write_purchase(&text, purchase, service->settings->currency,
	    NULL);
	http_reply_json_text(request, 200, &text);
}

/* --- who asks ------------------------------------------------------------- */

const struct principal *
call_principal(const struct http_request *request)
{
	return http_request_principal(request);
}

bool
call_check_whole(struct http_request *request)
{
	if (http_request_field(request, "Content-Range") != NULL) {
		http_reply_error(request, ERR_MALFORMED_REQUEST,
		    "A file is uploaded whole: leave out Content-Range.");
		return false;
	}
	if (http_request_field(request, "Content-Encoding") != NULL) {
		http_reply_error(request, ERR_UNSUPPORTED_MEDIA_TYPE,
		    "Send the file itself, without Content-Encoding.");
		return false;
	}
	return true;
}

bool
call_is_from_shop(const struct http_request *request,
    const struct service *service)
{
	const char *origin = http_request_field(request, "Origin");

	return origin != NULL &&
	    http_request_field_count(request, "Origin") == 1 &&
	    strcmp(origin, service->settings->shop_url) == 0;
}

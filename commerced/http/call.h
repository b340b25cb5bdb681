/* What the handlers share: waiting for the writer, refusals, principals. */
#ifndef COMMERCED_HTTP_CALL_H
#define COMMERCED_HTTP_CALL_H

#include "commerced/http/member.h"
#include "commerced/http/service.h"
#include "commerced/model.h"
#include "commerced/shop/admin_request.h"

/* Lists by page. */
#define PAGE_ROWS_DEFAULT 20
#define PAGE_CURSOR_MAX 4096	/* bytes */

/*
 * A write on its way through the shop: the first member of the state of a
 * request, which the state's release function frees.
 */
struct call {
	struct shop_job job;
	struct service *service;
	struct http_request *request;
};

/*
 * Suspend the request, run(tx, &call->job) on the writer, then call then() on
 * an event thread, where call->job.result says how it went.  The handler's
 * last use of the request.  call->service and ->request are set here.
 */
void call_submit(struct call *call, struct service *service,
    struct http_request *request, http_handler *then);

/*
 * From another thread than the event thread, for a request that is suspended
 * already: submit the job, and resume when it is done or refused.
 */
void call_continue(struct call *call);

/* Answer with an error, with a sentence of what to do where there is one. */
void call_reply_error(struct http_request *request, enum err e);

/* Answer with a fault that the member parser found. */
void call_reply_fault(struct http_request *request, enum err e,
    const struct member_fault *fault);

/*
 * Parse the JSON body by table into out; false: it was answered.
 * out is to be cleared by member_clear() in both cases.
 */
bool call_parse(struct http_request *request, const struct service *service,
    const struct member *table, size_t count, void *out);

/* The same for the query; *object is the caller's to json_decref(). */
bool call_parse_query(struct http_request *request,
    const struct member *table, size_t count, void *out, json_t **object);

/* An id in the path; false: it was answered with 404. */
bool call_path_id(struct http_request *request, const char *name,
    struct uuid *id);

/* For answers that hold something personal or secret. */
void call_forbid_caching(struct http_request *request);

/* SHA-256 over method, target and body (api.md, Idempotency-Key). */
enum err call_request_hash(struct http_request *request,
    uint8_t hash[static REQUEST_HASH_BYTES]);

/* The Idempotency-Key; NULL: missing or malformed, and answered. */
const char *call_idempotency_key(struct http_request *request);

/*
 * Count an attempt to guess a code by account, its number as text; given back
 * for a code that exists.  False: too many, and answered.
 */
bool call_take_code_attempt(struct http_request *request,
    const struct service *service, const char *account);

/* A request of the shop's people with a key; false: it was answered. */
bool call_admin_request(struct http_request *request,
    struct admin_request *out);

/*
 * The status of an answer with what was made, now or by the first request with
 * its key; the latter is noted in a field.
 */
int call_made_status(struct http_request *request, bool is_replayed);
/* The whole answer. */
void call_reply_made(struct http_request *request, bool is_replayed,
    json_t *json);

/* Answer with a receipt, or with why it was not found: e. */
void call_reply_purchase(struct http_request *request,
    const struct service *service, enum err e,
    const struct purchase *purchase);

/* Who asks; what service_authenticate() found. */
struct principal {
	struct session session;
	bool has_session;
	bool by_cookie;
};

/* NULL only for routes without authentication. */
const struct principal *call_principal(const struct http_request *request);

/* Is the body a file as it is, and all of it?  False: it was answered. */
bool call_check_whole(struct http_request *request);

/* Is the Origin of the request that of the web shop? */
bool call_is_from_shop(const struct http_request *request,
    const struct service *service);

#endif

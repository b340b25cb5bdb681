/* The outside surface of stored, and what is asked before it: has the target
 * the one accepted form, and is there a right token for it?
 */
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/condition.h"
#include "common/http_operator.h"
#include "stored/stored.h"

/* How many seconds a browser may remember the answer to a preflight. */
#define PREFLIGHT_MAX_AGE "7200"

static http_handler handle_preflight;

/* What a route's token must have been issued for. */
enum authentication {
	AUTH_NONE = 0,
	AUTH_GET,
	AUTH_PUT,
	AUTH_DELETE,
	AUTH_LIST
};

static const enum token_method token_methods[] = {
	[AUTH_GET] = TOKEN_GET,
	[AUTH_PUT] = TOKEN_PUT,
	[AUTH_DELETE] = TOKEN_DELETE,
	[AUTH_LIST] = TOKEN_LIST_OBJECTS,
};

#define BOTH (HTTP_PUBLIC | HTTP_OPERATOR)

const struct http_route stored_routes[] = {
	{ .method = "GET", .pattern = "/media/*", .audience = HTTP_PUBLIC,
	    .authentication = AUTH_GET, .handle = download_handle,
	    .is_quick = true },
	{ .method = "OPTIONS", .pattern = "/media/*", .audience = HTTP_PUBLIC,
	    .handle = handle_preflight },
	{ .method = "PUT", .pattern = "/objects/*", .audience = HTTP_PUBLIC,
	    .authentication = AUTH_PUT, .body = HTTP_BODY_STREAM,
	    .begin = upload_begin, .piece = upload_piece,
	    .handle = upload_handle },
	{ .method = "HEAD", .pattern = "/objects/*", .audience = HTTP_PUBLIC,
	    .authentication = AUTH_PUT, .handle = manage_head },
	{ .method = "DELETE", .pattern = "/objects/*",
	    .audience = HTTP_PUBLIC, .authentication = AUTH_DELETE,
	    .handle = manage_delete },
	{ .method = "GET", .pattern = "/objects?*", .audience = HTTP_PUBLIC,
	    .authentication = AUTH_LIST, .handle = manage_list },
	{ .method = "GET", .pattern = "/healthz", .audience = BOTH,
	    .handle = http_operator_handle_health },
	{ .method = "GET", .pattern = "/readyz", .audience = HTTP_OPERATOR,
	    .handle = operator_ready },
	{ .method = "GET", .pattern = "/metrics", .audience = HTTP_OPERATOR,
	    .handle = operator_metrics },
	{ .method = "POST", .pattern = "/scrub", .audience = HTTP_OPERATOR,
	    .handle = operator_scrub },
	{ .method = "GET", .pattern = "/scrub", .audience = HTTP_OPERATOR,
	    .handle = operator_scrub_status },
	{ .method = NULL },
};

/* The token is the authority, and there are no cookies: any page may ask. */
const struct http_prefix_field stored_prefix_fields[] = {
	{ "/media/", "Access-Control-Allow-Origin", "*" },
	{ "/media/", "Access-Control-Expose-Headers",
	    "Accept-Ranges, Content-Disposition, Content-Length, "
	    "Content-Range, ETag, Repr-Digest, Retry-After" },
	{ NULL, NULL, NULL },
};

/* Who asks for what; and the transfer of it, when it is counted. */
struct visit {
	struct token_target target;
	struct transfers *transfers;	/* NULL: not counted */
	struct transfer transfer;
};

static void
visit_release(void *principal)
{
	const struct visit *visit = principal;

	if (visit->transfers != NULL)
		transfers_end(visit->transfers, &visit->transfer);
}

const struct token_target *
stored_target(const struct http_request *request)
{
	const struct visit *visit = http_request_principal(request);

	return &visit->target;
}

struct object_key
stored_object_key(const struct http_request *request)
{
	const struct token_target *target = stored_target(request);
	struct object_key key;

	memcpy(key.commerce_id, target->commerce_id, sizeof(key.commerce_id));
	memcpy(key.object, target->object, sizeof(key.object));
	return key;
}

struct stored_conditions
stored_conditions(const struct http_request *request)
{
	const char *object = stored_target(request)->object;
	const char *match = http_request_field_list(request, "If-Match");
	const char *none = http_request_field_list(request, "If-None-Match");
	struct stored_conditions conditions = {
		.hold_when_there = match == NULL ||
		    condition_list_has(match, object, CONDITION_STRONG),
		.hold_when_absent = match == NULL,
	};

	if (none != NULL && condition_list_has(none, object, CONDITION_WEAK))
		conditions.hold_when_there = false;
	return conditions;
}

enum err
stored_conditions_check(const struct stored_conditions *conditions,
    struct objects *objects, const struct object_key *key)
{
	uint64_t size_bytes;
	enum err e;

	if (conditions->hold_when_there && conditions->hold_when_absent)
		return ERR_OK;
	e = objects_find(objects, key, &size_bytes);
	if (e != ERR_OK && e != ERR_OBJECT_NOT_FOUND)
		return e;
	return (e == ERR_OK ? conditions->hold_when_there :
	    conditions->hold_when_absent) ? ERR_OK : ERR_PRECONDITION_FAILED;
}

void
stored_refuse(struct stored *stored, struct http_request *request,
    enum err e, const char *detail)
{
	metrics_refused(stored->metrics, e);
	if (detail == NULL)
		http_reply_error(request, e, NULL);
	else
		http_reply_error(request, e, "%s", detail);
}

/* --- the target ---------------------------------------------------------- */

static bool
is_ours(const char *target)
{
	return strncmp(target, "/media/", strlen("/media/")) == 0 ||
	    strncmp(target, "/objects", strlen("/objects")) == 0;
}

enum err
stored_check_target(struct http_request *request, void *application)
{
	struct stored *stored = application;
	const char *text = http_request_target(request);
	struct visit *visit;
	enum err e;

	if (!is_ours(text))
		return ERR_OK;
	visit = http_request_allocate(request, sizeof(*visit));
	if (visit == NULL)
		return ERR_NO_MEMORY;
	visit->transfers = NULL;
	e = token_target_parse(text, &visit->target);
	if (e == ERR_OK) {
		http_request_set_principal(request, visit, visit_release);
		return ERR_OK;
	}
	stored_refuse(stored, request, e, "A URL of this service has one "
	    "spelling, the one it was issued in; use it as it is.");
	return e;
}

static void
handle_preflight(struct http_request *request, void *application)
{
	(void)application;
	http_reply_field(request, "Allow", "GET, HEAD, OPTIONS");
	http_reply_field(request, "Access-Control-Allow-Methods",
	    "GET, HEAD");
	http_reply_field(request, "Access-Control-Allow-Headers",
	    "Authorization, Range, If-Range, If-None-Match, If-Match");
	http_reply_field(request, "Access-Control-Max-Age",
	    PREFLIGHT_MAX_AGE);
	http_reply_empty(request, 204);
}

/* --- the token ----------------------------------------------------------- */

/*
 * The token of an Authorization field: what follows "Bearer" and blanks.
 * NULL for another scheme.
 */
static const char *
bearer_token(const char *field)
{
	static const char scheme[] = "Bearer";
	size_t length = strlen(scheme);

	if (strncasecmp(field, scheme, length) != 0 ||
	    (field[length] != ' ' && field[length] != '\0'))
		return NULL;
	return field + length + strspn(field + length, " ");
}

/* The token presented, from the one place where it is. */
static enum err
find_token(const struct http_request *request, const char **token,
    size_t *length)
{
	const struct token_target *target = stored_target(request);
	const char *field = http_request_field(request, "Authorization");

	if (target->has_token && field != NULL)
		return ERR_MALFORMED_URL;
	if (target->has_token) {
		/* As it stands, also where target->token could not take it. */
		*token = http_request_target(request) +
		    target->signed_length + strlen("&token=");
	} else if (field != NULL) {
		*token = bearer_token(field);
	} else {
		*token = NULL;
	}
	if (*token == NULL || **token == '\0')
		return ERR_TOKEN_MISSING;
	*length = strlen(*token);
	return ERR_OK;
}

static void
refuse_expired(struct stored *stored, struct http_request *request,
    int64_t now_s)
{
	char now[CLOCK_TEXT_SIZE], expired[CLOCK_TEXT_SIZE];
	json_t *times;

	clock_text(now, now_s);
	clock_text(expired, stored_target(request)->expires_s);
	times = json_pack("{s:s, s:s}", "server_time", now, "expired_at",
	    expired);
	metrics_refused(stored->metrics, ERR_TOKEN_EXPIRED);
	http_reply_problem(request, ERR_TOKEN_EXPIRED, times,
	    "Ask the shop for fresh access to the same file, and go on where "
	    "you are.");
}

static void
refuse_token(struct stored *stored, struct http_request *request, enum err e,
    int64_t now_s)
{
	if (e == ERR_TOKEN_EXPIRED)
		refuse_expired(stored, request, now_s);
	else if (e == ERR_MALFORMED_URL)
		stored_refuse(stored, request, e, "The token stands in the URL "
		    "and in Authorization; give it once.");
	else if (e == ERR_TOKEN_MISSING)
		stored_refuse(stored, request, e,
		    "Send Authorization: Bearer TOKEN.");
	else
		stored_refuse(stored, request, e, NULL);
}

/* Until the answer is sent: see visit_release(). */
static enum err
count_transfer(struct stored *stored, struct http_request *request)
{
	struct visit *visit = http_request_principal(request);
	enum err e = transfers_begin(stored->transfers, &visit->transfer);

	if (e == ERR_OK)
		visit->transfers = stored->transfers;
	else
		stored_refuse(stored, request, e, "This grant has as many "
		    "downloads under way as it may have.");
	return e;
}

enum err
stored_authenticate(struct http_request *request, void *application,
    int authentication)
{
	struct stored *stored = application;
	struct visit *visit = http_request_principal(request);
	const struct token_target *target = &visit->target;
	struct token_request question = {
		.method = token_methods[authentication],
		.target = http_request_target(request),
		.parsed = target,
	};
	int64_t now_s = clock_unix_s();
	enum err e;

	/* Behind the check of the token, or nobody has found it. */
	transfers_find(stored->transfers, target->commerce_id, target->grant,
	    &visit->transfer);
	e = find_token(request, &question.token, &question.token_length);
	if (e == ERR_OK)
		e = authority_verify(stored->authority, &question, now_s);
	if (e != ERR_OK) {
		refuse_token(stored, request, e, now_s);
		return e;
	}
	metrics_token_accepted(stored->metrics, target->commerce_id,
	    target->key_id);
	http_request_note(request, "commerce=%s key=%s grant=%s",
	    target->commerce_id, target->key_id, target->grant);
	return authentication == AUTH_GET ? count_transfer(stored, request) :
	    ERR_OK;
}

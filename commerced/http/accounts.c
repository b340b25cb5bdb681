/* An account as its owner sees it, and its sessions. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/cookie.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/account.h"

#define LIMIT_MAX 100

void
handle_get_account(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct account account = { 0 };
	enum err e;

	call_forbid_caching(request);
	e = account_get(service->shop, call_principal(request)->session.account,
	    &account);
	if (e == ERR_OK)
		http_reply_json(request, 200, shape_account(&account,
		    service->settings->currency));
	else
		call_reply_error(request, e);
}

static json_t *
session_shape(const struct session *session, const struct session *current)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}",
	    "id", shape_uuid(&session->id),
	    "created_at", shape_time_ms(session->created_ms),
	    "used_at", shape_time_ms(session->used_ms),
	    "expires_at", shape_time_ms(session->expires_ms),
	    "current", memcmp(&session->id, &current->id,
	    sizeof(session->id)) == 0);
}

struct session_parameters {
	int64_t limit;
	const char *cursor;
};

#define FIELD(f) offsetof(struct session_parameters, f)
static const struct member session_parameters[] = {
	{ .name = "limit", .kind = MEMBER_INTEGER, .offset = FIELD(limit),
	    .least = 1, .most = LIMIT_MAX },
	{ .name = "cursor", .kind = MEMBER_LINE, .offset = FIELD(cursor),
	    .most = PAGE_CURSOR_MAX },
};
#undef FIELD

void
handle_list_sessions(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct session *current = &call_principal(request)->session;
	struct session_parameters parameters = { .limit = PAGE_ROWS_DEFAULT };
	struct session_page page = { .next = NULL };
	json_t *object = NULL, *items;
	enum err e;

	call_forbid_caching(request);
	if (!call_parse_query(request, session_parameters, 2, &parameters,
	    &object))
		return;
	items = json_array();
	e = session_list(service->shop, current->account,
	    (size_t)parameters.limit, parameters.cursor, &page);
	for (size_t i = 0; e == ERR_OK && i < page.count; i++)
		if (json_array_append_new(items,
		    session_shape(&page.sessions[i], current)) != 0)
			e = ERR_NO_MEMORY;
	if (e == ERR_OK) {
		http_reply_json(request, 200, shape_page(items, page.next));
	} else {
		json_decref(items);
		call_reply_error(request, e);
	}
	free(page.next);
	json_decref(object);
}

/* --- ending one ----------------------------------------------------------- */

struct session_ending {
	struct call call;	/* first */
	int64_t account;
	struct uuid session;
	bool is_this;		/* the one that asks */
};

static enum err
session_ending_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct session_ending *ending = (struct session_ending *)job;

	return session_end(tx, ending->account, &ending->session);
}

static void
session_ending_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct session_ending *ending = http_request_state(request);
	enum err e = ending->call.job.result;

	/* Somebody ended it in between: gone is what was asked for. */
	if (ending->is_this && e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	if (ending->is_this && call_principal(request)->by_cookie) {
		char cookie[COOKIE_FIELD_SIZE];

		cookie_set_text(cookie, service->settings->shop_url, "", 0);
		http_reply_field(request, "Set-Cookie", "%s", cookie);
	}
	http_reply_empty(request, 204);
}

static void
session_ending_submit(struct http_request *request, struct service *service,
    const struct uuid *session)
{
	const struct session *current = &call_principal(request)->session;
	struct session_ending *ending = calloc(1, sizeof(*ending));

	call_forbid_caching(request);
	if (ending == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, ending, free);
	ending->call.job.run = session_ending_run;
	ending->account = current->account;
	ending->session = *session;
	ending->is_this = memcmp(session, &current->id, sizeof(*session)) == 0;
	call_submit(&ending->call, service, request, session_ending_answer);
}

void
handle_end_session(struct http_request *request, void *application)
{
	struct uuid id;

	if (call_path_id(request, "session", &id))
		session_ending_submit(request, application, &id);
}

void
handle_end_this_session(struct http_request *request, void *application)
{
	session_ending_submit(request, application,
	    &call_principal(request)->session.id);
}

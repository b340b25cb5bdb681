/* All that is held about a person, and the end of an account. */
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/cookie.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/person.h"

#define DELETE_SESSION_AGE_MS (INT64_C(10) * 60 * 1000)

/* --- GET /v1/account/export: it may be long, so a worker thread reads it -- */

struct export {
	struct worker_job work;		/* first */
	struct http_request *request;
	struct service *service;
	int64_t account;
	struct person person;
	enum err result;
};

static void
export_release(void *state)
{
	struct export *export = state;

	person_clear(&export->person);
	free(export);
}

static void
export_work(struct worker_job *work)
{
	struct export *export = (struct export *)work;

	export->result = person_get(export->service->shop, export->account,
	    &export->person);
	http_request_resume(export->request);
}

static void
export_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct export *export = http_request_state(request);

	if (export->result == ERR_OK)
		http_reply_json(request, 200, shape_person(&export->person,
		    service->settings->currency));
	else
		call_reply_error(request, export->result == ERR_NOT_FOUND ?
		    ERR_SESSION_EXPIRED : export->result);
}

void
handle_export_account(struct http_request *request, void *application)
{
	struct service *service = application;
	struct export *export = calloc(1, sizeof(*export));

	call_forbid_caching(request);
	if (export == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, export, export_release);
	export->request = request;
	export->service = service;
	export->account = call_principal(request)->session.account;
	export->work.run = export_work;
	http_request_suspend(request, export_answer);
	if (worker_pool_submit(service->lookups, &export->work) != ERR_OK) {
		export->result = ERR_BUSY;
		http_request_resume(request);
	}
}

/* --- DELETE /v1/account --------------------------------------------------- */

struct deletion {
	struct call call;		/* first */
	struct account_deletion in;
	int64_t balance_minor;
};

struct deletion_parameters {
	bool forfeit;
};

static const struct member deletion_parameters[] = {
	{ .name = "forfeit", .kind = MEMBER_BOOLEAN,
	    .offset = offsetof(struct deletion_parameters, forfeit) },
};

static enum err
deletion_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct deletion *deletion = (struct deletion *)job;

	return account_delete(tx, &deletion->in, &deletion->balance_minor);
}

static void
deletion_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct deletion *deletion = http_request_state(request);
	const struct settings *settings = service->settings;
	enum err e = deletion->call.job.result;
	char cookie[COOKIE_FIELD_SIZE];

	if (e == ERR_BALANCE_LEFT) {
		http_reply_problem(request, e, json_pack("{s:o}", "balance",
		    shape_money(settings->currency, deletion->balance_minor)),
		    "Spend it first, or repeat with ?forfeit=true to lose it.");
		return;
	}
	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	if (call_principal(request)->by_cookie) {
		cookie_set_text(cookie, settings->shop_url, "", 0);
		http_reply_field(request, "Set-Cookie", "%s", cookie);
	}
	http_reply_empty(request, 204);
}

void
handle_delete_account(struct http_request *request, void *application)
{
	const struct session *session = &call_principal(request)->session;
	struct service *service = application;
	struct deletion_parameters parameters = { 0 };
	struct deletion *deletion;
	json_t *object = NULL;

	call_forbid_caching(request);
	if (!call_parse_query(request, deletion_parameters, 1, &parameters,
	    &object))
		return;
	json_decref(object);
	if (shop_now_ms(service->shop) - session->created_ms >=
	    DELETE_SESSION_AGE_MS) {
		http_reply_error(request, ERR_REAUTHENTICATION_REQUIRED,
		    "Sign in again, and delete within ten minutes.");
		return;
	}
	deletion = calloc(1, sizeof(*deletion));
	if (deletion == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, deletion, free);
	deletion->call.job.run = deletion_run;
	deletion->in.account = session->account;
	deletion->in.forfeit = parameters.forfeit;
	call_submit(&deletion->call, service, request, deletion_answer);
}

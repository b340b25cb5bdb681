/* Gift codes: redeemed by buyers, issued by the shop's people. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/code.h"
#include "common/clock.h"

#define CODE_TYPED_MAX 64

/* --- redeeming ------------------------------------------------------------ */

struct redemption {
	struct call call;		/* first */
	struct gift_redemption in;
	struct gift_redeemed out;
	char account[UUID_TEXT_SIZE];	/* whose attempts are counted */
};

struct redeem_members {
	const char *code;
};

static const struct member redeem_members[] = {
	{ .name = "code", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct redeem_members, code),
	    .most = CODE_TYPED_MAX },
};

static enum err
redemption_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct redemption *redemption = (struct redemption *)job;

	return gift_code_redeem(tx, &redemption->in, &redemption->out);
}

static void
redemption_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct redemption *redemption = http_request_state(request);
	const struct attempts_key key = { .account = redemption->account };
	enum err e = redemption->call.job.result;

	if (e != ERR_CODE_UNKNOWN)
		attempts_give_back(service->wrong_codes, &key,
		    clock_monotonic_ms());
	if (e == ERR_OUT_OF_RANGE)
		http_reply_error(request, e, "The balance would become too "
		    "large; spend some of it first.");
	else if (e != ERR_OK)
		call_reply_error(request, e);
	else
		http_reply_json(request, 200, json_pack("{s:o}", "balance",
		    shape_money(service->settings->currency,
		    redemption->out.balance_minor)));
}

void
handle_redeem_code(struct http_request *request, void *application)
{
	const struct session *session = &call_principal(request)->session;
	struct redeem_members members = { 0 };
	struct redemption *redemption;

	call_forbid_caching(request);
	if (!call_parse(request, application, redeem_members, 1, &members))
		return;
	redemption = calloc(1, sizeof(*redemption));
	if (redemption == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, redemption, free);
	(void)snprintf(redemption->account, sizeof(redemption->account),
	    "%lld", (long long)session->account);
	if (!call_take_code_attempt(request, application,
	    redemption->account))
		return;
	redemption->call.job.run = redemption_run;
	redemption->in.account = session->account;
	redemption->in.code = members.code;
	redemption->in.code_length = strlen(members.code);
	call_submit(&redemption->call, application, request,
	    redemption_answer);
}

/* --- issuing -------------------------------------------------------------- */

struct issue {
	struct call call;		/* first */
	struct worker_job work;		/* computing, before and after it */
	struct gift_codes_request in;
	struct gift_codes out;
	const char *member;		/* at fault */
};

struct issue_members {
	int64_t amount_minor;
	int64_t count;
	int64_t expires_s;
};

#define FIELD(f) offsetof(struct issue_members, f)
static const struct member issue_members[] = {
	{ .name = "amount", .kind = MEMBER_MONEY, .need = MEMBER_REQUIRED,
	    .offset = FIELD(amount_minor), .least = 1, .most = MONEY_MOST },
	{ .name = "count", .kind = MEMBER_INTEGER, .need = MEMBER_REQUIRED,
	    .offset = FIELD(count), .least = 1, .most = GIFT_CODES_MAX },
	{ .name = "expires_at", .kind = MEMBER_TIME,
	    .offset = FIELD(expires_s) },
};
#undef FIELD

static void
issue_release(void *state)
{
	struct issue *issue = state;

	gift_codes_clear(&issue->out);
	free(issue);
}

static enum err
issue_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct issue *issue = (struct issue *)job;

	return gift_codes_issue(tx, &issue->in, &issue->out, &issue->member);
}

static struct issue *
issue_of_work(struct worker_job *work)
{
	return (struct issue *)((char *)work - offsetof(struct issue, work));
}

/* Suspended, on a worker: what takes long is not the writer's to do. */
static void
issue_prepare(struct worker_job *work)
{
	struct issue *issue = issue_of_work(work);
	enum err e = gift_codes_prepare(issue->call.service->shop, &issue->in,
	    &issue->out);

	issue->call.job.result = e;
	if (e == ERR_OK)
		call_continue(&issue->call);
	else
		http_request_resume(issue->call.request);
}

static void
issue_recall(struct worker_job *work)
{
	struct issue *issue = issue_of_work(work);

	issue->call.job.result = gift_codes_recall(issue->call.service->shop,
	    &issue->out);
	http_request_resume(issue->call.request);
}

static void
issue_submit(struct issue *issue, void (*run)(struct worker_job *work))
{
	issue->work.run = run;
	if (worker_pool_submit(issue->call.service->lookups, &issue->work) ==
	    ERR_OK)
		return;
	issue->call.job.result = ERR_BUSY;
	http_request_resume(issue->call.request);
}

/* On the writer. */
static void
issue_done(struct shop_job *job)
{
	struct issue *issue = (struct issue *)job;

	if (job->result == ERR_OK && issue->out.is_replayed)
		issue_submit(issue, issue_recall);
	else
		http_request_resume(issue->call.request);
}

static json_t *
issue_shape(const struct gift_codes *out, const char *currency)
{
	json_t *codes = json_array();

	for (size_t i = 0; codes != NULL && i < out->count; i++)
		if (json_array_append_new(codes,
		    json_string(out->codes[i])) != 0) {
			json_decref(codes);
			codes = NULL;
		}
	return json_pack("{s:o, s:o, s:o}", "codes", codes,
	    "amount", shape_money(currency, out->amount_minor),
	    "expires_at", out->expires_ms == 0 ? json_null() :
	    shape_time_ms(out->expires_ms));
}

static void
issue_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct issue *issue = http_request_state(request);
	enum err e = issue->call.job.result;

	if (e == ERR_OUT_OF_RANGE && issue->member != NULL) {
		http_reply_error_member(request, e, issue->member,
		    "%s is out of range", issue->member);
	} else if (e != ERR_OK) {
		call_reply_error(request, e);
	} else {
		call_reply_made(request, issue->out.is_replayed,
		    issue_shape(&issue->out, service->settings->currency));
	}
}

/* The body into the request to the shop; false: it was answered. */
static bool
issue_fill(struct http_request *request, struct service *service,
    struct issue *issue)
{
	struct issue_members members = { .expires_s = -1 };

	if (!call_admin_request(request, &issue->in.request) ||
	    !call_parse(request, service, issue_members, 3, &members))
		return false;
	if (members.expires_s >= 0 && members.expires_s * 1000 <=
	    shop_now_ms(service->shop)) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE,
		    "expires_at", "expires_at: a time to come is needed");
		return false;
	}
	issue->in.amount_minor = members.amount_minor;
	issue->in.count = members.count;
	issue->in.expires_ms = members.expires_s < 0 ? 0 :
	    members.expires_s * 1000;
	return true;
}

void
handle_issue_codes(struct http_request *request, void *application)
{
	struct issue *issue = calloc(1, sizeof(*issue));

	call_forbid_caching(request);
	if (issue == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, issue, issue_release);
	if (!issue_fill(request, application, issue))
		return;
	issue->call.job.run = issue_run;
	issue->call.job.done = issue_done;
	issue->call.service = application;
	issue->call.request = request;
	http_request_suspend(request, issue_answer);
	issue_submit(issue, issue_prepare);
}

/* Buying, and receipts. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/access.h"
#include "commerced/shop/purchase.h"

/* --- buying --------------------------------------------------------------- */

struct buy_members {
	struct member_ids items;
	int pay_with;
	int64_t expect_total_minor;	/* -1: not given */
	bool access;
	bool as_gift;
};

struct buying {
	struct call call;		/* first */
	struct buy_members members;
	struct purchase_request in;
	struct purchase_result out;
};

static const char *const pay_with[] = { "credit", NULL };

#define FIELD(f) offsetof(struct buy_members, f)
static const struct member buy_members[] = {
	{ .name = "items", .kind = MEMBER_IDS, .need = MEMBER_REQUIRED,
	    .offset = FIELD(items), .least = 1, .most = PURCHASE_ITEMS_MAX },
	{ .name = "pay_with", .kind = MEMBER_CHOICE, .need = MEMBER_REQUIRED,
	    .offset = FIELD(pay_with), .choices = pay_with },
	{ .name = "expect_total", .kind = MEMBER_MONEY,
	    .offset = FIELD(expect_total_minor), .most = MONEY_MOST },
	{ .name = "access", .kind = MEMBER_BOOLEAN, .offset = FIELD(access) },
	{ .name = "as_gift", .kind = MEMBER_BOOLEAN,
	    .offset = FIELD(as_gift) },
};
#undef FIELD
#define BUY_COUNT (sizeof(buy_members) / sizeof(buy_members[0]))

static void
buying_release(void *state)
{
	struct buying *buying = state;

	member_clear(buy_members, BUY_COUNT, &buying->members);
	purchase_result_clear(&buying->out);
	free(buying);
}

static enum err
buying_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct buying *buying = (struct buying *)job;

	purchase_result_clear(&buying->out);
	return purchase_buy(tx, &buying->in, &buying->out);
}

/* --- the refusals, each with what it is about ----------------------------- */

static json_t *
buying_refused_ids(const struct purchase_result *out)
{
	return shape_uuids(out->refused, out->refused_count);
}

/* Purchases and quotes alike. */
static void
buying_refuse(struct http_request *request, enum err e,
    const struct purchase_result *out, const char *currency)
{
	if (e == ERR_ALREADY_OWNED)
		http_reply_problem(request, e, json_pack("{s:o}", "owned",
		    buying_refused_ids(out)), "Nothing was bought: leave out "
		    "what is owned, or comes with an album.");
	else if (e == ERR_ITEM_NOT_ON_SALE || e == ERR_DUPLICATE_ITEM)
		http_reply_problem(request, e, json_pack("{s:o, s:s}",
		    "items", buying_refused_ids(out), "member", "items"),
		    "Nothing was bought: leave out what is named in items.");
	else if (e == ERR_PRICE_CHANGED)
		http_reply_problem(request, e, json_pack("{s:o}", "total",
		    shape_money(currency, out->total_minor)),
		    "Nothing was bought: the total is another one now.");
	else if (e == ERR_PAYMENT_REQUIRED)
		http_reply_problem(request, e, json_pack("{s:o, s:o}",
		    "missing", shape_money(currency, out->missing_minor),
		    "total", shape_money(currency, out->total_minor)),
		    "Nothing was bought: redeem a gift code first.");
	else if (e == ERR_IDEMPOTENCY_KEY_REUSED)
		http_reply_error(request, e, "Nothing was done: take a fresh "
		    "key for another request.");
	else
		call_reply_error(request, e);
}

static void
buying_done(struct shop_job *job)
{
	const struct buying *buying = (const struct buying *)job;

	if (job->result == ERR_OK && !buying->out.is_replayed)
		metrics_note_sale(buying->call.service->metrics,
		    &buying->out.purchase);
	http_request_resume(buying->call.request);
}

static void
buying_reply(struct http_request *request, const struct buying *buying,
    const char *currency, const struct access_list *access)
{
	const struct purchase_result *out = &buying->out;
	struct json_text text;

	json_text_begin(&text);
	if (out->purchase.is_gift)
		shape_write_gift(&text, &out->purchase, currency,
		    out->claim_code);
	else
		shape_write_purchase(&text, &out->purchase, currency,
		    buying->members.access ? access : NULL);
	http_reply_json_text(request, call_made_status(request,
	    out->is_replayed), &text);
}

static void
buying_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const char *currency = service->settings->currency;
	const struct buying *buying = http_request_state(request);
	struct access_list access = { 0 };
	enum err e = buying->call.job.result;

	if (e != ERR_OK) {
		buying_refuse(request, e, &buying->out, currency);
		return;
	}
	if (buying->members.access && !buying->out.purchase.is_gift)
		e = access_for_purchase(service->shop,
		    &buying->out.purchase, buying->out.is_replayed ? NULL :
		    &buying->out.sale, &access);
	/*
	 * It is bought all the same: the repetition that this asks for finds
	 * it so, and the library has it in any case.
	 */
	if (e != ERR_OK)
		http_reply_error(request, e, "It is bought; repeat the "
		    "request with the same Idempotency-Key.");
	else
		buying_reply(request, buying, currency, &access);
	access_list_clear(&access);
}

/* False: it was answered. */
static bool
buying_fill(struct http_request *request, struct service *service,
    struct buying *buying)
{
	struct buy_members *members = &buying->members;
	enum err e;

	buying->in.idempotency_key = call_idempotency_key(request);
	if (buying->in.idempotency_key == NULL)
		return false;
	members->access = true;
	members->expect_total_minor = -1;
	if (!call_parse(request, service, buy_members, BUY_COUNT, members))
		return false;
	buying->in.account = call_principal(request)->session.account;
	buying->in.items = members->items.ids;
	buying->in.item_count = members->items.count;
	buying->in.has_expected_total = members->expect_total_minor >= 0;
	buying->in.expected_total_minor = members->expect_total_minor;
	buying->in.is_gift = members->as_gift;
	e = call_request_hash(request, buying->in.request_hash);
	if (e != ERR_OK)
		call_reply_error(request, e);
	return e == ERR_OK;
}

void
handle_buy_items(struct http_request *request, void *application)
{
	struct buying *buying = calloc(1, sizeof(*buying));

	call_forbid_caching(request);
	if (buying == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, buying, buying_release);
	if (!buying_fill(request, application, buying))
		return;
	buying->call.job.run = buying_run;
	buying->call.job.done = buying_done;
	call_submit(&buying->call, application, request, buying_answer);
}

/* --- quotes --------------------------------------------------------------- */

struct quote_members {
	struct member_ids items;
	bool as_gift;
};

static const struct member quote_members[] = {
	{ .name = "items", .kind = MEMBER_IDS, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct quote_members, items),
	    .least = 1, .most = PURCHASE_ITEMS_MAX },
	{ .name = "as_gift", .kind = MEMBER_BOOLEAN,
	    .offset = offsetof(struct quote_members, as_gift) },
};

void
handle_quote_items(struct http_request *request, void *application)
{
	const struct service *service = application;
	const char *currency = service->settings->currency;
	struct quote_members members = { 0 };
	struct purchase_request in = { 0 };
	struct purchase_result out = { 0 };
	struct json_text text;
	enum err e;

	call_forbid_caching(request);
	if (!call_parse(request, service, quote_members, 2, &members))
		goto out;
	in.account = call_principal(request)->session.account;
	in.items = members.items.ids;
	in.item_count = members.items.count;
	in.is_gift = members.as_gift;
	e = purchase_quote(service->shop, &in, &out);
	if (e == ERR_OK) {
		json_text_begin(&text);
		shape_write_quote(&text, &out.purchase, currency);
		http_reply_json_text(request, 200, &text);
	} else {
		buying_refuse(request, e, &out, currency);
	}
out:
	purchase_result_clear(&out);
	member_clear(quote_members, 2, &members);
}

/* --- receipts ------------------------------------------------------------- */

struct page_parameters {
	int64_t limit;
	const char *cursor;
};

static const struct member page_parameters[] = {
	{ .name = "limit", .kind = MEMBER_INTEGER,
	    .offset = offsetof(struct page_parameters, limit),
	    .least = 1, .most = PURCHASE_LIMIT_MAX },
	{ .name = "cursor", .kind = MEMBER_LINE,
	    .offset = offsetof(struct page_parameters, cursor),
	    .most = PAGE_CURSOR_MAX },
};

void
handle_list_purchases(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct page_parameters parameters = { .limit = PAGE_ROWS_DEFAULT };
	struct purchase_list list = { 0 };
	struct json_text text;
	json_t *object = NULL;
	enum err e;

	call_forbid_caching(request);
	if (!call_parse_query(request, page_parameters, 2, &parameters,
	    &object))
		return;
	e = purchase_list(service->shop,
	    call_principal(request)->session.account,
	    (size_t)parameters.limit, parameters.cursor, &list);
	if (e == ERR_OK) {
		json_text_begin(&text);
		shape_write_purchase_list(&text, &list,
		    service->settings->currency);
		http_reply_json_text(request, 200, &text);
	} else {
		call_reply_error(request, e);
	}
	purchase_list_clear(&list);
	json_decref(object);
}

void
handle_get_purchase(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct purchase purchase = { 0 };
	struct uuid id;
	enum err e;

	call_forbid_caching(request);
	if (!call_path_id(request, "purchase", &id))
		return;
	e = purchase_get(service->shop,
	    call_principal(request)->session.account, &id, &purchase);
	call_reply_purchase(request, service, e, &purchase);
	purchase_clear(&purchase);
}

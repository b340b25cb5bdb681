/* Claim codes: made for what was sold elsewhere, taken by buyers. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/access.h"
#include "commerced/shop/claim.h"
#include "common/clock.h"
#include "common/secret.h"

#define CODE_TYPED_MAX 64

/* --- claiming ------------------------------------------------------------- */

struct claiming {
	struct call call;		/* first */
	struct claim_request in;
	struct claim_result out;
	char account[UUID_TEXT_SIZE];	/* whose attempts are counted */
};

struct claim_members {
	const char *code;
};

static const struct member claim_members[] = {
	{ .name = "code", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct claim_members, code),
	    .most = CODE_TYPED_MAX },
};

static enum err
claiming_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct claiming *claiming = (struct claiming *)job;

	return claim_take(tx, &claiming->in, &claiming->out);
}

static void
claiming_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct claiming *claiming = http_request_state(request);
	const struct attempts_key key = { .account = claiming->account };
	const struct claim_result *out = &claiming->out;
	struct access_list access = { 0 };
	enum err e = claiming->call.job.result;
	struct json_text text;

	if (e != ERR_CODE_UNKNOWN)
		attempts_give_back(service->wrong_codes, &key,
		    clock_monotonic_ms());
	if (e == ERR_OK)
		e = access_for_items(service->shop, claiming->in.account,
		    out->items, out->item_count, &access);
	if (e == ERR_OK) {
		json_text_begin(&text);
		shape_write_claim(&text, out, &access);
		http_reply_json_text(request, 200, &text);
	} else if (e == ERR_ALREADY_OWNED) {
		http_reply_problem(request, e, json_pack("{s:o}", "owned",
		    shape_uuids(out->items, out->item_count)),
		    "The code was not used: give it to somebody else.");
	} else {
		call_reply_error(request, e);
	}
	access_list_clear(&access);
}

void
handle_claim(struct http_request *request, void *application)
{
	const struct session *session = &call_principal(request)->session;
	struct claim_members members = { 0 };
	struct claiming *claiming;

	call_forbid_caching(request);
	if (!call_parse(request, application, claim_members, 1, &members))
		return;
	claiming = calloc(1, sizeof(*claiming));
	if (claiming == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, claiming, free);
	(void)snprintf(claiming->account, sizeof(claiming->account), "%lld",
	    (long long)session->account);
	if (!call_take_code_attempt(request, application, claiming->account))
		return;
	claiming->call.job.run = claiming_run;
	claiming->in.account = session->account;
	claiming->in.code = members.code;
	claiming->in.code_length = strlen(members.code);
	call_submit(&claiming->call, application, request, claiming_answer);
}

/* --- fulfilments ---------------------------------------------------------- */

struct fulfil_members {
	struct member_ids items;
	const char *reference;
};

#define FIELD(f) offsetof(struct fulfil_members, f)
static const struct member fulfil_members[] = {
	{ .name = "items", .kind = MEMBER_IDS, .need = MEMBER_REQUIRED,
	    .offset = FIELD(items), .least = 1, .most = PURCHASE_ITEMS_MAX },
	{ .name = "reference", .kind = MEMBER_LINE, .need = MEMBER_REQUIRED,
	    .offset = FIELD(reference), .least = 1,
	    .most = FULFILMENT_REFERENCE_MAX },
};
#undef FIELD
#define FULFIL_COUNT (sizeof(fulfil_members) / sizeof(fulfil_members[0]))

struct fulfilling {
	struct call call;		/* first */
	struct fulfil_members members;
	struct fulfilment_request in;
	struct fulfilment out;
};

static void
fulfilling_release(void *state)
{
	struct fulfilling *fulfilling = state;

	member_clear(fulfil_members, FULFIL_COUNT, &fulfilling->members);
	secret_wipe(&fulfilling->out, sizeof(fulfilling->out));
	free(fulfilling);
}

static enum err
fulfilling_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct fulfilling *fulfilling = (struct fulfilling *)job;

	return fulfilment_make(tx, &fulfilling->in, &fulfilling->out);
}

static void
fulfilling_answer(struct http_request *request, void *application)
{
	const struct fulfilling *fulfilling = http_request_state(request);
	const struct fulfilment *out = &fulfilling->out;
	enum err e = fulfilling->call.job.result;

	(void)application;
	if (e == ERR_OK)
		call_reply_made(request, out->is_replayed,
		    shape_fulfilment(out));
	else if (e == ERR_ITEM_NOT_ON_SALE || e == ERR_DUPLICATE_ITEM)
		http_reply_problem(request, e, json_pack("{s:o, s:s}",
		    "items", shape_uuids(&out->refused, 1),
		    "member", "items"), "Nothing was made: name items once "
		    "that are or were on sale and have a stored file.");
	else
		call_reply_error(request, e);
}

void
handle_fulfil(struct http_request *request, void *application)
{
	struct fulfilling *fulfilling = calloc(1, sizeof(*fulfilling));

	call_forbid_caching(request);
	if (fulfilling == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, fulfilling, fulfilling_release);
	if (!call_admin_request(request, &fulfilling->in.request) ||
	    !call_parse(request, application, fulfil_members, FULFIL_COUNT,
	    &fulfilling->members))
		return;
	fulfilling->in.items = fulfilling->members.items.ids;
	fulfilling->in.item_count = fulfilling->members.items.count;
	fulfilling->in.reference = fulfilling->members.reference;
	fulfilling->call.job.run = fulfilling_run;
	call_submit(&fulfilling->call, application, request,
	    fulfilling_answer);
}

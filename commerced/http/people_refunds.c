/* Refunds, by the shop's people. */
#include <stddef.h>
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/refund.h"

struct refund_members {
	struct member_ids lines;
	const char *reason;
};

#define FIELD(f) offsetof(struct refund_members, f)
static const struct member refund_members[] = {
	{ .name = "lines", .kind = MEMBER_IDS, .offset = FIELD(lines),
	    .least = 1, .most = PURCHASE_ITEMS_MAX },
	{ .name = "reason", .kind = MEMBER_LINE, .need = MEMBER_REQUIRED,
	    .offset = FIELD(reason), .least = 1, .most = REFUND_REASON_MAX },
};
#undef FIELD
#define REFUND_COUNT (sizeof(refund_members) / sizeof(refund_members[0]))

struct refunding {
	struct call call;		/* first */
	struct refund_members members;
	struct refund_request in;
	struct refund_result out;
};

static void
refunding_release(void *state)
{
	struct refunding *refunding = state;

	member_clear(refund_members, REFUND_COUNT, &refunding->members);
	refund_result_clear(&refunding->out);
	free(refunding);
}

static enum err
refunding_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct refunding *refunding = (struct refunding *)job;

	return refund_make(tx, &refunding->in, &refunding->out);
}

static void
refunding_done(struct shop_job *job)
{
	const struct refunding *refunding = (const struct refunding *)job;

	if (job->result == ERR_OK && !refunding->out.is_replayed)
		metrics_note_refund(refunding->call.service->metrics,
		    &refunding->out.refund);
	http_request_resume(refunding->call.request);
}

/* With the lines at fault, where there are any. */
static void
refunding_refuse(struct http_request *request, enum err e,
    const struct refund_result *out)
{
	const char *advice = "Nothing is left to refund.";

	if (e == ERR_NOT_REFUNDABLE && out->refused_count > 0)
		advice = "Refund the album first that these lines were "
		    "deducted from.";
	else if (e == ERR_NOT_REFUNDABLE)
		advice = "The account that paid is gone, or its balance is "
		    "full.";
	else if (e == ERR_DUPLICATE_ITEM)
		advice = "Nothing was refunded: name each line once.";
	else if (e == ERR_OUT_OF_RANGE)
		advice = "Nothing was refunded: name items of this purchase.";
	http_reply_problem(request, e, json_pack("{s:o}", "items",
	    shape_uuids(out->refused, out->refused_count)), "%s", advice);
}

static void
refunding_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct refunding *refunding = http_request_state(request);
	const struct refund_result *out = &refunding->out;
	enum err e = refunding->call.job.result;
	struct json_text text;

	if (e == ERR_OK) {
		json_text_begin(&text);
		shape_write_refunded(&text, &out->purchase, &out->refund,
		    service->settings->currency);
		http_reply_json_text(request, call_made_status(request,
		    out->is_replayed), &text);
	} else if (e == ERR_NOT_REFUNDABLE || e == ERR_ALREADY_REFUNDED ||
	    e == ERR_DUPLICATE_ITEM || e == ERR_OUT_OF_RANGE) {
		refunding_refuse(request, e, out);
	} else {
		call_reply_error(request, e);
	}
}

void
handle_refund_purchase(struct http_request *request, void *application)
{
	struct refunding *refunding = calloc(1, sizeof(*refunding));

	call_forbid_caching(request);
	if (refunding == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, refunding, refunding_release);
	if (!call_path_id(request, "purchase", &refunding->in.purchase) ||
	    !call_admin_request(request, &refunding->in.request) ||
	    !call_parse(request, application, refund_members, REFUND_COUNT,
	    &refunding->members))
		return;
	refunding->in.items = refunding->members.lines.ids;
	refunding->in.item_count = refunding->members.lines.count;
	refunding->in.reason = refunding->members.reason;
	refunding->call.job.run = refunding_run;
	refunding->call.job.done = refunding_done;
	call_submit(&refunding->call, application, request,
	    refunding_answer);
}

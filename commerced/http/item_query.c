/* Search and browse; facets. */
#include <stddef.h>
#include <stdlib.h>

#include "commerced/http/answers.h"
#include "commerced/http/call.h"
#include "commerced/http/item_query.h"
#include "commerced/shop/catalogue.h"
#include "common/clock.h"

#define FACETS_HOLD_MS 10000	/* they take long, and are of many items */

/* The parameters, as they are named. */
struct item_parameters {
	const char *q;
	const char *kind;
	const char *creator;
	const char *genre;
	const char *sort;
	int64_t limit;
	const char *cursor;
};

#define FIELD(f) offsetof(struct item_parameters, f)
static const struct member item_parameters[] = {
	{ .name = "q", .kind = MEMBER_LINE, .offset = FIELD(q),
	    .most = ITEM_QUERY_MAX },
	{ .name = "kind", .kind = MEMBER_LINE, .offset = FIELD(kind),
	    .least = 1, .most = 32 },
	{ .name = "creator", .kind = MEMBER_LINE, .offset = FIELD(creator),
	    .least = 1, .most = ITEM_CREATOR_MAX },
	{ .name = "genre", .kind = MEMBER_LINE, .offset = FIELD(genre),
	    .least = 1, .most = ITEM_GENRE_MAX },
	{ .name = "sort", .kind = MEMBER_LINE, .offset = FIELD(sort),
	    .least = 1, .most = 32 },
	{ .name = "limit", .kind = MEMBER_INTEGER, .offset = FIELD(limit),
	    .least = 1, .most = ITEM_LIMIT_MAX },
	{ .name = "cursor", .kind = MEMBER_LINE, .offset = FIELD(cursor),
	    .most = PAGE_CURSOR_MAX },
};
#undef FIELD
#define PARAMETER_COUNT (sizeof(item_parameters) / sizeof(item_parameters[0]))

/* Words into their meaning; false: it was answered. */
static bool
item_query_fill(struct http_request *request,
    const struct item_parameters *parameters, struct item_query *query)
{
	query->q = parameters->q != NULL && parameters->q[0] != '\0' ?
	    parameters->q : NULL;
	query->creator = parameters->creator;
	query->genre = parameters->genre;
	query->limit = (size_t)parameters->limit;
	query->cursor = parameters->cursor;
	query->has_kind = parameters->kind != NULL;
	if (query->has_kind &&
	    item_kind_parse(parameters->kind, &query->kind) != ERR_OK) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "kind",
		    "kind: track, album, video, book, audiobook, software, "
		    "bundle or other");
		return false;
	}
	query->sort = query->q != NULL ? ITEM_SORT_RELEVANCE :
	    ITEM_SORT_NEWEST;
	if (parameters->sort != NULL &&
	    item_sort_parse(parameters->sort, &query->sort) != ERR_OK) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "sort",
		    "sort: newest, title, creator, price, popularity or, "
		    "with q, relevance");
		return false;
	}
	if (query->sort == ITEM_SORT_RELEVANCE && query->q == NULL) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "sort",
		    "sort: relevance needs q");
		return false;
	}
	return true;
}

/* --- asking --------------------------------------------------------------- */

/* One request; where it may take long, a worker thread asks. */
struct item_asking {
	struct worker_job work;		/* first */
	struct http_request *request;
	struct service *service;
	json_t *object;			/* which the query's texts are of */
	struct item_query query;
	struct answer_validity validity;
	bool is_facets;
	struct item_list list;
	struct facets facets;
	enum err result;
};

static void
item_asking_release(void *state)
{
	struct item_asking *asking = state;

	item_list_clear(&asking->list);
	facets_clear(&asking->facets);
	json_decref(asking->object);
	free(asking);
}

static void
item_asking_run(struct item_asking *asking)
{
	struct shop *shop = asking->service->shop;

	asking->result = asking->is_facets ?
	    facets_get(shop, &asking->query, &asking->facets) :
	    item_list(shop, &asking->query, &asking->list);
}

static void
item_asking_work(struct worker_job *work)
{
	struct item_asking *asking = (struct item_asking *)work;

	item_asking_run(asking);
	http_request_resume(asking->request);
}

static void
item_asking_answer(struct http_request *request, void *application)
{
	struct item_asking *asking = http_request_state(request);
	const struct service *service = application;
	const struct settings *settings = service->settings;
	struct json_text json;

	if (asking->result != ERR_OK) {
		call_reply_error(request, asking->result);
		return;
	}
	json_text_begin(&json);
	if (asking->is_facets)
		shape_write_facets(&json, &asking->facets);
	else
		shape_write_item_list(&json, &asking->list, settings,
		    asking->query.any_state ? SHAPE_PEOPLE : SHAPE_BUYER);
	if (asking->query.any_state)
		http_reply_json_text(request, 200, &json);
	else
		answers_reply_new(service->answers, request,
		    &asking->validity, &json);
}

static void
item_asking_submit(struct item_asking *asking)
{
	asking->work.run = item_asking_work;
	http_request_suspend(asking->request, item_asking_answer);
	if (worker_pool_submit(asking->service->lookups, &asking->work) !=
	    ERR_OK) {
		asking->result = ERR_BUSY;
		http_request_resume(asking->request);
	}
}

static void
item_asking_begin(struct item_asking *asking)
{
	struct item_parameters parameters = { .limit = PAGE_ROWS_DEFAULT };

	if (!call_parse_query(asking->request, item_parameters,
	    PARAMETER_COUNT, &parameters, &asking->object) ||
	    !item_query_fill(asking->request, &parameters, &asking->query))
		return;
	if (asking->is_facets || item_query_is_slow(&asking->query)) {
		item_asking_submit(asking);
		return;
	}
	item_asking_run(asking);
	item_asking_answer(asking->request, asking->service);
}

static struct item_asking *
item_asking_new(struct http_request *request, struct service *service)
{
	struct item_asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return NULL;
	}
	http_request_set_state(request, asking, item_asking_release);
	asking->request = request;
	asking->service = service;
	asking->validity.stamp = catalogue_stamp_get(service->shop);
	asking->validity.until_ms = clock_monotonic_ms();
	return asking;
}

void
item_query_answer(struct http_request *request, struct service *service,
    enum shape_view view)
{
	struct item_asking *asking = item_asking_new(request, service);

	if (asking == NULL)
		return;
	asking->query.any_state = view == SHAPE_PEOPLE;
	if (view == SHAPE_PEOPLE ||
	    !answers_reply(service->answers, request, &asking->validity))
		item_asking_begin(asking);
}

void
facet_query_answer(struct http_request *request, struct service *service)
{
	struct item_asking *asking = item_asking_new(request, service);

	if (asking == NULL ||
	    answers_reply(service->answers, request, &asking->validity))
		return;
	asking->is_facets = true;
	asking->validity.by_time = true;
	asking->validity.until_ms += FACETS_HOLD_MS;
	item_asking_begin(asking);
}

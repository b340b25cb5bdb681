/* Search and browse; facets. */
#include <stddef.h>
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/item_query.h"
#include "commerced/shop/catalogue.h"

#define LIMIT_DEFAULT 20
#define CURSOR_MAX 4096

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
	    .most = CURSOR_MAX },
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

void
item_query_answer(struct http_request *request, struct service *service,
    enum shape_view view)
{
	struct item_parameters parameters = { .limit = LIMIT_DEFAULT };
	struct item_query query = { 0 };
	struct item_list list = { 0 };
	json_t *object = NULL;
	enum err e;

	if (!call_parse_query(request, item_parameters, PARAMETER_COUNT,
	    &parameters, &object))
		return;
	if (!item_query_fill(request, &parameters, &query))
		goto out;
	query.any_state = view == SHAPE_PEOPLE;
	e = item_list(service->shop, &query, &list);
	if (e == ERR_OK)
		http_reply_json(request, 200, shape_item_list(&list,
		    service->settings->currency, view));
	else
		call_reply_error(request, e);
out:
	item_list_clear(&list);
	json_decref(object);
}

/* --- facets: they look at many items, so a worker thread does ------------ */

struct facet_query {
	struct worker_job work;		/* first */
	struct http_request *request;
	struct service *service;
	json_t *object;			/* which the query's texts are of */
	struct item_query query;
	struct facets facets;
	enum err result;
};

static void
facet_query_release(void *state)
{
	struct facet_query *facet_query = state;

	facets_clear(&facet_query->facets);
	json_decref(facet_query->object);
	free(facet_query);
}

static void
facet_query_work(struct worker_job *work)
{
	struct facet_query *facet_query = (struct facet_query *)work;

	facet_query->result = facets_get(facet_query->service->shop,
	    &facet_query->query, &facet_query->facets);
	http_request_resume(facet_query->request);
}

static void
facet_query_answer(struct http_request *request, void *application)
{
	const struct facet_query *facet_query = http_request_state(request);

	(void)application;
	if (facet_query->result == ERR_OK)
		http_reply_json(request, 200,
		    shape_facets(&facet_query->facets));
	else
		call_reply_error(request, facet_query->result);
}

void
facet_query_submit(struct http_request *request, struct service *service)
{
	struct item_parameters parameters = { .limit = LIMIT_DEFAULT };
	struct facet_query *facet_query = calloc(1, sizeof(*facet_query));

	if (facet_query == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, facet_query, facet_query_release);
	facet_query->request = request;
	facet_query->service = service;
	facet_query->work.run = facet_query_work;
	if (!call_parse_query(request, item_parameters, PARAMETER_COUNT,
	    &parameters, &facet_query->object) ||
	    !item_query_fill(request, &parameters, &facet_query->query))
		return;
	http_request_suspend(request, facet_query_answer);
	if (worker_pool_submit(service->lookups, &facet_query->work) !=
	    ERR_OK) {
		facet_query->result = ERR_BUSY;
		http_request_resume(request);
	}
}

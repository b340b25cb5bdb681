/* Search and browse. */
#include <stddef.h>

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
		    "sort: newest, title, creator, price or, with q, "
		    "relevance");
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

/* The query of a list of items, the same for buyers and for the people. */
#ifndef COMMERCED_HTTP_ITEM_QUERY_H
#define COMMERCED_HTTP_ITEM_QUERY_H

#include "commerced/http/service.h"
#include "commerced/http/shape.h"

/*
 * Parse the query, read the page, answer.  SHAPE_BUYER: what is on sale;
 * SHAPE_PEOPLE: everything.
 */
void item_query_answer(struct http_request *request,
    struct service *service, enum shape_view view);

/*
 * Parse the same query, and answer with the facets of what it finds on sale,
 * as they were at most some seconds ago.
 */
void facet_query_answer(struct http_request *request,
    struct service *service);

#endif

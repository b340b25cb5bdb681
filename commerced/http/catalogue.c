/* What everybody may see: the shop, what is on sale. */
#include "commerced/http/answers.h"
#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/item_query.h"
#include "commerced/http/shape.h"
#include "commerced/shop/catalogue.h"
#include "common/clock.h"

void
handle_get_shop(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct settings *settings = service->settings;

	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 200, json_pack("{s:s, s:s, s:s, s:[s], s:o}",
	    "name", settings->shop_name,
	    "commerce_id", settings->commerce_id,
	    "currency", settings->currency,
	    "pay_with", "credit",
	    "server_time", shape_time_ms(shop_now_ms(service->shop))));
}

void
handle_list_items(struct http_request *request, void *application)
{
	item_query_answer(request, application, SHAPE_BUYER);
}

void
handle_get_facets(struct http_request *request, void *application)
{
	facet_query_answer(request, application);
}

void
handle_get_item(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct principal *principal = call_principal(request);
	const bool is_personal = principal->has_session;
	const struct answer_validity validity = {
	    .stamp = catalogue_stamp_get(service->shop) };
	struct item item = { 0 };
	struct json_text json;
	struct uuid id;
	enum err e;

	http_reply_field(request, "Vary", "Authorization, Cookie");
	if (is_personal)
		call_forbid_caching(request);
	else if (answers_reply(service->answers, request, &validity))
		return;
	if (!call_path_id(request, "item", &id))
		return;
	e = item_get(service->shop, &id, is_personal ?
	    principal->session.account : 0, &item);
	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	json_text_begin(&json);
	shape_write_item(&json, &item, service->settings, SHAPE_BUYER);
	if (is_personal)
		http_reply_json_text(request, 200, &json);
	else
		answers_reply_new(service->answers, request, &validity, &json);
	item_clear(&item);
}

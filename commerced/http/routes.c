/* The whole outside surface of commerced. */
#include "commerced/http/handlers.h"
#include "commerced/http/service.h"
#include "common/http_operator.h"

#define KIB(n) ((uint64_t)1024 * (n))
#define MIB(n) (KIB(1024) * (n))
#define ALL (HTTP_PUBLIC | HTTP_PEOPLE | HTTP_OPERATOR)
#define JSON(max, function) .body = HTTP_BODY_JSON, .body_max_bytes = (max), \
	.handle = (function)
#define PICTURE(max, function) .body = HTTP_BODY_STREAM, \
	.body_max_bytes = (max), .begin = (function), \
	.piece = handle_picture_piece, .handle = handle_finish_picture

static const struct http_route routes[] = {
	/* the shop and what is on sale */
	{ "GET", "/v1/shop", HTTP_PUBLIC, AUTH_ANYBODY,
	    .handle = handle_get_shop },
	{ "GET", "/v1/items", HTTP_PUBLIC,
	    AUTH_ANYBODY | TAKES_QUERY, .handle = handle_list_items },
	{ "GET", "/v1/facets", HTTP_PUBLIC,
	    AUTH_ANYBODY | TAKES_QUERY, .handle = handle_get_facets },
	{ "GET", "/v1/items/{item}", HTTP_PUBLIC, AUTH_SESSION_OPTIONAL,
	    .handle = handle_get_item },
	{ "GET", "/v1/items/{item}/cover", HTTP_PUBLIC, AUTH_SESSION_OPTIONAL,
	    .handle = handle_get_cover },
	{ "GET", "/v1/items/{item}/preview", HTTP_PUBLIC,
	    AUTH_SESSION_OPTIONAL, .handle = handle_get_preview },

	/* accounts and sessions */
	{ "POST", "/v1/accounts", HTTP_PUBLIC, AUTH_NEW_SESSION,
	    JSON(KIB(64), handle_register) },
	{ "POST", "/v1/sessions", HTTP_PUBLIC, AUTH_NEW_SESSION,
	    JSON(KIB(64), handle_sign_in) },
	{ "GET", "/v1/sessions", HTTP_PUBLIC,
	    AUTH_SESSION | TAKES_QUERY, .handle = handle_list_sessions },
	{ "DELETE", "/v1/session", HTTP_PUBLIC, AUTH_SESSION,
	    .handle = handle_end_this_session },
	{ "DELETE", "/v1/sessions/{session}", HTTP_PUBLIC, AUTH_SESSION,
	    .handle = handle_end_session },
	{ "GET", "/v1/account", HTTP_PUBLIC, AUTH_SESSION,
	    .handle = handle_get_account },
	{ "PATCH", "/v1/account", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_change_account) },
	{ "DELETE", "/v1/account", HTTP_PUBLIC, AUTH_SESSION | TAKES_QUERY,
	    .handle = handle_delete_account },
	{ "GET", "/v1/account/export", HTTP_PUBLIC, AUTH_SESSION,
	    .handle = handle_export_account },
	{ "POST", "/v1/password-resets", HTTP_PUBLIC, AUTH_NEW_SESSION,
	    JSON(KIB(64), handle_reset_password) },

	/* money, purchases, the library */
	{ "POST", "/v1/gift-codes/redeem", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_redeem_code) },
	{ "POST", "/v1/claims", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_claim) },
	{ "POST", "/v1/quotes", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_quote_items) },
	{ "POST", "/v1/purchases", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_buy_items) },
	{ "GET", "/v1/purchases", HTTP_PUBLIC,
	    AUTH_SESSION | TAKES_QUERY, .handle = handle_list_purchases },
	{ "GET", "/v1/purchases/{purchase}", HTTP_PUBLIC, AUTH_SESSION,
	    .handle = handle_get_purchase },
	{ "GET", "/v1/library", HTTP_PUBLIC,
	    AUTH_SESSION | TAKES_QUERY, .handle = handle_list_library },
	{ "POST", "/v1/library/{file}/access", HTTP_PUBLIC, AUTH_SESSION,
	    .body = HTTP_BODY_JSON_OPTIONAL, .body_max_bytes = KIB(64),
	    .handle = handle_issue_access },
	{ "POST", "/v1/library/{file}/completed", HTTP_PUBLIC, AUTH_SESSION,
	    JSON(KIB(64), handle_complete_file) },

	/* the shop's own people */
	{ "POST", "/admin/v1/items", HTTP_PEOPLE, AUTH_ADMIN,
	    JSON(KIB(64), handle_create_item) },
	{ "GET", "/admin/v1/items", HTTP_PEOPLE,
	    AUTH_ADMIN | TAKES_QUERY, .handle = handle_list_any_items },
	{ "GET", "/admin/v1/items/{item}", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_get_any_item },
	{ "PATCH", "/admin/v1/items/{item}", HTTP_PEOPLE, AUTH_ADMIN,
	    JSON(KIB(64), handle_change_item) },
	{ "DELETE", "/admin/v1/items/{item}", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_withdraw_item },
	{ "POST", "/admin/v1/items/{item}/publish", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_publish_item },
	{ "PUT", "/admin/v1/items/{item}/files/{name}", HTTP_PEOPLE,
	    AUTH_ADMIN, .body = HTTP_BODY_STREAM,
	    .begin = handle_begin_upload, .piece = handle_upload_piece,
	    .handle = handle_finish_upload },
	{ "GET", "/admin/v1/items/{item}/files/{name}", HTTP_PEOPLE,
	    AUTH_ADMIN, .handle = handle_get_file },
	{ "DELETE", "/admin/v1/items/{item}/files/{name}", HTTP_PEOPLE,
	    AUTH_ADMIN, .handle = handle_remove_file },
	{ "PUT", "/admin/v1/items/{item}/cover", HTTP_PEOPLE, AUTH_ADMIN,
	    PICTURE(MIB(5), handle_begin_cover) },
	{ "GET", "/admin/v1/items/{item}/cover", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_get_any_cover },
	{ "DELETE", "/admin/v1/items/{item}/cover", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_remove_cover },
	{ "PUT", "/admin/v1/items/{item}/preview", HTTP_PEOPLE, AUTH_ADMIN,
	    PICTURE(MIB(20), handle_begin_preview) },
	{ "GET", "/admin/v1/items/{item}/preview", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_get_any_preview },
	{ "DELETE", "/admin/v1/items/{item}/preview", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_remove_preview },
	{ "POST", "/admin/v1/gift-codes", HTTP_PEOPLE, AUTH_ADMIN,
	    JSON(KIB(64), handle_issue_codes) },
	{ "POST", "/admin/v1/fulfilments", HTTP_PEOPLE, AUTH_ADMIN,
	    JSON(KIB(64), handle_fulfil) },
	{ "GET", "/admin/v1/purchases", HTTP_PEOPLE,
	    AUTH_ADMIN | TAKES_QUERY, .handle = handle_list_all_purchases },
	{ "GET", "/admin/v1/purchases/{purchase}", HTTP_PEOPLE, AUTH_ADMIN,
	    .handle = handle_get_any_purchase },
	{ "GET", "/admin/v1/accounts", HTTP_PEOPLE,
	    AUTH_ADMIN | TAKES_QUERY, .handle = handle_list_accounts },
	{ "GET", "/admin/v1/ledger", HTTP_PEOPLE,
	    AUTH_ADMIN | TAKES_QUERY, .handle = handle_list_ledger },
	{ "GET", "/admin/v1/sales", HTTP_PEOPLE,
	    AUTH_ADMIN | TAKES_QUERY, .handle = handle_list_sales },
	{ "POST", "/admin/v1/purchases/{purchase}/refund", HTTP_PEOPLE,
	    AUTH_ADMIN, JSON(KIB(64), handle_refund_purchase) },
	{ "POST", "/admin/v1/accounts/{account}/reset-code", HTTP_PEOPLE,
	    AUTH_ADMIN, .handle = handle_issue_reset_code },

	/* who runs it */
	{ "GET", "/healthz", ALL, AUTH_NOTHING,
	    .handle = http_operator_handle_health },
	{ "GET", "/readyz", HTTP_OPERATOR, AUTH_NOTHING,
	    .handle = handle_ready },
	{ "GET", "/metrics", HTTP_OPERATOR, AUTH_NOTHING,
	    .handle = handle_metrics },
	{ .method = NULL },
};

const struct http_route *
service_routes(void)
{
	return routes;
}

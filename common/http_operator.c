/* Handlers that both daemons share. */
#include "common/http_operator.h"

void
http_operator_handle_health(struct http_request *request, void *application)
{
	(void)application;
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 200, json_pack("{s:s}", "status", "ok"));
}

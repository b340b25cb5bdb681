/* Handlers that both daemons share. */
#include "common/http_operator.h"

#include "common/clock.h"

void
http_operator_handle_health(struct http_request *request, void *application)
{
	(void)application;
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 200, json_pack("{s:s}", "status", "ok"));
}

void
http_operator_add_reason(json_t *reasons, bool applies, const char *sentence)
{
	if (applies)
		json_array_append_new(reasons, json_string(sentence));
}

void
http_operator_reply_ready(struct http_request *request, json_t *reasons,
    json_t *details)
{
	json_t *answer;
	bool is_ready;

	http_operator_add_reason(reasons,
	    !clock_is_plausible(clock_unix_s()),
	    "the clock stands before the day this program was built; set it");
	http_operator_add_reason(reasons, http_request_is_draining(request),
	    "the daemon is stopping");
	is_ready = json_array_size(reasons) == 0;
	answer = json_pack("{s:b, s:o}", "ready", is_ready, "reasons",
	    reasons);
	if (details != NULL)
		json_object_update(answer, details);
	json_decref(details);
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, is_ready ? 200 : 503, answer);
}

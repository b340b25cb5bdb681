/* What every daemon answers to who runs it. */
#ifndef COMMON_HTTP_OPERATOR_H
#define COMMON_HTTP_OPERATOR_H

#include "common/http_server.h"

/* GET /healthz: alive, which is all it says. */
http_handler http_operator_handle_health;

/*
 * GET /readyz: a daemon makes an array of reasons, sentences why it cannot do
 * its work, and answers with it.  Reasons that both have are added: 200 when
 * there is none, else 503.  details: further members, or NULL.  Both are freed.
 */
void http_operator_add_reason(json_t *reasons, bool applies,
    const char *sentence);
void http_operator_reply_ready(struct http_request *request, json_t *reasons,
    json_t *details);

#endif

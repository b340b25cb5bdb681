/* What every daemon answers to who runs it. */
#ifndef COMMON_HTTP_OPERATOR_H
#define COMMON_HTTP_OPERATOR_H

#include "common/http_server.h"

/* GET /healthz: alive, which is all it says. */
http_handler http_operator_handle_health;

#endif

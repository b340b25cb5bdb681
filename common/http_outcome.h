/* What a program is told of each request, for its numbers to watch. */
#ifndef COMMON_HTTP_OUTCOME_H
#define COMMON_HTTP_OUTCOME_H

#include <stdint.h>

#include "common/err.h"

struct http_route;

/* How a request went, once it is over. */
struct http_outcome {
	const struct http_route *route;	/* NULL: none was found */
	int status;			/* 0: it got no answer */
	enum err refusal;		/* of a problem; ERR_OK: it was none */
	int64_t took_us;		/* from its first line to the end of
					 * its answer */
};

#endif

/* Work of a request that waits for the disk: the request is suspended, a
 * worker does it, the request goes on.
 */
#ifndef STORED_ERRAND_H
#define STORED_ERRAND_H

#include "common/http_server.h"
#include "common/worker_pool.h"

/* Embedded in the request's state, which lives until the request ends. */
struct errand {
	struct worker_job job;
	struct http_request *request;
	enum err (*work)(struct errand *errand);
	enum err result;	/* of work; ERR_BUSY: there were too many */
};

/*
 * Do work on a worker, then call then() on an event thread.  The handler's
 * last use of request and errand.
 */
void errand_send(struct errand *errand, struct worker_pool *workers,
    struct http_request *request, enum err (*work)(struct errand *),
    http_handler *then);

#endif

/* What takes a password: a turn on a password thread, then the writer.  Their
 * number and their queue are bounded, and so is the time that a request waits:
 * who waited for longer is told 503, so that a storm of sign-ins ends.
 */
#ifndef COMMERCED_HTTP_PASSWORD_WORK_H
#define COMMERCED_HTTP_PASSWORD_WORK_H

#include "commerced/http/call.h"
#include "common/worker_pool.h"

/* A member of the state of a request, beside its call. */
struct password_work {
	struct worker_job job;
	struct call *call;
	int64_t until_ms;	/* its turn comes until then */
	enum err (*run)(struct call *call);
};

/*
 * Suspend the request of call, then run(call) on a password thread and, when
 * that is ERR_OK, call->job on the writer; then() finds in call->job.result
 * how it went: ERR_BUSY when there was no turn for it.  The handler's last use
 * of the request.
 */
void password_work_submit(struct password_work *work, struct call *call,
    enum err (*run)(struct call *call), http_handler *then);

#endif

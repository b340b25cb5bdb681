#include "commerced/http/password_work.h"

#include "common/clock.h"

static void
password_work_end(struct call *call, enum err e)
{
	call->job.result = e;
	http_request_resume(call->request);
}

static void
password_work_run(struct worker_job *job)
{
	struct password_work *work = (struct password_work *)job;
	struct call *call = work->call;
	enum err e = ERR_BUSY;

	if (clock_monotonic_ms() <= work->until_ms)
		e = work->run(call);
	if (e == ERR_OK)
		call_continue(call);
	else
		password_work_end(call, e);
}

void
password_work_submit(struct password_work *work, struct call *call,
    enum err (*run)(struct call *call), http_handler *then)
{
	struct service *service = call->service;

	*work = (struct password_work){
		.job = { .run = password_work_run },
		.call = call,
		.until_ms = clock_monotonic_ms() +
		    service->settings->password_wait_s * 1000,
		.run = run,
	};
	http_request_suspend(call->request, then);
	if (worker_pool_submit(service->passwords, &work->job) != ERR_OK)
		password_work_end(call, ERR_BUSY);
}

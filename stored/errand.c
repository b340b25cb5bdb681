/* Suspend, work, resume. */
#include "stored/errand.h"

static void
run(struct worker_job *job)
{
	struct errand *errand = (struct errand *)job;

	errand->result = errand->work(errand);
	http_request_resume(errand->request);
}

void
errand_send(struct errand *errand, struct worker_pool *workers,
    struct http_request *request, enum err (*work)(struct errand *),
    http_handler *then)
{
	errand->job.run = run;
	errand->request = request;
	errand->work = work;
	http_request_suspend(request, then);
	if (worker_pool_submit(workers, &errand->job) == ERR_OK)
		return;
	errand->result = ERR_BUSY;
	http_request_resume(request);
}

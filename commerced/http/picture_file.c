#include "commerced/http/picture_file.h"

#include <stdlib.h>

#include "commerced/shop/picture.h"

struct errand {
	struct worker_job work;		/* first */
	const struct service *service;
	struct uuid id;
	int64_t started_s;
};

static void
discard_work(struct worker_job *work)
{
	struct errand *errand = (struct errand *)work;

	(void)pictures_remove(errand->service->pictures, &errand->id);
	free(errand);
}

static enum err
is_shown(void *context, const struct uuid *id, bool *out)
{
	const struct errand *errand = context;

	return picture_is_shown(errand->service->shop, id, out);
}

static void
sweep_work(struct worker_job *work)
{
	struct errand *errand = (struct errand *)work;

	/* What is being uploaded now has its name before it has its row. */
	(void)pictures_sweep(errand->service->pictures,
	    errand->started_s - 1, is_shown, errand);
	free(errand);
}

static void
send(const struct service *service, const struct errand *in,
    void (*run)(struct worker_job *))
{
	struct errand *errand = malloc(sizeof(*errand));

	if (errand == NULL)
		return;
	*errand = *in;
	errand->service = service;
	errand->work.run = run;
	worker_pool_submit_cleanup(service->disk, &errand->work);
}

void
picture_file_discard(const struct service *service, const struct uuid *id)
{
	const struct errand errand = { .id = *id };

	send(service, &errand, discard_work);
}

void
picture_file_sweep(const struct service *service, int64_t started_s)
{
	const struct errand errand = { .started_s = started_s };

	send(service, &errand, sweep_work);
}

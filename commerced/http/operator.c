/* For who runs it: readiness and metrics. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/publish.h"
#include "commerced/shop/search.h"
#include "common/http_operator.h"

#define SEARCH_AGE_MS 10000	/* of the index, while all is well */

void
handle_ready(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct search_status search;
	int64_t backlog = 0, oldest_ms = 0;
	json_t *reasons = json_array();
	enum err e;

	e = shop_check(service->shop);
	if (e == ERR_OK)
		e = push_backlog(service->shop, &backlog, &oldest_ms);
	http_operator_add_reason(reasons, e != ERR_OK, err_text(e));
	search_status_get(service->shop, &search);
	http_operator_reply_ready(request, reasons, json_pack(
	    "{s:s, s:I, s:o}",
	    "search", !search.is_ready ? "being made" :
	    search.age_ms > SEARCH_AGE_MS ? "behind" : "ok",
	    "files_waiting_for_storage", (json_int_t)backlog,
	    "oldest_waits_since", oldest_ms == 0 ? json_null() :
	    shape_time_ms(oldest_ms)));
}

/* How many writes the groups had that were committed together. */
static void
metrics_write_groups(FILE *out, const struct shop_counts *counts)
{
	uint64_t sum = 0;

	(void)fputs("# HELP commerced_commit_group_writes Writes in a group, "
	    "which is committed as one.\n"
	    "# TYPE commerced_commit_group_writes histogram\n", out);
	for (unsigned i = 0; i < SHOP_GROUP_BUCKETS; i++) {
		sum += counts->groups_by_size[i];
		if (i < SHOP_GROUP_BUCKETS - 1)
			(void)fprintf(out, "commerced_commit_group_writes_"
			    "bucket{le=\"%u\"} %" PRIu64 "\n", 1U << i, sum);
	}
	(void)fprintf(out, "commerced_commit_group_writes_bucket{le=\"+Inf\"} "
	    "%" PRIu64 "\ncommerced_commit_group_writes_sum %" PRIu64
	    "\ncommerced_commit_group_writes_count %" PRIu64 "\n", sum,
	    counts->grouped, sum);
}

static void
metrics_write_shop(FILE *out, struct service *service)
{
	struct shop_counts counts;

	shop_counts_get(service->shop, &counts);
	metric_write(out, "jobs_done_total", "counter",
	    "Writes that were committed.", counts.jobs_done);
	metric_write(out, "jobs_refused_total", "counter",
	    "Writes that were refused or lost.", counts.jobs_refused);
	metric_write(out, "commits_total", "counter",
	    "Groups of writes that were committed.", counts.groups);
	metric_write(out, "commits_lost_total", "counter",
	    "Groups of writes that the database rolled back.",
	    counts.groups_lost);
	metric_write(out, "checkpoints_total", "counter",
	    "Checkpoints of the write-ahead log.", counts.checkpoints);
	metric_write(out, "wal_frames", "gauge",
	    "Pages in the write-ahead log.", counts.wal_frames);
	metric_write(out, "jobs_waiting", "gauge",
	    "Writes that wait for the writer.", counts.jobs_waiting);
	metrics_write_groups(out, &counts);
}

static void
metrics_write_search(FILE *out, struct service *service)
{
	struct search_status search;

	search_status_get(service->shop, &search);
	metric_write(out, "search_ready", "gauge",
	    "1 when there is a search index.", search.is_ready);
	metric_write(out, "search_age_seconds", "gauge",
	    "Time since the search index had every change.",
	    (uint64_t)search.age_ms / 1000);
	metric_write(out, "search_order_age_seconds", "gauge",
	    "Time since it was put in order by popularity.",
	    (uint64_t)search.order_age_ms / 1000);
	metric_write(out, "search_made_total", "counter",
	    "Search indexes that were made anew.", search.made);
	metric_write(out, "search_failures_total", "counter",
	    "Attempts to make or follow that failed.", search.failures);
}

void
handle_metrics(struct http_request *request, void *application)
{
	struct service *service = application;
	int64_t backlog = 0, oldest_ms = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	http_reply_field(request, "Cache-Control", "no-store");
	if (out == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_server_write_metrics(service->server, out, "commerced");
	metrics_write(service->metrics, service->settings->currency, out);
	metrics_write_shop(out, service);
	push_write_metrics(service->push, out);
	metrics_write_search(out, service);
	if (push_backlog(service->shop, &backlog, &oldest_ms) == ERR_OK)
		metric_write(out, "push_waiting", "gauge",
		    "Versions on their way to the storage service, or to be "
		    "deleted there.",
		    (uint64_t)backlog);
	metric_write(out, "push_oldest_waiting_seconds", "gauge",
	    "Time since the oldest upload that is not stored yet.",
	    oldest_ms == 0 ? 0 : (uint64_t)(shop_now_ms(service->shop) -
	    oldest_ms) / 1000);
	metric_write(out, "disk_jobs_waiting", "gauge",
	    "Jobs that wait for a disk thread.",
	    worker_pool_waiting(service->disk));
	metric_write(out, "password_jobs_waiting", "gauge",
	    "Sign-ins and registrations that wait for a password thread.",
	    worker_pool_waiting(service->passwords));
	metric_write(out, "lookup_jobs_waiting", "gauge",
	    "Facets and exports that wait for their thread.",
	    worker_pool_waiting(service->lookups));
	if (fclose(out) != 0)
		call_reply_error(request, ERR_NO_MEMORY);
	else
		http_reply_bytes(request, 200,
		    "text/plain; version=0.0.4; charset=utf-8", text, size);
	free(text);
}

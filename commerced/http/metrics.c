/* A stripe of counters for each thread; who reads adds them up.  The series of
 * a request is found by arithmetic: its route's row in the table, and the first
 * digit of its status.
 */
#include "commerced/http/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/service.h"
#include "common/stripe.h"

#define CLASSES 4		/* 2xx to 5xx */
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

/* Where the buckets of response times end. */
static const struct {
	int64_t most_us;
	const char *seconds;
} bounds[] = {
	{ 500, "0.0005" }, { 1000, "0.001" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 50000, "0.05" }, { 100000, "0.1" },
	{ 500000, "0.5" }, { 1000000, "1" }, { 5000000, "5" },
	{ 30000000, "30" },
};

enum sale { SALES, SALE_LINES, SALE_AMOUNT, REFUNDS, REFUND_AMOUNT,
	SALE__COUNT };

struct series {
	_Atomic uint64_t buckets[BOUNDS + 1];	/* the last: longer */
	_Atomic uint64_t sum_us;
};

struct stripe {
	_Alignas(STRIPE_BYTES) _Atomic uint64_t refused[ERR__COUNT];
	struct series series[];
};

struct metrics {
	const struct http_route *routes;
	size_t route_count;
	size_t stripe_size;
	char *stripes;
	_Atomic uint64_t sales[SALE__COUNT];	/* the writer's */
};

static struct stripe *
stripe_at(const struct metrics *metrics, size_t index)
{
	return (struct stripe *)(void *)(metrics->stripes +
	    index * metrics->stripe_size);
}

/* Series are by route, those without one last, and then by class. */
static size_t
series_count(const struct metrics *metrics)
{
	return (metrics->route_count + 1) * CLASSES;
}

enum err
metrics_new(const struct http_route *routes, struct metrics **out)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	size_t size;

	*out = NULL;
	if (metrics == NULL)
		return ERR_NO_MEMORY;
	metrics->routes = routes;
	while (routes[metrics->route_count].method != NULL)
		metrics->route_count++;
	size = sizeof(struct stripe) +
	    series_count(metrics) * sizeof(struct series);
	metrics->stripe_size = (size + STRIPE_BYTES - 1) / STRIPE_BYTES *
	    STRIPE_BYTES;
	metrics->stripes = stripes_new(metrics->stripe_size);
	if (metrics->stripes == NULL) {
		free(metrics);
		return ERR_NO_MEMORY;
	}
	*out = metrics;
	return ERR_OK;
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	free(metrics->stripes);
	free(metrics);
}

/* --- counting ------------------------------------------------------------- */

static void
add(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void
metrics_request_ended(const struct http_outcome *outcome, void *application)
{
	const struct service *service = application;
	struct metrics *metrics = service->metrics;
	struct stripe *stripe = stripe_at(metrics, stripe_mine());
	size_t route = outcome->route == NULL ? metrics->route_count :
	    (size_t)(outcome->route - metrics->routes);
	struct series *series;
	size_t bucket = 0;

	if (outcome->refusal != ERR_OK)
		add(&stripe->refused[outcome->refusal], 1);
	if (outcome->status < 200 || outcome->status >= 600)
		return;
	series = &stripe->series[route * CLASSES +
	    (size_t)outcome->status / 100 - 2];
	while (bucket < BOUNDS && outcome->took_us > bounds[bucket].most_us)
		bucket++;
	add(&series->buckets[bucket], 1);
	add(&series->sum_us, (uint64_t)outcome->took_us);
}

void
metrics_note_sale(struct metrics *metrics, const struct purchase *purchase)
{
	add(&metrics->sales[SALES], 1);
	add(&metrics->sales[SALE_LINES], purchase->line_count);
	add(&metrics->sales[SALE_AMOUNT], (uint64_t)purchase->total_minor);
}

void
metrics_note_refund(struct metrics *metrics, const struct refund *refund)
{
	add(&metrics->sales[REFUNDS], 1);
	add(&metrics->sales[REFUND_AMOUNT], (uint64_t)refund->amount_minor);
}

/* --- as text -------------------------------------------------------------- */

static void
write_head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP commerced_%s %s\n# TYPE commerced_%s %s\n",
	    name, help, name, type);
}

void
metric_write(FILE *out, const char *name, const char *type, const char *help,
    uint64_t value)
{
	write_head(out, name, type, help);
	(void)fprintf(out, "commerced_%s %" PRIu64 "\n", name, value);
}

/* Of all threads together; false: nothing yet. */
static bool
read_series(const struct metrics *metrics, size_t index, uint64_t *buckets,
    uint64_t *sum_us)
{
	uint64_t count = 0;

	memset(buckets, 0, (BOUNDS + 1) * sizeof(*buckets));
	*sum_us = 0;
	for (size_t i = 0; i < STRIPES; i++) {
		const struct series *series =
		    &stripe_at(metrics, i)->series[index];

		for (size_t j = 0; j <= BOUNDS; j++) {
			uint64_t one = atomic_load_explicit(
			    &series->buckets[j], memory_order_relaxed);

			buckets[j] += one;
			count += one;
		}
		*sum_us += atomic_load_explicit(&series->sum_us,
		    memory_order_relaxed);
	}
	return count > 0;
}

/* The labels that all lines of a series have. */
static void
write_labels(const struct metrics *metrics, size_t index, FILE *out)
{
	const struct http_route *route = &metrics->routes[index / CLASSES];
	bool is_known = index / CLASSES < metrics->route_count;

	/* No pattern has a quote or a backslash. */
	(void)fprintf(out, "route=\"%s\",method=\"%s\",code=\"%zuxx\"",
	    is_known ? route->pattern : "other",
	    is_known ? route->method : "other", index % CLASSES + 2);
}

static void
write_series(const struct metrics *metrics, size_t index, FILE *out)
{
	static const char name[] = "commerced_http_request_duration_seconds";
	uint64_t buckets[BOUNDS + 1], sum_us, count = 0;

	if (!read_series(metrics, index, buckets, &sum_us))
		return;
	for (size_t i = 0; i <= BOUNDS; i++) {
		count += buckets[i];
		(void)fprintf(out, "%s_bucket{", name);
		write_labels(metrics, index, out);
		(void)fprintf(out, ",le=\"%s\"} %" PRIu64 "\n",
		    i < BOUNDS ? bounds[i].seconds : "+Inf", count);
	}
	(void)fprintf(out, "%s_sum{", name);
	write_labels(metrics, index, out);
	(void)fprintf(out, "} %" PRIu64 ".%06" PRIu64 "\n%s_count{",
	    sum_us / 1000000, sum_us % 1000000, name);
	write_labels(metrics, index, out);
	(void)fprintf(out, "} %" PRIu64 "\n", count);
}

/* Several errors may have one slug: the first of them tells of all. */
static bool
is_first_of_slug(enum err e)
{
	for (int i = 1; i < (int)e; i++)
		if (strcmp(err_slug((enum err)i), err_slug(e)) == 0)
			return false;
	return true;
}

static void
write_refusals(const struct metrics *metrics, FILE *out)
{
	write_head(out, "http_refusals_total", "counter",
	    "Requests that were answered with a problem, by its slug.");
	for (int e = 1; e < ERR__COUNT; e++) {
		uint64_t count = 0;

		if (!is_first_of_slug((enum err)e))
			continue;
		for (int other = e; other < ERR__COUNT; other++)
			for (size_t i = 0; i < STRIPES && strcmp(err_slug(
			    (enum err)other), err_slug((enum err)e)) == 0; i++)
				count += atomic_load_explicit(&stripe_at(
				    metrics, i)->refused[other],
				    memory_order_relaxed);
		if (count > 0)
			(void)fprintf(out, "commerced_http_refusals_total"
			    "{slug=\"%s\"} %" PRIu64 "\n",
			    err_slug((enum err)e), count);
	}
}

static void
write_amount(const struct metrics *metrics, enum sale which,
    const char *name, const char *currency, FILE *out)
{
	(void)fprintf(out, "commerced_%s{currency=\"%s\"} %" PRIu64 "\n", name,
	    currency, atomic_load(&metrics->sales[which]));
}

void
metrics_write(const struct metrics *metrics, const char *currency, FILE *out)
{
	write_head(out, "http_request_duration_seconds", "histogram",
	    "From the first line of a request to the end of its answer.");
	for (size_t i = 0; i < series_count(metrics); i++)
		write_series(metrics, i, out);
	write_refusals(metrics, out);
	metric_write(out, "purchases_total", "counter",
	    "Purchases that were made.", atomic_load(&metrics->sales[SALES]));
	metric_write(out, "purchase_lines_total", "counter",
	    "Lines of these purchases.",
	    atomic_load(&metrics->sales[SALE_LINES]));
	write_head(out, "sold_minor_units_total", "counter",
	    "What these purchases cost, in minor units of the currency.");
	write_amount(metrics, SALE_AMOUNT, "sold_minor_units_total",
	    currency, out);
	metric_write(out, "refunds_total", "counter", "Refunds that were made.",
	    atomic_load(&metrics->sales[REFUNDS]));
	write_head(out, "refunded_minor_units_total", "counter",
	    "What was paid back, in minor units of the currency.");
	write_amount(metrics, REFUND_AMOUNT, "refunded_minor_units_total",
	    currency, out);
}

/* Counters without locks, but for the birth of one for a key; each thread
 * counts in a stripe of its own.
 */
#include "stored/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stripe.h"
#include "common/token.h"

#define KEY_BUCKETS 64

struct key_stripe {
	_Alignas(STRIPE_BYTES) _Atomic uint64_t count;
};

/* Accepted tokens of one key; linked once, for good. */
struct key_counter {
	char commerce_id[COMMERCE_ID_MAX + 1];
	char key_id[KEY_ID_MAX + 1];
	struct key_stripe *stripes;
	struct key_counter *next;
};

struct stripe {
	_Alignas(STRIPE_BYTES) _Atomic uint64_t counts[METRIC__COUNT];
	_Atomic uint64_t refused[ERR__COUNT];
};

struct metrics {
	struct stripe *stripes;
	pthread_mutex_t linking;
	struct key_counter *_Atomic keys[KEY_BUCKETS];
};

static const struct {
	const char *name, *help;
} texts[METRIC__COUNT] = {
	[METRIC_DOWNLOADS] = { "stored_downloads_total",
	    "Answers with an object or a part of one." },
	[METRIC_DOWNLOAD_BYTES] = { "stored_download_bytes_total",
	    "Bytes of objects in those answers." },
	[METRIC_OBJECTS_STORED] = { "stored_objects_stored_total",
	    "Objects stored or replaced." },
	[METRIC_PIECES_STORED] = { "stored_pieces_stored_total",
	    "Pieces kept that were not the last." },
	[METRIC_UPLOAD_BYTES] = { "stored_upload_bytes_total",
	    "Bytes of objects that arrived." },
	[METRIC_UPLOADS_CUT] = { "stored_uploads_cut_total",
	    "Uploads that ended in the middle of the body." },
	[METRIC_OBJECTS_REMOVED] = { "stored_objects_removed_total",
	    "Objects removed by their issuer." },
	[METRIC_SCRUB_OBJECTS] = { "stored_scrub_objects_total",
	    "Objects that scrubbing has read." },
	[METRIC_SCRUB_BYTES] = { "stored_scrub_bytes_total",
	    "Bytes that scrubbing has read." },
	[METRIC_SCRUB_DAMAGED] = { "stored_scrub_damaged_total",
	    "Objects found damaged and put into quarantine." },
	[METRIC_SCRUB_UNREADABLE] = { "stored_scrub_unreadable_total",
	    "Objects and folders that could not be read." },
};

enum err
metrics_new(struct metrics **out)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	*out = NULL;
	if (metrics == NULL)
		return ERR_NO_MEMORY;
	metrics->stripes = stripes_new(sizeof(*metrics->stripes));
	if (metrics->stripes == NULL) {
		free(metrics);
		return ERR_NO_MEMORY;
	}
	*out = metrics;
	pthread_mutex_init(&metrics->linking, NULL);
	return ERR_OK;
}

void
metrics_free(struct metrics *metrics)
{
	struct key_counter *counter, *next;

	if (metrics == NULL)
		return;
	for (size_t i = 0; i < KEY_BUCKETS; i++)
		for (counter = metrics->keys[i]; counter != NULL;
		    counter = next) {
			next = counter->next;
			free(counter->stripes);
			free(counter);
		}
	pthread_mutex_destroy(&metrics->linking);
	free(metrics->stripes);
	free(metrics);
}

/* Nobody waits for a counter: no order with other memory is needed. */
static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void
metrics_add(struct metrics *metrics, enum metric metric, uint64_t more)
{
	stripe_add(&metrics->stripes[stripe_mine()].counts[metric], more);
}

void
metrics_refused(struct metrics *metrics, enum err e)
{
	stripe_add(&metrics->stripes[stripe_mine()].refused[e], 1);
}

static struct key_counter *_Atomic *
bucket_of(struct metrics *metrics, const char *commerce_id,
    const char *key_id)
{
	uint32_t hash = 2166136261;	/* FNV-1a */

	for (const char *p = commerce_id; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619;
	for (const char *p = key_id; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619;
	return &metrics->keys[hash % KEY_BUCKETS];
}

static struct key_counter *
find(struct key_counter *counter, const char *commerce_id,
    const char *key_id)
{
	while (counter != NULL &&
	    (strcmp(counter->key_id, key_id) != 0 ||
	    strcmp(counter->commerce_id, commerce_id) != 0))
		counter = counter->next;
	return counter;
}

/* Under the lock: the counter is new unless another thread was first. */
static struct key_counter *
find_or_link(struct key_counter *_Atomic *bucket, const char *commerce_id,
    const char *key_id)
{
	struct key_counter *counter = find(*bucket, commerce_id, key_id);

	if (counter != NULL)
		return counter;
	counter = calloc(1, sizeof(*counter));
	if (counter == NULL)
		return NULL;
	counter->stripes = stripes_new(sizeof(*counter->stripes));
	if (counter->stripes == NULL) {
		free(counter);
		return NULL;
	}
	snprintf(counter->commerce_id, sizeof(counter->commerce_id), "%s",
	    commerce_id);
	snprintf(counter->key_id, sizeof(counter->key_id), "%s", key_id);
	counter->next = *bucket;
	*bucket = counter;	/* complete before others see it */
	return counter;
}

/* NULL without memory. */
static struct key_counter *
counter_of(struct metrics *metrics, const char *commerce_id,
    const char *key_id)
{
	struct key_counter *_Atomic *bucket = bucket_of(metrics, commerce_id,
	    key_id);
	struct key_counter *counter = find(*bucket, commerce_id, key_id);

	if (counter == NULL) {
		pthread_mutex_lock(&metrics->linking);
		counter = find_or_link(bucket, commerce_id, key_id);
		pthread_mutex_unlock(&metrics->linking);
	}
	return counter;
}

void
metrics_know_key(struct metrics *metrics, const char *commerce_id,
    const char *key_id)
{
	(void)counter_of(metrics, commerce_id, key_id);
}

void
metrics_token_accepted(struct metrics *metrics, const char *commerce_id,
    const char *key_id)
{
	struct key_counter *counter = counter_of(metrics, commerce_id, key_id);

	if (counter != NULL)
		stripe_add(&counter->stripes[stripe_mine()].count, 1);
}

static void
write_head(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
}

static uint64_t
refused(const struct metrics *metrics, enum err e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < STRIPES; i++)
		sum += get(&metrics->stripes[i].refused[e]);
	return sum;
}

static uint64_t
counted(const struct metrics *metrics, enum metric metric)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < STRIPES; i++)
		sum += get(&metrics->stripes[i].counts[metric]);
	return sum;
}

static uint64_t
accepted(const struct key_counter *counter)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < STRIPES; i++)
		sum += get(&counter->stripes[i].count);
	return sum;
}

/* Several errors share a slug: one line for each slug, at its first error. */
static void
write_refusals(const struct metrics *metrics, FILE *out)
{
	write_head(out, "stored_refused_total",
	    "Requests refused after the gate, by problem.");
	for (int e = ERR_OK + 1; e < ERR__COUNT; e++) {
		const char *slug = err_slug((enum err)e);
		uint64_t count = 0;
		int first = ERR__COUNT;

		for (int other = ERR__COUNT - 1; other > ERR_OK; other--)
			if (strcmp(err_slug((enum err)other), slug) == 0) {
				count += refused(metrics, (enum err)other);
				first = other;
			}
		if (first == e && count > 0)
			fprintf(out, "stored_refused_total{problem=\"%s\"} %"
			    PRIu64 "\n", slug, count);
	}
}

void
metrics_write(struct metrics *metrics, FILE *out)
{
	const struct key_counter *counter;

	for (size_t i = 0; i < METRIC__COUNT; i++) {
		write_head(out, texts[i].name, texts[i].help);
		fprintf(out, "%s %" PRIu64 "\n", texts[i].name,
		    counted(metrics, (enum metric)i));
	}
	write_refusals(metrics, out);
	write_head(out, "stored_tokens_accepted_total",
	    "Tokens accepted, by the key that signed them.");
	for (size_t i = 0; i < KEY_BUCKETS; i++)
		for (counter = metrics->keys[i]; counter != NULL;
		    counter = counter->next)
			fprintf(out, "stored_tokens_accepted_total"
			    "{commerce=\"%s\",key=\"%s\"} %" PRIu64 "\n",
			    counter->commerce_id, counter->key_id,
			    accepted(counter));
}

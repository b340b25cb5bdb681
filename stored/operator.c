/* /readyz, /metrics and /scrub. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/http_operator.h"
#include "stored/errand.h"
#include "stored/stored.h"

struct readiness {
	struct errand errand;		/* first: an errand is a readiness */
	struct stored *stored;
};

/* --- ready? -------------------------------------------------------------- */

static enum err
probe_root(struct errand *errand)
{
	const struct readiness *readiness = (struct readiness *)errand;

	return objects_probe(readiness->stored->objects);
}

static void
answer_ready(struct http_request *request, void *application)
{
	struct stored *stored = application;
	const struct readiness *readiness = http_request_state(request);
	enum err e = readiness->errand.result;
	json_t *reasons = json_array();

	http_operator_add_reason(reasons, e == ERR_STORAGE_FULL,
	    "no space is left below object-root, or less than "
	    "free-space-reserve");
	http_operator_add_reason(reasons, e == ERR_BUSY,
	    "too much to do, or no descriptors left");
	http_operator_add_reason(reasons, e != ERR_OK &&
	    e != ERR_STORAGE_FULL && e != ERR_BUSY,
	    "object-root cannot be written to");
	http_operator_add_reason(reasons,
	    authority_key_count(stored->authority) == 0,
	    "the file of signing-keys holds no key");
	http_operator_reply_ready(request, reasons, NULL);
}

void
operator_ready(struct http_request *request, void *application)
{
	struct stored *stored = application;
	struct readiness *readiness = calloc(1, sizeof(*readiness));

	if (readiness == NULL) {
		http_reply_error(request, ERR_NO_MEMORY, NULL);
		return;
	}
	readiness->stored = stored;
	http_request_set_state(request, readiness, free);
	errand_send(&readiness->errand, stored->workers, request, probe_root,
	    answer_ready);
}

/* --- metrics ------------------------------------------------------------- */

static void
write_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name,
	    help, name, name, value);
}

static void
write_scrub_metrics(struct stored *stored, FILE *out)
{
	struct scrub_status status;

	scrub_status_get(stored->scrub, &status);
	write_gauge(out, "stored_scrub_is_running",
	    "1 while a round of scrubbing is under way.",
	    status.rounds.current.number != 0);
	write_gauge(out, "stored_scrub_ended_seconds",
	    "When the last whole round of scrubbing ended; 0: never.",
	    (uint64_t)status.rounds.last.ended_s);
	write_gauge(out, "stored_scrub_last_findings",
	    "Objects that the last whole round found damaged or unreadable.",
	    status.rounds.last.damaged + status.rounds.last.unreadable);
}

static void
write_media(const struct media_counts *counts, FILE *out)
{
	write_gauge(out, "stored_open_files",
	    "Descriptors of objects kept open.", counts->files);
	write_gauge(out, "stored_ready_answers",
	    "Answers kept ready, each for an object and a file name.",
	    counts->replies);
	write_gauge(out, "stored_ready_answer_bytes",
	    "About the memory that these take.", counts->memory_bytes);
	fprintf(out, "# HELP stored_object_lookups_total Requests for an "
	    "object, by whether it was open.\n"
	    "# TYPE stored_object_lookups_total counter\n"
	    "stored_object_lookups_total{open=\"yes\"} %" PRIu64 "\n"
	    "stored_object_lookups_total{open=\"no\"} %" PRIu64 "\n",
	    counts->hits, counts->misses);
}

static void
write_metrics(struct stored *stored, FILE *out)
{
	const struct media_counts media = media_cache_counts(stored->media);
	uint64_t free_bytes;

	metrics_write(stored->metrics, out);
	write_media(&media, out);
	if (objects_free_space(stored->objects, &free_bytes) == ERR_OK)
		write_gauge(out, "stored_free_bytes",
		    "Space that is free for objects, the reserve included.",
		    free_bytes);
	write_scrub_metrics(stored, out);
	write_gauge(out, "stored_pieces_remembered",
	    "Uploads in pieces that are in memory.",
	    pieces_count(stored->pieces));
	write_gauge(out, "stored_work_waiting",
	    "Jobs that wait for a worker.",
	    worker_pool_waiting(stored->workers));
	write_gauge(out, "stored_signing_keys", "Signing keys in use.",
	    authority_key_count(stored->authority));
	http_server_write_metrics(stored->server, out, "stored");
}

void
operator_metrics(struct http_request *request, void *application)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		http_reply_error(request, ERR_NO_MEMORY, NULL);
		return;
	}
	write_metrics(application, out);
	if (fclose(out) == 0) {
		http_reply_field(request, "Cache-Control", "no-store");
		http_reply_bytes(request, 200,
		    "text/plain; version=0.0.4; charset=utf-8", text, size);
	} else {
		http_reply_error(request, ERR_NO_MEMORY, NULL);
	}
	free(text);
}

/* --- scrubbing ------------------------------------------------------------ */

/* null for a round that there is not. */
static json_t *
round_as_json(const struct scrub_round *round)
{
	char began[CLOCK_TEXT_SIZE], ended[CLOCK_TEXT_SIZE];

	if (round->number == 0)
		return json_null();
	clock_text(began, round->began_s);
	clock_text(ended, round->ended_s);
	return json_pack("{s:I, s:s, s:s?, s:I, s:I, s:I, s:I}",
	    "round", (json_int_t)round->number, "began_at", began,
	    "ended_at", round->ended_s == 0 ? NULL : ended,
	    "objects", (json_int_t)round->objects,
	    "bytes", (json_int_t)round->bytes,
	    "damaged", (json_int_t)round->damaged,
	    "unreadable", (json_int_t)round->unreadable);
}

static json_t *
findings_as_json(const struct scrub_status *status)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < status->finding_count; i++) {
		const struct scrub_finding *finding = &status->findings[i];

		json_array_append_new(findings, json_pack("{s:s, s:s, s:s}",
		    "finding", finding->is_unreadable ? "unreadable" :
		    "damaged", "commerce", finding->key.commerce_id,
		    "object", finding->key.object));
	}
	return findings;
}

void
operator_scrub_status(struct http_request *request, void *application)
{
	struct stored *stored = application;
	struct scrub_status *status = malloc(sizeof(*status));

	if (status == NULL) {
		http_reply_error(request, ERR_NO_MEMORY, NULL);
		return;
	}
	scrub_status_get(stored->scrub, status);
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 200, json_pack("{s:o, s:o, s:o}",
	    "current", round_as_json(&status->rounds.current),
	    "last", round_as_json(&status->rounds.last),
	    "findings", findings_as_json(status)));
	free(status);
}

void
operator_scrub(struct http_request *request, void *application)
{
	struct stored *stored = application;

	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 202, json_pack("{s:I}", "round",
	    (json_int_t)scrub_ask(stored->scrub)));
}

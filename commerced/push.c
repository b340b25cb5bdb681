/* The push thread.
 *
 * A pass looks into the books for what is to be stored, deleted or dropped,
 * and begins as many transfers as may be under way; then the thread sleeps
 * until a transfer ended, something was announced, or a time has come.  The
 * books are the queue: a crash at any point repeats a PUT or a DELETE, which
 * the storage service takes as done.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commerced/push.h"
#include "commerced/push_delay.h"
#include "commerced/push_send.h"
#include "commerced/push_slot.h"
#include "commerced/shop/publish.h"
#include "commerced/storage_client.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"

#define PUSH_TRANSFERS_MOST 64
#define PUSH_BATCH (2 * PUSH_TRANSFERS_MOST)
#define PUSH_REFUSED_LEAST_MS INT64_C(60000)
#define PUSH_HELD_FAILURES_MOST 2	/* a rest of two seconds */

enum push_count { PUSH_COUNT_STORED, PUSH_COUNT_DELETED, PUSH_COUNT_DROPPED,
	PUSH_COUNT_UNREACHABLE, PUSH_COUNT_REFUSED, PUSH_COUNT__COUNT };

struct push_service {
	struct push_options options;
	struct storage_client *client;
	struct push_sender sender;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;		/* for the next three */
	struct push_waiter *waiters;
	bool stops;
	bool retries;
	atomic_uint_fast64_t counts[PUSH_COUNT__COUNT];
	atomic_uint_fast64_t sent_bytes;
	/* the thread's own */
	struct push_delays delays;
	struct push_slot slots[PUSH_TRANSFERS_MOST];
	struct push batch[PUSH_BATCH];
};

static void
push_count(struct push_service *push, enum push_count count)
{
	(void)atomic_fetch_add(&push->counts[count], 1);
}

static bool
push_stops(struct push_service *push)
{
	bool stops;

	(void)pthread_mutex_lock(&push->lock);
	stops = push->stops;
	(void)pthread_mutex_unlock(&push->lock);
	return stops;
}

/* --- who waits ------------------------------------------------------------ */

/*
 * Wake those that wait for version_id (NULL: for any) and whose deadline is
 * not after now_ms; returns the first deadline of those left.
 */
static int64_t
push_wake_waiters(struct push_service *push, const struct uuid *version_id,
    int64_t now_ms, bool is_stored)
{
	struct push_waiter **place = &push->waiters, *woken = NULL, *waiter;
	int64_t next_ms = INT64_MAX;

	(void)pthread_mutex_lock(&push->lock);
	while ((waiter = *place) != NULL) {
		if (waiter->deadline_ms <= now_ms && (version_id == NULL ||
		    memcmp(version_id, &waiter->version_id,
		    sizeof(*version_id)) == 0)) {
			*place = waiter->next;
			waiter->next = woken;
			woken = waiter;
			continue;
		}
		if (waiter->deadline_ms < next_ms)
			next_ms = waiter->deadline_ms;
		place = &waiter->next;
	}
	(void)pthread_mutex_unlock(&push->lock);
	while ((waiter = woken) != NULL) {
		woken = waiter->next;
		waiter->is_stored = is_stored;
		waiter->wake(waiter);
	}
	return next_ms;
}

void
push_announce(struct push_service *push, struct push_waiter *waiter)
{
	bool stops;

	(void)pthread_mutex_lock(&push->lock);
	stops = push->stops;
	if (!stops && waiter != NULL) {
		waiter->is_stored = false;
		waiter->next = push->waiters;
		push->waiters = waiter;
	}
	(void)pthread_mutex_unlock(&push->lock);
	if (!stops)
		storage_client_wake(push->client);
	else if (waiter != NULL)
		waiter->wake(waiter);
}

void
push_retry(struct push_service *push)
{
	(void)pthread_mutex_lock(&push->lock);
	push->retries = true;
	(void)pthread_mutex_unlock(&push->lock);
	storage_client_wake(push->client);
}

static void
push_take_retry(struct push_service *push)
{
	bool retries;

	(void)pthread_mutex_lock(&push->lock);
	retries = push->retries;
	push->retries = false;
	(void)pthread_mutex_unlock(&push->lock);
	if (retries)
		push_delays_reset(&push->delays, true);
}

/* --- what the books are told ---------------------------------------------- */

struct push_job {
	struct shop_job job;	/* first */
	enum err (*record)(struct shop_transaction *tx, int64_t version);
	int64_t version;
	int64_t not_before_ms;	/* where record is NULL: it failed */
};

static enum err
push_job_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct push_job *p = (struct push_job *)job;

	if (p->record == NULL)
		return push_failed(tx, p->version, p->not_before_ms);
	return p->record(tx, p->version);
}

static enum err
push_record(struct push_service *push, int64_t version,
    enum err (*record)(struct shop_transaction *tx, int64_t version),
    int64_t not_before_ms)
{
	struct push_job job = { .job = { .run = push_job_run },
	    .record = record, .version = version,
	    .not_before_ms = not_before_ms };

	return shop_run(push->options.shop, &job.job);
}

/*
 * It did not work: rest, and let the books know for how long.  failures: in a
 * row, this one included.
 */
static void
push_put_off(struct push_service *push, const struct push *what,
    int64_t failures, bool is_refused, const char *why)
{
	uint32_t random;
	int64_t wait_ms, not_before_ms;

	secret_random(&random, sizeof(random));
	wait_ms = push_back_off_ms(failures, random);
	if (is_refused && wait_ms < PUSH_REFUSED_LEAST_MS)
		wait_ms = PUSH_REFUSED_LEAST_MS;
	not_before_ms = shop_now_ms(push->options.shop) + wait_ms;
	push_count(push, is_refused ? PUSH_COUNT_REFUSED :
	    PUSH_COUNT_UNREACHABLE);
	log_warning("storage: not done object=%s attempt=%lld "
	    "again_in_s=%lld: %s", what->object,
	    (long long)what->attempts + 1, (long long)(wait_ms + 999) / 1000,
	    why);
	push_delays_add(&push->delays, what->version, not_before_ms,
	    is_refused);
	(void)push_record(push, what->version, NULL, not_before_ms);
}

/* --- the end of a transfer ------------------------------------------------ */

/* Done at the storage service; now in the books. */
static void
push_settle(struct push_service *push, const struct push_slot *slot)
{
	const struct push *what = &slot->push;
	enum err e = ERR_OK;

	if (slot->kind == PUSH_DELETE)
		e = spool_object_remove(push->options.spool, what->object);
	if (e == ERR_OK)
		e = push_record(push, what->version,
		    slot->kind == PUSH_DELETE ? push_deleted : push_stored, 0);
	if (e != ERR_OK) {
		push_put_off(push, what, what->attempts + 1, false,
		    err_text(e));
		return;
	}
	push_delays_remove(&push->delays, what->version);
	push_delays_reset(&push->delays, false);
	if (slot->kind == PUSH_DELETE) {
		push_count(push, PUSH_COUNT_DELETED);
		log_info("storage: deleted object=%s", what->object);
		return;
	}
	push_count(push, PUSH_COUNT_STORED);
	log_info("storage: stored object=%s sealed_size=%lld", what->object,
	    (long long)what->sealed_size);
	(void)push_wake_waiters(push, &what->version_id, INT64_MAX, true);
}

/*
 * What moves on is not failing in a row, and who still holds the pieces of
 * what was cut just now (409) will soon let go of them.
 */
static int64_t
push_failures(const struct push_slot *slot,
    const struct storage_answer *answer)
{
	int64_t failures = slot->push.attempts + 1;

	if (slot->has_moved)
		return 1;
	return answer->status == 409 && failures > PUSH_HELD_FAILURES_MOST ?
	    PUSH_HELD_FAILURES_MOST : failures;
}

static void
push_fail(struct push_service *push, const struct push_slot *slot,
    const struct storage_answer *answer, bool is_refused)
{
	char why[STORAGE_REASON_SIZE + STORAGE_SLUG_SIZE + 64];

	(void)snprintf(why, sizeof(why), "%s status=%d slug=%s: %s",
	    answer->result == ERR_OK ? "refused" :
	    answer->result == ERR_IO ? "unreadable" : "unreachable",
	    answer->status, answer->slug, answer->reason);
	push_put_off(push, &slot->push, push_failures(slot, answer),
	    is_refused, why);
}

/* The next piece; false when the slot has nothing under way. */
static bool
push_go_on(struct push_service *push, struct push_slot *slot)
{
	enum err e = push_send(&push->sender, slot);

	if (e != ERR_OK)
		push_put_off(push, &slot->push, slot->push.attempts + 1,
		    e == ERR_OBJECT_NOT_FOUND, err_text(e));
	return e == ERR_OK;
}

static void
push_end(struct push_service *push, const struct storage_answer *answer)
{
	struct push_slot *slot = answer->context;

	(void)atomic_fetch_add(&push->sent_bytes, answer->sent);
	slot->is_used = false;
	switch (push_slot_take(slot, answer)) {
	case PUSH_IS_DONE:
		push_settle(push, slot);
		break;
	case PUSH_GOES_ON:
		slot->is_used = push_go_on(push, slot);
		break;
	case PUSH_HAS_FAILED:
		push_fail(push, slot, answer, false);
		break;
	case PUSH_IS_REFUSED:
		push_fail(push, slot, answer, true);
		break;
	}
}

/* --- a pass --------------------------------------------------------------- */

static struct push_slot *
push_slot_free(struct push_service *push)
{
	for (int64_t i = 0; i < push->options.transfers; i++)
		if (!push->slots[i].is_used)
			return &push->slots[i];
	return NULL;
}

static bool
push_is_under_way(const struct push_service *push, int64_t version)
{
	for (size_t i = 0; i < PUSH_TRANSFERS_MOST; i++)
		if (push->slots[i].is_used &&
		    push->slots[i].push.version == version)
			return true;
	return false;
}

static void
push_begin(struct push_service *push, enum push_kind kind,
    const struct push *what)
{
	struct push_slot *slot = push_slot_free(push);
	enum err e;

	*slot = (struct push_slot){ .push = *what, .kind = kind,
	    .is_used = true };
	e = push_send(&push->sender, slot);
	if (e == ERR_OK)
		return;
	slot->is_used = false;
	push_put_off(push, what, what->attempts + 1,
	    e == ERR_OBJECT_NOT_FOUND,
	    e == ERR_OBJECT_NOT_FOUND ? "its sealed file is gone: upload the "
	    "file again" : err_text(e));
}

/*
 * keep-sealed = no: what is stored needs no copy here.  False: something
 * failed, and the rest waits for another pass.
 */
static bool
push_drop(struct push_service *push, const struct push *what)
{
	enum err e = spool_object_remove(push->options.spool, what->object);

	if (e == ERR_OK)
		e = push_record(push, what->version, push_dropped, 0);
	if (e != ERR_OK)
		return false;
	push_count(push, PUSH_COUNT_DROPPED);
	log_info("dropped the kept copy object=%s", what->object);
	return true;
}

/*
 * Begin what is due of one kind and may be begun; the time of the first that
 * is not due yet, in Unix milliseconds.
 */
static int64_t
push_pass_kind(struct push_service *push, enum push_kind kind, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX, due_ms;
	size_t count = 0;

	if (push_list(push->options.shop, kind, push->batch, PUSH_BATCH,
	    &count) != ERR_OK)
		return now_ms + 1000;
	for (size_t i = 0; i < count; i++) {
		const struct push *what = &push->batch[i];

		if (push_is_under_way(push, what->version))
			continue;
		due_ms = push_delays_get(&push->delays, what->version,
		    what->not_before_ms);
		if (due_ms > now_ms) {
			next_ms = due_ms < next_ms ? due_ms : next_ms;
			continue;
		}
		/* The end of a transfer brings the next pass. */
		if (push_slot_free(push) == NULL)
			break;
		push_begin(push, kind, what);
		/* Put off at once: look again when that time has come. */
		if (!push_is_under_way(push, what->version))
			next_ms = now_ms + 1000 < next_ms ? now_ms + 1000 :
			    next_ms;
	}
	return next_ms;
}

static int64_t
push_pass_drop(struct push_service *push, int64_t now_ms)
{
	size_t count = 0, done = 0;

	if (push_list(push->options.shop, PUSH_DROP, push->batch, PUSH_BATCH,
	    &count) != ERR_OK)
		return now_ms + 1000;
	while (done < count && push_drop(push, &push->batch[done]))
		done++;
	if (done < count)
		return now_ms + PUSH_REFUSED_LEAST_MS;
	return count == PUSH_BATCH ? now_ms : INT64_MAX;
}

/* Milliseconds until there is something to do by itself. */
static int64_t
push_pass(struct push_service *push)
{
	int64_t now_ms = shop_now_ms(push->options.shop);
	int64_t next_ms, other_ms;

	push_take_retry(push);
	next_ms = push_pass_kind(push, PUSH_STORE, now_ms);
	other_ms = push_pass_kind(push, PUSH_DELETE, now_ms);
	next_ms = other_ms < next_ms ? other_ms : next_ms;
	if (!push->options.keep_sealed) {
		other_ms = push_pass_drop(push, now_ms);
		next_ms = other_ms < next_ms ? other_ms : next_ms;
	}
	return next_ms == INT64_MAX ? INT64_MAX : next_ms - now_ms;
}

/* --- the thread ----------------------------------------------------------- */

static enum err
push_is_wanted(void *context, const char *object, bool *out)
{
	struct push_service *push = context;

	if (push_stops(push))
		return ERR_BUSY;
	return publish_object_is_local(push->options.shop, object, out);
}

static void *
push_main(void *context)
{
	struct push_service *push = context;
	struct storage_answer answer;

	(void)pthread_setname_np(pthread_self(), "push");
	(void)spool_sweep(push->options.spool, push->options.started_s - 1,
	    push_is_wanted, push);
	while (!push_stops(push)) {
		int64_t wait_ms = push_pass(push);
		int64_t now_ms = clock_monotonic_ms();
		int64_t deadline_ms = push_wake_waiters(push, NULL, now_ms,
		    false);

		if (deadline_ms != INT64_MAX && deadline_ms - now_ms < wait_ms)
			wait_ms = deadline_ms - now_ms;
		if (storage_client_wait(push->client, wait_ms, &answer))
			push_end(push, &answer);
	}
	return NULL;
}

enum err
push_start(const struct push_options *options, struct push_service **out)
{
	struct push_service *push = calloc(1, sizeof(*push));
	enum err e;

	*out = NULL;
	if (push == NULL)
		return ERR_NO_MEMORY;
	push->options = *options;
	if (push->options.transfers > PUSH_TRANSFERS_MOST)
		push->options.transfers = PUSH_TRANSFERS_MOST;
	if (pthread_mutex_init(&push->lock, NULL) != 0) {
		free(push);
		return ERR_NO_MEMORY;
	}
	e = storage_client_new(options->connect_to, &push->client);
	push->sender = (struct push_sender){ .shop = options->shop,
	    .spool = options->spool, .client = push->client,
	    .piece_bytes = options->piece_bytes };
	if (e == ERR_OK && pthread_create(&push->thread, NULL, push_main,
	    push) != 0)
		e = ERR_INTERNAL;
	push->has_thread = e == ERR_OK;
	if (e != ERR_OK) {
		push_free(push);
		return e;
	}
	*out = push;
	return ERR_OK;
}

void
push_stop(struct push_service *push)
{
	(void)pthread_mutex_lock(&push->lock);
	push->stops = true;
	(void)pthread_mutex_unlock(&push->lock);
	if (!push->has_thread)
		return;
	storage_client_wake(push->client);
	(void)pthread_join(push->thread, NULL);
	push->has_thread = false;
	(void)push_wake_waiters(push, NULL, INT64_MAX, false);
}

void
push_free(struct push_service *push)
{
	if (push == NULL)
		return;
	push_stop(push);
	storage_client_free(push->client);
	push_delays_clear(&push->delays);
	(void)pthread_mutex_destroy(&push->lock);
	free(push);
}

void
push_write_metrics(struct push_service *push, FILE *out)
{
	static const char *const results[PUSH_COUNT__COUNT] = {
		[PUSH_COUNT_STORED] = "stored",
		[PUSH_COUNT_DELETED] = "deleted",
		[PUSH_COUNT_DROPPED] = "dropped",
		[PUSH_COUNT_UNREACHABLE] = "unreachable",
		[PUSH_COUNT_REFUSED] = "refused",
	};

	(void)fprintf(out, "# HELP commerced_push_total Requests to the "
	    "storage service, and kept copies dropped, by how they ended.\n"
	    "# TYPE commerced_push_total counter\n");
	for (size_t i = 0; i < PUSH_COUNT__COUNT; i++)
		(void)fprintf(out, "commerced_push_total{result=\"%s\"} %llu\n",
		    results[i],
		    (unsigned long long)atomic_load(&push->counts[i]));
	(void)fprintf(out, "# HELP commerced_push_sent_bytes_total Bytes of "
	    "sealed files that left for the storage service.\n"
	    "# TYPE commerced_push_sent_bytes_total counter\n"
	    "commerced_push_sent_bytes_total %llu\n",
	    (unsigned long long)atomic_load(&push->sent_bytes));
}

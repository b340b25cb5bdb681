/* Back-off: how long, and what ends it early. */
#include <stdlib.h>

#include "commerced/push_delay.h"

#define PUSH_BACK_OFF_FIRST_MS INT64_C(1000)

struct push_delay {
	int64_t version;
	int64_t not_before_ms;
	bool is_refused;
};

int64_t
push_back_off_ms(int64_t failures, uint32_t random)
{
	int64_t wait_ms = PUSH_BACK_OFF_FIRST_MS;

	for (int64_t i = 1; i < failures && wait_ms < PUSH_BACK_OFF_MOST_MS;
	    i++)
		wait_ms *= 2;
	if (wait_ms > PUSH_BACK_OFF_MOST_MS)
		wait_ms = PUSH_BACK_OFF_MOST_MS;
	return wait_ms - (wait_ms / 2 * (int64_t)random >> 32);
}

void
push_delays_clear(struct push_delays *delays)
{
	free(delays->rows);
	delays->rows = NULL;
	delays->count = delays->capacity = 0;
}

static struct push_delay *
push_delays_find(const struct push_delays *delays, int64_t version)
{
	for (size_t i = 0; i < delays->count; i++)
		if (delays->rows[i].version == version)
			return &delays->rows[i];
	return NULL;
}

static struct push_delay *
push_delays_append(struct push_delays *delays)
{
	if (delays->count == delays->capacity) {
		size_t capacity = delays->capacity * 2 + 16;
		struct push_delay *rows = realloc(delays->rows,
		    capacity * sizeof(rows[0]));

		if (rows == NULL)
			return NULL;
		delays->rows = rows;
		delays->capacity = capacity;
	}
	return &delays->rows[delays->count++];
}

void
push_delays_add(struct push_delays *delays, int64_t version,
    int64_t not_before_ms, bool is_refused)
{
	struct push_delay *row = push_delays_find(delays, version);

	if (row == NULL)
		row = push_delays_append(delays);
	if (row == NULL)
		return;
	row->version = version;
	row->not_before_ms = not_before_ms;
	row->is_refused = is_refused;
}

void
push_delays_remove(struct push_delays *delays, int64_t version)
{
	struct push_delay *row = push_delays_find(delays, version);

	if (row != NULL)
		*row = delays->rows[--delays->count];
}

void
push_delays_reset(struct push_delays *delays, bool everything)
{
	size_t kept = 0;

	for (size_t i = 0; i < delays->count; i++)
		if (delays->rows[i].is_refused && !everything)
			delays->rows[kept++] = delays->rows[i];
	delays->count = kept;
	delays->is_reset = true;
}

int64_t
push_delays_get(const struct push_delays *delays, int64_t version,
    int64_t book_ms)
{
	const struct push_delay *row = push_delays_find(delays, version);

	if (row != NULL)
		return row->not_before_ms;
	return delays->is_reset ? 0 : book_ms;
}

#include "commerced/http/answers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8192
#define LOCKS 64
#define ANSWER_MAX (32 * 1024)		/* bytes of one */
#define BYTES_MAX (32 * 1024 * 1024)	/* of all, their targets included */
#define JSON_TYPE "application/json"

struct answer {
	char *target;		/* NULL: none */
	char *bytes;
	size_t size;
	size_t held;		/* of memory */
	struct answer_validity validity;
};

/* A slot is of the targets that hash to it: the last one has it. */
struct answers {
	struct answer slots[SLOTS];
	pthread_mutex_t locks[LOCKS];
	atomic_size_t held;
};

enum err
answers_new(struct answers **out)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	*out = answers;
	if (answers == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&answers->locks[i], NULL);
	return ERR_OK;
}

/* With the slot's lock. */
static void
answer_drop(struct answers *answers, struct answer *answer)
{
	(void)atomic_fetch_sub(&answers->held, answer->held);
	free(answer->target);
	free(answer->bytes);
	*answer = (struct answer){ 0 };
}

void
answers_free(struct answers *answers)
{
	if (answers == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		answer_drop(answers, &answers->slots[i]);
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&answers->locks[i]);
	free(answers);
}

/* FNV-1a. */
static size_t
answer_slot(const char *target)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *target != '\0'; target++)
		hash = (hash ^ (unsigned char)*target) *
		    UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32) % SLOTS;
}

static bool
answer_holds(const struct answer *answer, const struct answer_validity *now)
{
	const struct answer_validity *validity = &answer->validity;

	return validity->by_time ? now->until_ms < validity->until_ms :
	    now->stamp.changes == validity->stamp.changes &&
	    now->stamp.day == validity->stamp.day;
}

bool
answers_reply(struct answers *answers, struct http_request *request,
    const struct answer_validity *now)
{
	const char *target = http_request_target(request);
	size_t slot = answer_slot(target);
	struct answer *answer = &answers->slots[slot];
	bool is_found;

	(void)pthread_mutex_lock(&answers->locks[slot % LOCKS]);
	is_found = answer->target != NULL &&
	    strcmp(answer->target, target) == 0;
	if (is_found && !answer_holds(answer, now)) {
		answer_drop(answers, answer);
		is_found = false;
	}
	if (is_found)
		http_reply_bytes(request, 200, JSON_TYPE, answer->bytes,
		    answer->size);
	(void)pthread_mutex_unlock(&answers->locks[slot % LOCKS]);
	return is_found;
}

/* What does not hold any more is only found out when it is asked for. */
static void
answers_make_room(struct answers *answers)
{
	for (size_t i = 0; i < SLOTS; i++) {
		(void)pthread_mutex_lock(&answers->locks[i % LOCKS]);
		answer_drop(answers, &answers->slots[i]);
		(void)pthread_mutex_unlock(&answers->locks[i % LOCKS]);
	}
}

static void
answers_keep(struct answers *answers, const struct answer *fresh)
{
	size_t slot = answer_slot(fresh->target);

	if (atomic_load(&answers->held) + fresh->held > BYTES_MAX)
		answers_make_room(answers);
	(void)pthread_mutex_lock(&answers->locks[slot % LOCKS]);
	answer_drop(answers, &answers->slots[slot]);
	answers->slots[slot] = *fresh;
	(void)atomic_fetch_add(&answers->held, fresh->held);
	(void)pthread_mutex_unlock(&answers->locks[slot % LOCKS]);
}

void
answers_reply_new(struct answers *answers, struct http_request *request,
    const struct answer_validity *validity, struct json_text *json)
{
	struct answer fresh = { .validity = *validity };

	if (!json->is_lost && json->length <= ANSWER_MAX)
		fresh.target = strdup(http_request_target(request));
	if (fresh.target == NULL) {
		http_reply_json_text(request, 200, json);
		return;
	}
	fresh.bytes = json_text_take(json, &fresh.size);
	http_reply_bytes(request, 200, JSON_TYPE, fresh.bytes, fresh.size);
	fresh.held = fresh.size + strlen(fresh.target);
	answers_keep(answers, &fresh);
}

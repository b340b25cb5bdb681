/* The issuer's other requests: is it there, remove it, list.  All of them ask
 * the disk on a worker.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stored/errand.h"
#include "stored/stored.h"

/* State of one such request. */
struct question {
	struct errand errand;		/* first: an errand is a question */
	struct stored *stored;
	struct object_key key;
	struct stored_conditions conditions;	/* DELETE */
	bool is_complete;		/* HEAD */
	uint64_t offset;
	char after[OBJECT_ID_LENGTH + 1];	/* list */
	struct object_page *page;
};

static void
question_free(void *state)
{
	struct question *question = state;

	free(question->page);
	free(question);
}

static void
ask(struct http_request *request, struct stored *stored,
    enum err (*work)(struct errand *), http_handler *then)
{
	const struct token_target *target = stored_target(request);
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL) {
		stored_refuse(stored, request, ERR_NO_MEMORY, NULL);
		return;
	}
	question->stored = stored;
	question->key = stored_object_key(request);
	question->conditions = stored_conditions(request);
	/* What is not there is 404, whatever the conditions. */
	question->conditions.hold_when_absent = true;
	memcpy(question->after, target->after, sizeof(question->after));
	http_request_set_state(request, question, question_free);
	errand_send(&question->errand, stored->workers, request, work, then);
}

/* --- HEAD: how much of it is there? -------------------------------------- */

static enum err
look_for_object(struct errand *errand)
{
	struct question *question = (struct question *)errand;
	struct stored *stored = question->stored;
	enum err e;

	e = objects_find(stored->objects, &question->key, &question->offset);
	question->is_complete = e == ERR_OK;
	if (e == ERR_OBJECT_NOT_FOUND)
		e = pieces_offset(stored->pieces, &question->key,
		    &question->offset);
	return e;
}

static void
answer_head(struct http_request *request, void *application)
{
	const struct question *question = http_request_state(request);
	enum err e = question->errand.result;

	if (e == ERR_OK || e == ERR_OBJECT_NOT_FOUND)
		http_reply_field(request, "Upload-Offset", "%" PRIu64,
		    e == ERR_OK ? question->offset : 0);
	if (e != ERR_OK) {
		stored_refuse(application, request, e, NULL);
		return;
	}
	if (question->is_complete)
		http_reply_field(request, "Upload-Complete", "?1");
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_empty(request, 200);
}

void
manage_head(struct http_request *request, void *application)
{
	ask(request, application, look_for_object, answer_head);
}

/* --- DELETE -------------------------------------------------------------- */

static enum err
remove_object(struct errand *errand)
{
	struct question *question = (struct question *)errand;
	struct objects *objects = question->stored->objects;
	enum err e = stored_conditions_check(&question->conditions, objects,
	    &question->key);

	return e != ERR_OK ? e : objects_remove(objects, &question->key);
}

static void
answer_delete(struct http_request *request, void *application)
{
	struct stored *stored = application;
	const struct question *question = http_request_state(request);
	enum err e = question->errand.result;

	if (e != ERR_OK) {
		stored_refuse(stored, request, e, NULL);
		return;
	}
	metrics_add(stored->metrics, METRIC_OBJECTS_REMOVED, 1);
	http_reply_empty(request, 204);
}

void
manage_delete(struct http_request *request, void *application)
{
	ask(request, application, remove_object, answer_delete);
}

/* --- list ---------------------------------------------------------------- */

static enum err
read_page(struct errand *errand)
{
	struct question *question = (struct question *)errand;

	question->page = malloc(sizeof(*question->page));
	if (question->page == NULL)
		return ERR_NO_MEMORY;
	return objects_list(question->stored->objects,
	    question->key.commerce_id, question->after, question->page);
}

/* NULL without memory. */
static json_t *
page_as_json(const struct object_page *page)
{
	json_t *objects = json_array(), *next = json_null();

	for (size_t i = 0; i < page->count; i++)
		json_array_append_new(objects, json_pack("{s:s, s:I}",
		    "object", page->entries[i].object, "sealed_size",
		    (json_int_t)page->entries[i].size_bytes));
	if (json_array_size(objects) != page->count) {
		json_decref(objects);
		return NULL;
	}
	if (page->has_more)
		next = json_string(page->entries[page->count - 1].object);
	return json_pack("{s:o, s:o}", "objects", objects, "next", next);
}

static void
answer_list(struct http_request *request, void *application)
{
	const struct question *question = http_request_state(request);
	enum err e = question->errand.result;

	if (e != ERR_OK) {
		stored_refuse(application, request, e, NULL);
		return;
	}
	http_reply_field(request, "Cache-Control", "no-store");
	http_reply_json(request, 200, page_as_json(question->page));
}

void
manage_list(struct http_request *request, void *application)
{
	ask(request, application, read_page, answer_list);
}

#include "tests/fuzz/paper/paper.h"

#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commerced/http/service.h"
#include "common/http_internal.h"
#include "common/log.h"
#include "tests/fuzz/daemon/expand.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper_shop.h"

/* What the handlers see of a connection of the library. */
struct MHD_Connection {
	const struct paper_request *paper;
	sem_t resumed;
};

void
paper_add_field(struct paper_request *request, const char *name,
    const char *value)
{
	const struct http_field field = { name, strlen(name), value,
		strlen(value) };

	if (request->field_count < PAPER_FIELDS_MAX)
		request->fields[request->field_count++] = field;
}

/* --- the library ---------------------------------------------------------- */

_MHD_EXTERN enum MHD_Result
MHD_lookup_connection_value_n(struct MHD_Connection *library,
    enum MHD_ValueKind kind, const char *name, size_t name_size,
    const char **value, size_t *value_size)
{
	const struct paper_request *paper = library->paper;

	(void)kind;
	for (size_t i = 0; i < paper->field_count; i++) {
		const struct http_field *field = &paper->fields[i];

		if (field->name_length != name_size ||
		    strncasecmp(field->name, name, name_size) != 0)
			continue;
		*value = field->value;
		*value_size = field->value_length;
		return MHD_YES;
	}
	return MHD_NO;
}

_MHD_EXTERN int
MHD_get_connection_values_n(struct MHD_Connection *library,
    enum MHD_ValueKind kind, MHD_KeyValueIteratorN iterator, void *closure)
{
	const struct paper_request *paper = library->paper;

	for (size_t i = 0; i < paper->field_count; i++)
		if (iterator(closure, kind, paper->fields[i].name,
		    paper->fields[i].name_length, paper->fields[i].value,
		    paper->fields[i].value_length) != MHD_YES)
			break;
	return (int)paper->field_count;
}

_MHD_EXTERN void
MHD_suspend_connection(struct MHD_Connection *library)
{
	(void)library;
}

_MHD_EXTERN void
MHD_resume_connection(struct MHD_Connection *library)
{
	if (sem_post(&library->resumed) != 0)
		abort();
}

/* --- the life of a request ------------------------------------------------ */

/* Everything up to the handler; false: it was refused, and answered. */
static bool
admit(struct http_request *request, const struct paper_request *paper)
{
	const struct http_gate_input input = { paper->method, paper->target,
		"HTTP/1.1", paper->fields, paper->field_count };
	const char *reason = NULL;
	enum err e;

	e = http_gate_check(&input, &request->framing, &reason);
	if (e == ERR_OK) {
		request->framing.content_length = (int64_t)paper->body_size;
		e = http_route_find(service_routes(),
		    HTTP_PUBLIC | HTTP_PEOPLE, request->method,
		    request->target, request->scratch, &request->match);
	}
	if (e == ERR_OK && request->match.route != NULL &&
	    request->match.route->authentication != 0)
		e = service_authenticate(request,
		    request->server->options.application,
		    request->match.route->authentication);
	if (e == ERR_OK)
		e = http_body_check(request, &reason);
	/* In two pieces, as it may come. */
	if (e == ERR_OK && paper->body_size > 0)
		e = http_body_add(request, paper->body, paper->body_size / 2);
	if (e == ERR_OK && paper->body_size > 0)
		e = http_body_add(request, paper->body + paper->body_size / 2,
		    paper->body_size - paper->body_size / 2);
	if (e == ERR_OK && request->match.route != NULL)
		e = http_body_finish(request, &reason);
	if (e != ERR_OK && !http_request_is_answered(request))
		http_reply_error(request, e, reason == NULL ? NULL : "%s",
		    reason);
	return e == ERR_OK;
}

static void
handle(struct http_request *request)
{
	void *application = request->server->options.application;
	http_handler *then;

	if (request->match.route == NULL) {
		http_reply_empty(request, 204);	/* OPTIONS */
		return;
	}
	request->match.route->handle(request, application);
	while ((then = request->then) != NULL) {
		while (sem_wait(&request->library->resumed) != 0)
			;
		/* Whoever resumed it still has a hand in it. */
		while (atomic_load(&request->server->resuming) != 0)
			(void)sched_yield();
		request->then = NULL;
		then(request, application);
	}
}

static void
end(struct http_request *request)
{
	struct http_text *text;

	if (request->state_release != NULL)
		request->state_release(request->state);
	if (request->principal_release != NULL)
		request->principal_release(request->principal);
	while ((text = request->texts) != NULL) {
		request->texts = text->next;
		free(text);
	}
	json_decref(request->json);
	free(request->body);
	http_answer_clear(&request->answer);
	free(request);
}

/* --- the answer ----------------------------------------------------------- */

static bool
is_documented(int status)
{
	static const int statuses[] = { 200, 201, 202, 204, 400, 401, 402,
		403, 404, 405, 409, 410, 413, 415, 417, 422, 429 };

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i] == status)
			return true;
	return false;
}

/* The slug of problem+json; aborts when it is none, or of another status. */
static const char *
slug_of(const struct paper_answer *answer)
{
	static const char prefix[] = "urn:counterfoil:";
	const char *type = json_string_value(json_object_get(answer->json,
	    "type"));

	PROMISE(type != NULL);
	PROMISE(strncmp(type, prefix, sizeof(prefix) - 1) == 0);
	type += sizeof(prefix) - 1;
	PROMISE(json_integer_value(json_object_get(answer->json, "status")) ==
	    answer->status);
	PROMISE(json_is_string(json_object_get(answer->json, "detail")));
	for (int e = 1; e < ERR__COUNT; e++)
		if (strcmp(err_slug((enum err)e), type) == 0 &&
		    err_status((enum err)e) == answer->status)
			return type;
	fprintf(stderr, "a problem of no known type: %s\n", type);
	abort();
}

static void
take_answer(struct http_request *request, struct paper_answer *answer)
{
	const char *type = http_answer_field(&request->answer,
	    "Content-Type");
	bool is_problem = type != NULL &&
	    strcmp(type, "application/problem+json") == 0;

	*answer = (struct paper_answer){ .status = request->answer.status,
		.slug = "" };
	if (request->answer.body != NULL) {
		answer->text_size = request->answer.body_size;
		answer->text = strndup(request->answer.body,
		    answer->text_size);
		PROMISE(answer->text != NULL);
	}
	if (is_problem || (type != NULL &&
	    strcmp(type, "application/json") == 0)) {
		answer->json = json_loadb(answer->text, answer->text_size,
		    JSON_REJECT_DUPLICATES, NULL);
		PROMISE(json_is_object(answer->json));
	}
	if (!is_documented(answer->status))
		fprintf(stderr, "%s %s: %d %s\n", request->method,
		    request->target, answer->status,
		    answer->text == NULL ? "" : answer->text);
	PROMISE(is_documented(answer->status));
	PROMISE(is_problem == (answer->status >= 400));
	if (is_problem)
		answer->slug = slug_of(answer);
}

void
paper_answer_clear(struct paper_answer *answer)
{
	json_decref(answer->json);
	free((char *)(uintptr_t)answer->text);
	*answer = (struct paper_answer){ .slug = "" };
}

void
paper_ask(const struct paper_request *paper, struct paper_answer *answer)
{
	size_t size = strlen(paper->target) + 1;
	struct http_request *request = calloc(1, sizeof(*request) + 2 * size);
	struct MHD_Connection library = { .paper = paper };
	struct http_connection connection = { .peer = "192.0.2.1" };
	struct http_server server = { .options = {
		.application = paper_shop_service() } };

	PROMISE(request != NULL);
	PROMISE(sem_init(&library.resumed, 0, 0) == 0);
	request->server = &server;
	request->connection = &connection;
	request->library = &library;
	request->answer.descriptor = -1;
	(void)snprintf(request->method, sizeof(request->method), "%s",
	    paper->method);
	memcpy(request->target, paper->target, size);
	request->scratch = request->target + size;
	if (admit(request, paper))
		handle(request);
	take_answer(request, answer);
	end(request);
	sem_destroy(&library.resumed);
}

const char *
paper_value(const char *name)
{
	return expand_value(name);
}

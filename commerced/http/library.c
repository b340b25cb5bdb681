/* What an account owns: the list, fresh access, reports of completion. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/access.h"
#include "commerced/shop/library.h"

#define VERSION_MOST INT64_C(1000000000)
#define SEALED_SIZE_MOST (INT64_C(1) << 53)

/* --- the list ------------------------------------------------------------- */

struct library_parameters {
	bool unfinished;
	int64_t limit;
	const char *cursor;
};

#define FIELD(f) offsetof(struct library_parameters, f)
static const struct member library_parameters[] = {
	{ .name = "unfinished", .kind = MEMBER_BOOLEAN,
	    .offset = FIELD(unfinished) },
	{ .name = "limit", .kind = MEMBER_INTEGER, .offset = FIELD(limit),
	    .least = 1, .most = LIBRARY_LIMIT_MAX },
	{ .name = "cursor", .kind = MEMBER_LINE, .offset = FIELD(cursor),
	    .most = PAGE_CURSOR_MAX },
};
#undef FIELD

void
handle_list_library(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct library_parameters parameters = { .limit = PAGE_ROWS_DEFAULT };
	struct library_query query = { 0 };
	struct library_list list = { 0 };
	json_t *object = NULL;
	enum err e;

	call_forbid_caching(request);
	if (!call_parse_query(request, library_parameters, 3, &parameters,
	    &object))
		return;
	query.account = call_principal(request)->session.account;
	query.unfinished = parameters.unfinished;
	query.limit = (size_t)parameters.limit;
	query.cursor = parameters.cursor;
	e = library_list(service->shop, &query, &list);
	if (e == ERR_OK)
		http_reply_json(request, 200, shape_library(&list));
	else
		call_reply_error(request, e);
	library_list_clear(&list);
	json_decref(object);
}

/* --- fresh access --------------------------------------------------------- */

struct access_members {
	int64_t version;
};

static const struct member access_members[] = {
	{ .name = "version", .kind = MEMBER_INTEGER,
	    .offset = offsetof(struct access_members, version),
	    .least = 1, .most = VERSION_MOST },
};

void
handle_issue_access(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct access_members members = { 0 };
	struct access_list list = { 0 };
	struct json_text text;
	struct uuid file;
	enum err e;

	call_forbid_caching(request);
	if (!call_path_id(request, "file", &file))
		return;
	/* Without a body: the newest version. */
	if (http_request_json(request) != NULL &&
	    !call_parse(request, service, access_members, 1, &members))
		return;
	e = access_for_file(service->shop,
	    call_principal(request)->session.account, &file, members.version,
	    &list);
	if (e == ERR_OK && list.count == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		json_text_begin(&text);
		shape_write_access(&text, &list.entries[0]);
		http_reply_json_text(request, 200, &text);
	} else {
		call_reply_error(request, e);
	}
	access_list_clear(&list);
}

/* --- completed ------------------------------------------------------------ */

struct completion {
	struct call call;	/* first */
	struct library_completion in;
};

struct completion_members {
	const char *object;
	int64_t sealed_size;
};

#define FIELD(f) offsetof(struct completion_members, f)
static const struct member completion_members[] = {
	{ .name = "object", .kind = MEMBER_LINE, .need = MEMBER_REQUIRED,
	    .offset = FIELD(object), .least = OBJECT_ID_LENGTH,
	    .most = OBJECT_ID_LENGTH },
	{ .name = "sealed_size", .kind = MEMBER_INTEGER,
	    .need = MEMBER_REQUIRED, .offset = FIELD(sealed_size),
	    .least = 1, .most = SEALED_SIZE_MOST },
};
#undef FIELD

static enum err
completion_run(struct shop_transaction *tx, struct shop_job *job)
{
	return library_complete(tx, &((struct completion *)job)->in);
}

static void
completion_answer(struct http_request *request, void *application)
{
	const struct completion *completion = http_request_state(request);
	enum err e = completion->call.job.result;

	(void)application;
	if (e == ERR_OBJECT_MISMATCH)
		http_reply_error(request, e, "Download the file again with "
		    "fresh access, and check its digest.");
	else if (e != ERR_OK)
		call_reply_error(request, e);
	else
		http_reply_empty(request, 204);
}

void
handle_complete_file(struct http_request *request, void *application)
{
	struct completion_members members = { 0 };
	struct completion *completion;
	struct uuid file;

	call_forbid_caching(request);
	if (!call_path_id(request, "file", &file) ||
	    !call_parse(request, application, completion_members, 2,
	    &members))
		return;
	if (!object_id_is_valid(members.object, strlen(members.object))) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "object",
		    "object: 64 lower-case hex digits are needed");
		return;
	}
	completion = calloc(1, sizeof(*completion));
	if (completion == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, completion, free);
	completion->in.account = call_principal(request)->session.account;
	completion->in.file = file;
	memcpy(completion->in.object, members.object, OBJECT_ID_LENGTH + 1);
	completion->in.sealed_size = members.sealed_size;
	completion->call.job.run = completion_run;
	call_submit(&completion->call, application, request,
	    completion_answer);
}

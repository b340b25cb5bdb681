/* Files of an item: what became of them, and taking one off. */
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/publish.h"

void
handle_get_file(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct file file = { 0 };
	struct uuid item;
	enum err e;

	http_reply_field(request, "Cache-Control", "no-store");
	if (!call_path_id(request, "item", &item))
		return;
	e = publish_file_get(service->shop, &item,
	    http_request_parameter(request, "name"), &file);
	if (e == ERR_OK)
		http_reply_json(request, 200, shape_file(&file));
	else
		call_reply_error(request, e);
	file_clear(&file);
}

struct file_removal {
	struct call call;	/* first */
	struct uuid item;
	const char *name;
};

static enum err
file_removal_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct file_removal *removal = (struct file_removal *)job;

	return publish_file_remove(tx, &removal->item, removal->name);
}

static void
file_removal_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct file_removal *removal = http_request_state(request);
	enum err e = removal->call.job.result;

	if (e == ERR_OK) {
		push_announce(service->push, NULL);
		http_reply_empty(request, 204);
	} else if (e == ERR_NOT_PUBLISHABLE) {
		http_reply_error(request, e, "It is the last file of an item "
		    "on sale: withdraw the item first.");
	} else {
		call_reply_error(request, e);
	}
}

void
handle_remove_file(struct http_request *request, void *application)
{
	struct file_removal *removal = calloc(1, sizeof(*removal));

	http_reply_field(request, "Cache-Control", "no-store");
	if (removal == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, removal, free);
	if (!call_path_id(request, "item", &removal->item))
		return;
	removal->name = http_request_parameter(request, "name");
	removal->call.job.run = file_removal_run;
	call_submit(&removal->call, application, request,
	    file_removal_answer);
}

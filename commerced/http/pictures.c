/* Covers and previews: shown to buyers and to the shop's people, taken off.
 * Opening and sending one may wait for a cold page, as any read of the books
 * may; it does not wait for the disk to have written something.
 */
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/picture_file.h"
#include "commerced/http/representation.h"
#include "commerced/shop/picture.h"
#include "common/encoding.h"

#define REPLACED_MAX 3		/* times in the middle of one request */
#define CACHE_PUBLIC "public, max-age=300"
#define CACHE_PRIVATE "private, no-cache"

/* --- showing -------------------------------------------------------------- */

struct show {
	struct picture_place place;
	bool is_people;
	int64_t viewer;		/* account; 0: nobody */
	struct picture picture;
	int descriptor;
	uint64_t size;
};

/* The one that is shown now, open. */
static enum err
show_open(const struct service *service, struct show *show)
{
	enum err e = ERR_NOT_FOUND;

	/* Between the books and its file it may be replaced. */
	for (unsigned i = 0; i < REPLACED_MAX; i++) {
		e = show->is_people ? picture_get_any(service->shop,
		    &show->place, &show->picture) :
		    picture_get(service->shop, &show->place, show->viewer,
		    &show->picture);
		if (e != ERR_OK)
			return e;
		e = pictures_open_file(service->pictures, &show->picture.id,
		    &show->descriptor, &show->size);
		if (e != ERR_NOT_FOUND)
			return e;
	}
	return ERR_IO;
}

static void
show_reply(struct http_request *request, const struct service *service,
    struct show *show)
{
	char tag[HEX_SIZE(PICTURE_DIGEST_BYTES)];
	struct representation what = { .tag = tag };
	enum err e = show_open(service, show);

	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	hex_encode(tag, show->picture.digest, sizeof(show->picture.digest));
	what.descriptor = show->descriptor;
	what.size = show->size;
	what.changed_s = show->picture.changed_ms / 1000;
	what.media_type = show->picture.media_type;
	what.cache_control = show->picture.is_public && !show->is_people ?
	    CACHE_PUBLIC : CACHE_PRIVATE;
	representation_reply(request, &what);
}

static void
show_to_buyer(struct http_request *request, const struct service *service,
    enum picture_kind kind)
{
	const struct principal *principal = call_principal(request);
	struct show show = { .place = { .kind = kind } };

	if (!call_path_id(request, "item", &show.place.item))
		return;
	if (principal->has_session)
		show.viewer = principal->session.account;
	show_reply(request, service, &show);
}

static void
show_to_people(struct http_request *request, const struct service *service,
    enum picture_kind kind)
{
	struct show show = { .place = { .kind = kind }, .is_people = true };

	if (call_path_id(request, "item", &show.place.item))
		show_reply(request, service, &show);
}

void
handle_get_cover(struct http_request *request, void *application)
{
	show_to_buyer(request, application, PICTURE_COVER);
}

void
handle_get_preview(struct http_request *request, void *application)
{
	show_to_buyer(request, application, PICTURE_PREVIEW);
}

void
handle_get_any_cover(struct http_request *request, void *application)
{
	show_to_people(request, application, PICTURE_COVER);
}

void
handle_get_any_preview(struct http_request *request, void *application)
{
	show_to_people(request, application, PICTURE_PREVIEW);
}

/* --- taking off ----------------------------------------------------------- */

struct picture_removal {
	struct call call;	/* first */
	struct picture_place place;
	struct picture_change change;
};

static enum err
picture_removal_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct picture_removal *removal = (struct picture_removal *)job;

	return picture_remove(tx, &removal->place, &removal->change);
}

static void
picture_removal_done(struct shop_job *job)
{
	struct picture_removal *removal = (struct picture_removal *)job;

	if (job->result == ERR_OK)
		picture_file_discard(removal->call.service,
		    &removal->change.before);
	http_request_resume(removal->call.request);
}

static void
picture_removal_answer(struct http_request *request, void *application)
{
	const struct picture_removal *removal = http_request_state(request);

	(void)application;
	if (removal->call.job.result == ERR_OK)
		http_reply_empty(request, 204);
	else
		call_reply_error(request, removal->call.job.result);
}

static void
remove_picture(struct http_request *request, struct service *service,
    enum picture_kind kind)
{
	struct picture_removal *removal = calloc(1, sizeof(*removal));

	http_reply_field(request, "Cache-Control", "no-store");
	if (removal == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, removal, free);
	if (!call_path_id(request, "item", &removal->place.item))
		return;
	removal->place.kind = kind;
	removal->call.job.run = picture_removal_run;
	removal->call.job.done = picture_removal_done;
	call_submit(&removal->call, service, request,
	    picture_removal_answer);
}

void
handle_remove_cover(struct http_request *request, void *application)
{
	remove_picture(request, application, PICTURE_COVER);
}

void
handle_remove_preview(struct http_request *request, void *application)
{
	remove_picture(request, application, PICTURE_PREVIEW);
}

/* PUT of a cover or a preview: written while it arrives, told by its bytes
 * once they are all there.
 *
 *   begin			event	what the request says; suspended
 *     picture_begin_work	disk	the item, the temporary
 *   handle_picture_piece	event	written
 *   handle_finish_picture	event	suspended
 *     picture_commit_work	disk	looked through, fsync, rename
 *     picture_record_run	writer	shown instead of the one before
 *     picture_record_done	writer	the file that is not shown goes
 *   picture_answer		event	201, or 200
 *
 * Whatever ends it early, picture_release() leaves no file: the temporary goes
 * with struct pictures_upload, and a committed file that did not get its row is
 * discarded.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/picture_file.h"
#include "commerced/http/shape.h"
#include "commerced/media/excerpt.h"
#include "commerced/media/picture.h"
#include "commerced/shop/picture.h"

struct picture_upload {
	struct call call;		/* first */
	struct worker_job work;
	struct picture_place place;
	const char *declared;		/* NULL: the bytes alone say it */
	struct pictures_upload *file;
	struct picture picture;
	struct picture_change change;
	enum err result;		/* of the work before the writer's */
	const char *reason;		/* why the bytes were refused */
};

/* What is taken, as a sentence for who sent something else. */
static const char *
picture_advice(enum picture_kind kind)
{
	return kind == PICTURE_COVER ?
	    "Send a whole PNG, JPEG, GIF or WebP picture." :
	    "Send a whole Ogg, MP3, FLAC, WAV, MP4, WebM, PDF or EPUB file.";
}

/* --- the end of it, in whatever way --------------------------------------- */

static struct picture_upload *
picture_from_work(struct worker_job *work)
{
	return (struct picture_upload *)((char *)work -
	    offsetof(struct picture_upload, work));
}

static void
picture_free_work(struct worker_job *work)
{
	struct picture_upload *upload = picture_from_work(work);

	pictures_upload_free(upload->file);
	free(upload);
}

/* Closing and removing may wait for the disk: not here. */
static void
picture_release(void *state)
{
	struct picture_upload *upload = state;

	if (upload->file == NULL) {
		free(upload);
		return;
	}
	upload->work.run = picture_free_work;
	worker_pool_submit_cleanup(upload->call.service->disk, &upload->work);
}

/* --- begin ---------------------------------------------------------------- */

static bool
picture_type_is_taken(enum picture_kind kind, const char *type)
{
	return kind == PICTURE_COVER ? picture_type_is_known(type) :
	    excerpt_type_is_known(type);
}

/* False: it was answered. */
static bool
picture_check_fields(struct http_request *request,
    struct picture_upload *upload)
{
	const char *type = http_request_field(request, "Content-Type");

	if (!call_check_whole(request))
		return false;
	if (type == NULL || strcmp(type, "application/octet-stream") == 0)
		return true;
	if (http_request_field_count(request, "Content-Type") != 1 ||
	    !picture_type_is_taken(upload->place.kind, type)) {
		http_reply_error(request, ERR_UNSUPPORTED_MEDIA_TYPE,
		    "%s Name its media type in Content-Type, or leave that "
		    "out.", picture_advice(upload->place.kind));
		return false;
	}
	upload->declared = type;
	return true;
}

static void
picture_begin_work(struct worker_job *work)
{
	struct picture_upload *upload = picture_from_work(work);
	struct service *service = upload->call.service;

	upload->result = picture_begin(service->shop, &upload->place.item,
	    &upload->picture.id);
	if (upload->result == ERR_OK)
		upload->result = pictures_upload_begin(service->pictures,
		    &upload->file);
	http_request_resume(upload->call.request);
}

/* The body may come, unless this answers. */
static void
picture_begun(struct http_request *request, void *application)
{
	const struct picture_upload *upload = http_request_state(request);

	(void)application;
	if (upload->result != ERR_OK)
		call_reply_error(request, upload->result);
}

static void
begin(struct http_request *request, struct service *service,
    enum picture_kind kind)
{
	struct picture_upload *upload = calloc(1, sizeof(*upload));

	http_reply_field(request, "Cache-Control", "no-store");
	if (upload == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	upload->call.service = service;
	upload->call.request = request;
	upload->place.kind = kind;
	http_request_set_state(request, upload, picture_release);
	if (!call_path_id(request, "item", &upload->place.item) ||
	    !picture_check_fields(request, upload))
		return;
	upload->work.run = picture_begin_work;
	http_request_suspend(request, picture_begun);
	if (worker_pool_submit(service->disk, &upload->work) != ERR_OK) {
		upload->result = ERR_BUSY;
		http_request_resume(request);
	}
}

void
handle_begin_cover(struct http_request *request, void *application)
{
	begin(request, application, PICTURE_COVER);
}

void
handle_begin_preview(struct http_request *request, void *application)
{
	begin(request, application, PICTURE_PREVIEW);
}

/* --- the body ------------------------------------------------------------- */

enum err
handle_picture_piece(struct http_request *request, void *application,
    const uint8_t *bytes, size_t size)
{
	const struct picture_upload *upload = http_request_state(request);
	enum err e = pictures_upload_write(upload->file, bytes, size);

	(void)application;
	if (e != ERR_OK)
		call_reply_error(request, e);
	return e;
}

/* --- the end -------------------------------------------------------------- */

static enum err
picture_record_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct picture_upload *upload = (struct picture_upload *)job;

	return picture_set(tx, &upload->place, &upload->picture,
	    &upload->change);
}

/* Of the new file and the one before, one is shown and the other goes. */
static void
picture_record_done(struct shop_job *job)
{
	struct picture_upload *upload = (struct picture_upload *)job;
	const struct service *service = upload->call.service;
	const struct picture_change *change = &upload->change;

	if (job->result == ERR_OK && !change->is_unchanged) {
		if (change->has_before)
			picture_file_discard(service, &change->before);
	} else if (job->result != ERR_OUTCOME_UNKNOWN) {
		/* Where the outcome is unknown the row may need it. */
		picture_file_discard(service, &upload->picture.id);
	}
	http_request_resume(upload->call.request);
}

static void
picture_commit_work(struct worker_job *work)
{
	struct picture_upload *upload = picture_from_work(work);
	const struct service *service = upload->call.service;
	enum err e;

	e = pictures_upload_check(upload->file, upload->place.kind,
	    upload->declared, &upload->picture, &upload->reason);
	if (e == ERR_OK)
		e = pictures_upload_commit(upload->file, &upload->picture.id);
	pictures_upload_free(upload->file);
	upload->file = NULL;
	if (e == ERR_OK) {
		e = shop_submit(service->shop, &upload->call.job);
		if (e == ERR_OK)
			return;
		picture_file_discard(service, &upload->picture.id);
	}
	upload->call.job.result = e;
	http_request_resume(upload->call.request);
}

static void
picture_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct picture_upload *upload = http_request_state(request);
	const struct picture_change *change = &upload->change;
	enum err e = upload->call.job.result;

	if (e == ERR_PICTURE_MALFORMED)
		http_reply_error(request, e, "%s %s", upload->reason,
		    picture_advice(upload->place.kind));
	else if (e != ERR_OK)
		call_reply_error(request, e);
	else
		http_reply_json(request, change->has_before ? 200 : 201,
		    shape_picture(&change->now, &upload->place,
		    service->settings->shop_url));
}

void
handle_finish_picture(struct http_request *request, void *application)
{
	struct picture_upload *upload = http_request_state(request);
	struct service *service = application;

	upload->call.job.run = picture_record_run;
	upload->call.job.done = picture_record_done;
	upload->work.run = picture_commit_work;
	http_request_suspend(request, picture_answer);
	/* Past the bound of the queue: it was admitted at its beginning. */
	worker_pool_submit_cleanup(service->disk, &upload->work);
}

/* PUT of a file: sealed while it arrives.
 *
 *   handle_begin_upload	event	what the request says; suspended
 *     upload_begin_work	disk	the plan, the temporary
 *   handle_upload_piece	event	sealed, hashed, written
 *   handle_finish_upload	event	suspended
 *     upload_commit_work	disk	the last chunk, fsync, rename
 *     upload_record_run	writer	the version, pending
 *     upload_record_done	writer	to the push thread, which wakes us
 *   upload_answer		event	201, 202 or 200
 *
 * Whatever ends it early, upload_release() leaves neither file nor row: the
 * temporary goes with struct spool_upload, and a committed file that did not
 * get its row is removed by upload_discard().
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/media/probe.h"
#include "commerced/shop/publish.h"
#include "common/clock.h"
#include "common/secret.h"

struct upload {
	struct call call;		/* first */
	struct worker_job work;
	struct push_waiter waiter;
	struct version_plan plan;
	struct spool_upload *spool;
	struct media_probe *probe;	/* how long does it play? */
	struct spool_object object;
	struct version_upload in;
	struct version_record out;
	enum err result;		/* of the work before the writer's */
};

/* --- the end of it, in whatever way --------------------------------------- */

static void
upload_free(struct upload *upload)
{
	media_probe_free(upload->probe);
	file_clear(&upload->out.file);
	secret_wipe(&upload->plan, sizeof(upload->plan));
	free(upload);
}

static struct upload *
upload_from_work(struct worker_job *work)
{
	return (struct upload *)((char *)work - offsetof(struct upload, work));
}

static void
upload_free_work(struct worker_job *work)
{
	struct upload *upload = upload_from_work(work);

	spool_upload_free(upload->spool);
	upload_free(upload);
}

/* Closing and removing may wait for the disk: not here. */
static void
upload_release(void *state)
{
	struct upload *upload = state;

	if (upload->spool == NULL) {
		upload_free(upload);
		return;
	}
	upload->work.run = upload_free_work;
	worker_pool_submit_cleanup(upload->call.service->disk, &upload->work);
}

/* A sealed file that nothing in the books refers to. */
struct discard {
	struct worker_job work;		/* first */
	struct spool *spool;
	char object[OBJECT_ID_LENGTH + 1];
};

static void
discard_work(struct worker_job *work)
{
	struct discard *discard = (struct discard *)work;

	(void)spool_object_remove(discard->spool, discard->object);
	free(discard);
}

/* Without memory for it the sweep at the next start finds the file. */
static void
upload_discard(struct upload *upload)
{
	struct discard *discard = calloc(1, sizeof(*discard));

	if (discard == NULL)
		return;
	discard->work.run = discard_work;
	discard->spool = upload->call.service->spool;
	memcpy(discard->object, upload->object.object,
	    sizeof(discard->object));
	worker_pool_submit_cleanup(upload->call.service->disk,
	    &discard->work);
}

/* --- begin ---------------------------------------------------------------- */

/* False: it was answered. */
static bool
upload_check_fields(struct http_request *request,
    const struct service *service)
{
	const char *type = http_request_field(request, "Content-Type");
	int64_t length = http_request_content_length(request);

	if (!call_check_whole(request))
		return false;
	if (type == NULL ||
	    http_request_field_count(request, "Content-Type") != 1 ||
	    !publish_media_type_is_valid(type, strlen(type))) {
		http_reply_error(request, ERR_UNSUPPORTED_MEDIA_TYPE,
		    "Name the media type of the file in Content-Type, such as "
		    "audio/ogg.");
		return false;
	}
	if (length > service->settings->upload_max_bytes) {
		http_reply_error(request, ERR_TOO_LARGE,
		    "Files may have %lld bytes here (setting upload-max).",
		    (long long)service->settings->upload_max_bytes);
		return false;
	}
	return true;
}

static void
upload_begin_work(struct worker_job *work)
{
	struct upload *upload = upload_from_work(work);
	struct service *service = upload->call.service;

	upload->result = publish_begin(service->shop, &upload->in.item,
	    upload->in.name, upload->in.media_type, &upload->plan);
	if (upload->result == ERR_OK)
		upload->result = spool_upload_begin(service->spool,
		    upload->plan.identity,
		    (uint64_t)service->settings->upload_max_bytes,
		    &upload->spool);
	secret_wipe(upload->plan.identity, sizeof(upload->plan.identity));
	http_request_resume(upload->call.request);
}

/* The body may come, unless this answers. */
static void
upload_begun(struct http_request *request, void *application)
{
	const struct upload *upload = http_request_state(request);

	(void)application;
	if (upload->result != ERR_OK)
		call_reply_error(request, upload->result);
}

static void
upload_begin_submit(struct upload *upload)
{
	upload->work.run = upload_begin_work;
	http_request_suspend(upload->call.request, upload_begun);
	if (worker_pool_submit(upload->call.service->disk, &upload->work) !=
	    ERR_OK) {
		upload->result = ERR_BUSY;
		http_request_resume(upload->call.request);
	}
}

void
handle_begin_upload(struct http_request *request, void *application)
{
	struct service *service = application;
	struct upload *upload = calloc(1, sizeof(*upload));

	http_reply_field(request, "Cache-Control", "no-store");
	if (upload == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	upload->call.service = service;
	upload->call.request = request;
	http_request_set_state(request, upload, upload_release);
	if (!call_path_id(request, "item", &upload->in.item))
		return;
	upload->in.name = http_request_parameter(request, "name");
	if (!publish_name_is_valid(upload->in.name,
	    strlen(upload->in.name))) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "name",
		    "name: 1 to %d bytes of UTF-8 without '/', '\\' and "
		    "control characters, not '.' or '..'",
		    PUBLISHED_NAME_MAX);
		return;
	}
	if (!upload_check_fields(request, service))
		return;
	if (media_probe_new(&upload->probe) != ERR_OK) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	upload->in.media_type = http_request_field(request, "Content-Type");
	upload_begin_submit(upload);
}

/* --- the body ------------------------------------------------------------- */

enum err
handle_upload_piece(struct http_request *request, void *application,
    const uint8_t *bytes, size_t size)
{
	const struct upload *upload = http_request_state(request);
	enum err e;

	(void)application;
	media_probe_add(upload->probe, bytes, size);
	e = spool_upload_write(upload->spool, bytes, size);
	if (e != ERR_OK)
		call_reply_error(request, e);
	return e;
}

/* --- the end -------------------------------------------------------------- */

static void
upload_wake(struct push_waiter *waiter)
{
	struct upload *upload = (struct upload *)((char *)waiter -
	    offsetof(struct upload, waiter));

	http_request_resume(upload->call.request);
}

static enum err
upload_record_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct upload *upload = (struct upload *)job;

	file_clear(&upload->out.file);
	return publish_record(tx, &upload->in, &upload->out);
}

/* The version is in the books, or is not and leaves no file behind. */
static void
upload_record_done(struct shop_job *job)
{
	struct upload *upload = (struct upload *)job;
	struct service *service = upload->call.service;

	if (job->result == ERR_OK && !upload->out.is_unchanged) {
		upload->waiter.version_id = upload->in.version_id;
		upload->waiter.deadline_ms = clock_monotonic_ms() +
		    service->settings->publish_wait_s * 1000;
		upload->waiter.wake = upload_wake;
		push_announce(service->push, &upload->waiter);
		return;
	}
	/* Where the outcome is unknown the row may be there, and need it. */
	if (job->result != ERR_OUTCOME_UNKNOWN)
		upload_discard(upload);
	http_request_resume(upload->call.request);
}

/* What the writer is to record. */
static void
upload_fill(struct upload *upload)
{
	const struct spool_object *object = &upload->object;
	struct version_upload *in = &upload->in;
	struct media media;

	media_probe_finish(upload->probe, &media);
	if (media.duration_ms > 0)
		in->duration_ms = media.duration_ms;
	in->version_id = upload->plan.version_id;
	memcpy(in->master_key, upload->plan.master_key,
	    sizeof(in->master_key));
	in->size = (int64_t)object->size;
	in->sealed_size = (int64_t)object->sealed_size;
	memcpy(in->plain_hash, object->plain_digest, sizeof(in->plain_hash));
	memcpy(in->object, object->object, sizeof(in->object));
}

static void
upload_commit_work(struct worker_job *work)
{
	struct upload *upload = upload_from_work(work);
	enum err e;

	e = spool_upload_finish(upload->spool, &upload->object);
	if (e == ERR_OK) {
		upload_fill(upload);
		e = spool_upload_commit(upload->spool);
	}
	spool_upload_free(upload->spool);
	upload->spool = NULL;
	if (e == ERR_OK) {
		e = shop_submit(upload->call.service->shop,
		    &upload->call.job);
		if (e == ERR_OK)
			return;
		upload_discard(upload);
	}
	upload->call.job.result = e;
	http_request_resume(upload->call.request);
}

static void
upload_answer(struct http_request *request, void *application)
{
	struct upload *upload = http_request_state(request);
	struct file *file = &upload->out.file;
	enum err e = upload->call.job.result;
	int status;

	(void)application;
	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	if (upload->out.is_unchanged) {
		status = 200;
	} else if (upload->waiter.is_stored) {
		file->state = VERSION_STORED;
		status = 201;
	} else {
		http_reply_field(request, "Location", "%s",
		    http_request_target(request));
		status = 202;
	}
	http_reply_json(request, status, shape_file(file));
}

void
handle_finish_upload(struct http_request *request, void *application)
{
	struct upload *upload = http_request_state(request);
	struct service *service = application;

	upload->call.job.run = upload_record_run;
	upload->call.job.done = upload_record_done;
	upload->work.run = upload_commit_work;
	http_request_suspend(request, upload_answer);
	/*
	 * Past the bound of the queue: it was admitted at its beginning, and
	 * may have taken hours to arrive.
	 */
	worker_pool_submit_cleanup(service->disk, &upload->work);
}

/* PUT /objects/OBJECT, whole or in pieces.
 *
 *   begin      lengths are checked; suspended while a worker opens the file
 *              (upload_prepare)
 *   piece      bytes into the incoming file: hashed, written to the page cache
 *   handle     the body is complete; suspended while a worker makes the object
 *              or keeps the piece (upload_settle)
 *   answer     201, 200 or 204
 *   ended      in whatever way: the one place where struct upload is given
 *              up.  An incoming file that is still open belongs to an upload
 *              that was cut: a worker removes it, or keeps the piece.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "stored/errand.h"
#include "stored/stored.h"

struct upload {
	struct errand errand;		/* first: an errand is an upload */
	struct stored *stored;
	struct object_key key;
	struct stored_conditions conditions;
	uint64_t length;		/* of the body */
	bool is_piece;
	struct content_range range;	/* of a piece */
	struct piece *piece;		/* the claim, while we have it */
	struct incoming *incoming;	/* NULL: not open, or given up */
	uint64_t offset;		/* for Upload-Offset */
	bool is_new;			/* 201 */
};

/* --- the end ------------------------------------------------------------- */

static void
clean_up(struct worker_job *job)
{
	struct upload *upload = (struct upload *)job;
	struct stored *stored = upload->stored;
	enum err e;

	if (upload->piece == NULL) {
		incoming_discard(upload->incoming);
	} else {
		e = pieces_keep(stored->pieces, upload->piece,
		    upload->incoming, &upload->offset);
		log_debug("a piece was cut object=%s commerce=%s offset=%"
		    PRIu64 ": %s", upload->key.object,
		    upload->key.commerce_id, upload->offset, err_text(e));
	}
	free(upload);
}

static void
upload_end(void *state)
{
	struct upload *upload = state;

	if (upload->incoming == NULL) {
		free(upload);
		return;
	}
	metrics_add(upload->stored->metrics, METRIC_UPLOADS_CUT, 1);
	upload->errand.job.run = clean_up;
	worker_pool_submit_cleanup(upload->stored->workers,
	    &upload->errand.job);
}

/* --- begin --------------------------------------------------------------- */

/* Whether the header announces something that can be stored. */
static enum err
check_lengths(const struct http_request *request, struct upload *upload,
    const char **detail)
{
	int64_t length = http_request_content_length(request);
	const char *field = http_request_field(request, "Content-Range");
	uint64_t total;

	if (length < 0 || http_request_field(request, "Content-Length") ==
	    NULL) {
		*detail = "Say in Content-Length how many bytes will come.";
		return ERR_LENGTH_REQUIRED;
	}
	upload->length = total = (uint64_t)length;
	upload->is_piece = field != NULL;
	if (upload->is_piece) {
		if (http_request_field_count(request, "Content-Range") != 1 ||
		    !range_parse_content(field, &upload->range) ||
		    upload->range.to - upload->range.from + 1 !=
		    upload->length) {
			*detail = "Content-Range must be \"bytes FROM-TO/"
			    "TOTAL\", with as many bytes as Content-Length.";
			return ERR_MALFORMED_REQUEST;
		}
		total = upload->range.total;
	}
	if (total > upload->stored->max_object_bytes) {
		*detail = "The object is larger than this service takes.";
		return ERR_TOO_LARGE;
	}
	return ERR_OK;
}

static enum err
upload_prepare(struct errand *errand)
{
	struct upload *upload = (struct upload *)errand;
	struct stored *stored = upload->stored;
	enum err e = stored_conditions_check(&upload->conditions,
	    stored->objects, &upload->key);

	if (e != ERR_OK)
		return e;
	e = objects_check_room(stored->objects, upload->is_piece ?
	    upload->range.total - upload->range.from : upload->length);
	if (e != ERR_OK)
		return e;
	if (!upload->is_piece)
		return incoming_create(stored->objects, &upload->key,
		    upload->length, &upload->incoming);
	return pieces_begin(stored->pieces, &upload->key, &upload->range,
	    &stored->is_stopping, &upload->piece, &upload->incoming,
	    &upload->offset);
}

static void
refuse_upload(struct stored *stored, struct http_request *request,
    const struct upload *upload, enum err e)
{
	if (e == ERR_OFFSET_MISMATCH) {
		http_reply_field(request, "Upload-Offset", "%" PRIu64,
		    upload->offset);
		stored_refuse(stored, request, e, "Go on at Upload-Offset, "
		    "with the total of the first piece, one request at a "
		    "time.");
	} else if (e == ERR_DIGEST_MISMATCH) {
		stored_refuse(stored, request, e, "The SHA-256 of the body "
		    "must be the object id of the URL.");
	} else {
		stored_refuse(stored, request, e, NULL);
	}
}

static void
upload_prepared(struct http_request *request, void *application)
{
	const struct upload *upload = http_request_state(request);

	if (upload->errand.result != ERR_OK)
		refuse_upload(application, request, upload,
		    upload->errand.result);
}

void
upload_begin(struct http_request *request, void *application)
{
	struct stored *stored = application;
	struct upload *upload = calloc(1, sizeof(*upload));
	const char *detail = NULL;
	enum err e;

	if (upload == NULL) {
		stored_refuse(stored, request, ERR_NO_MEMORY, NULL);
		return;
	}
	upload->stored = stored;
	upload->key = stored_object_key(request);
	upload->conditions = stored_conditions(request);
	http_request_set_state(request, upload, upload_end);
	e = check_lengths(request, upload, &detail);
	if (e != ERR_OK)
		stored_refuse(stored, request, e, detail);
	else
		errand_send(&upload->errand, stored->workers, request,
		    upload_prepare, upload_prepared);
}

/* --- the body ------------------------------------------------------------ */

enum err
upload_piece(struct http_request *request, void *application,
    const uint8_t *bytes, size_t size)
{
	struct stored *stored = application;
	struct upload *upload = http_request_state(request);
	enum err e = incoming_write(upload->incoming, bytes, size);

	metrics_add(stored->metrics, METRIC_UPLOAD_BYTES, size);
	if (e != ERR_OK)
		refuse_upload(stored, request, upload, e);
	return e;
}

/* --- complete ------------------------------------------------------------ */

/* Ends the incoming file and the claim, whatever comes of it. */
static enum err
upload_settle(struct errand *errand)
{
	struct upload *upload = (struct upload *)errand;
	struct stored *stored = upload->stored;
	struct incoming *incoming = upload->incoming;
	struct piece *piece = upload->piece;
	enum err e;

	upload->incoming = NULL;
	upload->piece = NULL;
	if (!upload->is_piece) {
		e = incoming_commit(incoming, &upload->is_new);
		if (e == ERR_OK)
			pieces_discard(stored->pieces, &upload->key);
		return e;
	}
	if (upload->range.to + 1 < upload->range.total)
		return pieces_keep(stored->pieces, piece, incoming,
		    &upload->offset);
	return pieces_finish(stored->pieces, piece, incoming,
	    &upload->is_new);
}

static void
upload_answer(struct http_request *request, void *application)
{
	struct stored *stored = application;
	const struct upload *upload = http_request_state(request);

	if (upload->errand.result != ERR_OK) {
		refuse_upload(stored, request, upload,
		    upload->errand.result);
	} else if (upload->is_piece &&
	    upload->range.to + 1 < upload->range.total) {
		metrics_add(stored->metrics, METRIC_PIECES_STORED, 1);
		http_reply_field(request, "Upload-Offset", "%" PRIu64,
		    upload->offset);
		http_reply_empty(request, 204);
	} else {
		metrics_add(stored->metrics, METRIC_OBJECTS_STORED, 1);
		http_reply_empty(request, upload->is_new ? 201 : 200);
	}
}

void
upload_handle(struct http_request *request, void *application)
{
	struct stored *stored = application;
	struct upload *upload = http_request_state(request);

	errand_send(&upload->errand, stored->workers, request, upload_settle,
	    upload_answer);
}

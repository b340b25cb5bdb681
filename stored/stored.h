/* What the handlers of stored share.  One for the process, made by main(). */
#ifndef STORED_STORED_H
#define STORED_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/http_server.h"
#include "common/token.h"
#include "common/worker_pool.h"
#include "stored/authority.h"
#include "stored/media.h"
#include "stored/metrics.h"
#include "stored/objects.h"
#include "stored/pieces.h"
#include "stored/transfers.h"
#include "stored/scrub.h"

struct stored {
	struct objects *objects;
	struct media_cache *media;
	struct pieces *pieces;
	struct scrub *scrub;
	struct authority *authority;
	struct metrics *metrics;
	struct transfers *transfers;
	struct worker_pool *workers;
	struct http_server *server;
	uint64_t max_object_bytes;
	_Atomic bool is_stopping;	/* long work ends early */
};

/* routes.c: the table, and what is asked before it */
extern const struct http_route stored_routes[];
extern const struct http_prefix_field stored_prefix_fields[];
enum err stored_check_target(struct http_request *request,
    void *application);
enum err stored_authenticate(struct http_request *request,
    void *application, int authentication);

/*
 * The target of a request below /media/ or /objects; borrowed.  After
 * stored_authenticate() it is verified.
 */
const struct token_target *stored_target(const struct http_request *request);

/* Whose object the target names. */
struct object_key stored_object_key(const struct http_request *request);

/*
 * What If-Match and If-None-Match of a PUT or DELETE ask of the object named by
 * the target; its tag is its id, so only whether it is there is open.
 */
struct stored_conditions {
	bool hold_when_there;
	bool hold_when_absent;
};

struct stored_conditions stored_conditions(const struct http_request *request);

/*
 * Do they hold?  Looks at the disk where that is open.
 * ERR_PRECONDITION_FAILED; errors of objects_find() but for the object's
 * absence.
 */
enum err stored_conditions_check(const struct stored_conditions *conditions,
    struct objects *objects, const struct object_key *key);

/* http_reply_error() that is counted. */
void stored_refuse(struct stored *stored, struct http_request *request,
    enum err e, const char *detail);

/* --- the handlers, by file ----------------------------------------------- */

http_handler download_handle;		/* download.c: GET, HEAD /media/ */

http_handler upload_begin;		/* upload.c: PUT /objects/OBJECT */
http_piece_handler upload_piece;
http_handler upload_handle;

http_handler manage_head;		/* manage.c: HEAD, DELETE, list */
http_handler manage_delete;
http_handler manage_list;

http_handler operator_ready;		/* operator.c */
http_handler operator_metrics;
http_handler operator_scrub;		/* POST /scrub */
http_handler operator_scrub_status;	/* GET /scrub */

#endif

/* Answers that are the same for everybody, kept as they were sent while they
 * still hold: a hot item or page is then a copy, and nothing is read.
 */
#ifndef COMMERCED_HTTP_ANSWERS_H
#define COMMERCED_HTTP_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/shop/catalogue.h"
#include "common/http_server.h"
#include "common/json_text.h"

struct answers;

/* Bounded in number and in bytes.  ERR_NO_MEMORY. */
enum err answers_new(struct answers **out);
void answers_free(struct answers *answers);	/* NULL is allowed */

/* For how long an answer holds: one of the two. */
struct answer_validity {
	bool by_time;
	struct catalogue_stamp stamp;	/* from before it was read */
	int64_t until_ms;		/* monotonic */
};

/*
 * Answer a request, which has no session, as its target was answered before,
 * if that holds at now (a stamp and a monotonic time).  false: it was not.
 */
bool answers_reply(struct answers *answers, struct http_request *request,
    const struct answer_validity *now);

/* Answer with 200 and json, whose memory is taken, and keep that. */
void answers_reply_new(struct answers *answers,
    struct http_request *request, const struct answer_validity *validity,
    struct json_text *json);

#endif

/* Requests that commerced's real handlers answer without a network: route,
 * authentication, body, handler and the shop with its database are what the
 * daemon has; only the library beneath is a fake, and what is slow on purpose
 * (scrypt, fsync) is quick.  One shop with one buyer, made anew now and then.
 */
#ifndef TESTS_FUZZ_PAPER_PAPER_H
#define TESTS_FUZZ_PAPER_PAPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http_gate.h"

#define PAPER_FIELDS_MAX 128

struct paper_request {
	const char *method, *target;
	struct http_field fields[PAPER_FIELDS_MAX];
	size_t field_count;
	const uint8_t *body;
	size_t body_size;
};

struct paper_answer {
	int status;
	const char *slug;	/* of a problem; else "" */
	json_t *json;		/* NULL: no JSON */
	const char *text;	/* the body, with a NUL; NULL: none */
	size_t text_size;
};

/*
 * To be called at the start of each input.  Makes the shop, and after many
 * inputs another one, once the books of the old one were checked.
 */
void paper_begin(void);

/* Name and value live as long as the request. */
void paper_add_field(struct paper_request *request, const char *name,
    const char *value);

/*
 * Ask; aborts where the answer breaks what is always true: a documented
 * status, problem+json of a known type for an error, and never 500.  The
 * answer is to be cleared.
 */
void paper_ask(const struct paper_request *request,
    struct paper_answer *answer);
void paper_answer_clear(struct paper_answer *answer);

/*
 * Values of the shop, as expand.h has them: session, admin, item, other, album,
 * draft, file, purchase, account, code, email, origin.
 */
const char *paper_value(const char *name);

#endif

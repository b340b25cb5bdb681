/* Who may do what: the signing keys and the public origins that tokens are
 * verified with.  Replaced as a whole while requests run.
 */
#ifndef STORED_AUTHORITY_H
#define STORED_AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/token.h"
#include "stored/metrics.h"
#include "stored/settings.h"

struct authority;		/* any thread may use it */

/* ERR_NO_MEMORY; those of signing_keys_load(), logged. */
enum err authority_new(const struct settings *settings,
    struct authority **out);
void authority_free(struct authority *authority);	/* NULL is allowed */

/*
 * Take keys and origins from settings; on an error, logged, the old ones
 * stay.  Requests that are being verified end with the old ones.
 */
enum err authority_reload(struct authority *authority,
    const struct settings *settings);

/* token_verify() with the origins filled in. */
enum err authority_verify(struct authority *authority,
    struct token_request *request, int64_t now_s);

/* Let the metrics show each key that is in force, also those nobody used. */
void authority_tell_keys(struct authority *authority,
    struct metrics *metrics);

/* How many keys are there? */
size_t authority_key_count(struct authority *authority);

#endif

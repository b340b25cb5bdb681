/* The storage service as an audit sees it: one question, one answer. */
#ifndef COMMERCED_AUDIT_STORAGE_H
#define COMMERCED_AUDIT_STORAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "commerced/push_send.h"
#include "commerced/shop/publish.h"

/*
 * Every function waits.  ERR_UNREACHABLE, logged: no answer, or none that
 * makes sense; ERR_NO_MEMORY, ERR_CRYPTO, ERR_INTERNAL.
 */

/* The page of the list after object ("" for the first); the caller's. */
enum err audit_list(const struct push_sender *sender, const char *after,
    json_t **page);

/* How large the object is there; -1: it is not, or not whole. */
enum err audit_size(const struct push_sender *sender, const char *object,
    int64_t *size);

/*
 * Send the object from its sealed file here; is_damaged: also where one of
 * that size is there.  ERR_OBJECT_NOT_FOUND: there is no such file.
 */
enum err audit_send(const struct push_sender *sender,
    const struct kept_version *version, bool is_damaged);

/*
 * Fetch the header and one random chunk by ranges and open it with the key
 * that is derived for the version.  *chunk, from 0, is that which was drawn,
 * of *chunks.  ERR_SEALED_*: it does not open: the object is damaged.
 * ERR_OBJECT_NOT_FOUND; ERR_KEY_FILE (logged).
 */
enum err audit_sample(const struct push_sender *sender,
    const struct kept_version *version, uint64_t *chunk, uint64_t *chunks);

#endif

/* What items give, remembered, so that a sale need not read it again.
 *
 * shop.sequence counts every change of what a sale gives, so that an item's
 * files at one sequence never change: what is remembered is never stale, only
 * of no more use.  Items that contain others are not remembered.
 */
#ifndef COMMERCED_SHOP_SALE_FILES_H
#define COMMERCED_SHOP_SALE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/library.h"
#include "commerced/model.h"

struct sale_files;	/* any thread */

/* ERR_NO_MEMORY. */
enum err sale_files_new(struct sale_files **out);
void sale_files_free(struct sale_files *memory);	/* NULL is allowed */

/*
 * Append the files of an item, with the caller's seed; false: they are not
 * remembered (or there is no memory), and nothing is appended.
 */
bool sale_files_get(struct sale_files *memory, const struct uuid *item,
    int64_t sequence, const uint8_t seed[static GRANT_SEED_BYTES],
    struct owned_files *out);

/* Remember a copy, unless there are too many of them. */
void sale_files_put(struct sale_files *memory, const struct uuid *item,
    int64_t sequence, const struct owned_file *files, size_t count);

#endif

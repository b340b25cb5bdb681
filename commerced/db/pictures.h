/* Covers and previews of items, by the items' numbers.  Every function: the
 * errors of db.h.
 */
#ifndef COMMERCED_DB_PICTURES_H
#define COMMERCED_DB_PICTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model_picture.h"

/* ERR_NOT_FOUND: it has none. */
enum err db_picture_get(struct db *db, int64_t item, enum picture_kind kind,
    struct picture *out);
/* Instead of the one that it has, if any. */
enum err db_picture_set(struct db *db, int64_t item, enum picture_kind kind,
    const struct picture *picture);
enum err db_picture_remove(struct db *db, int64_t item,
    enum picture_kind kind);

/* Is it one of any item? */
enum err db_picture_is_shown(struct db *db, const struct uuid *id, bool *out);

#endif

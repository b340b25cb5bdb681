/* Money back, line by line.  Every function: the errors of db.h. */
#ifndef COMMERCED_DB_REFUNDS_H
#define COMMERCED_DB_REFUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

/* All but the items; sets refund->number. */
enum err db_refund_add(struct db *db, struct refund *refund);
/* With its items.  ERR_NOT_FOUND. */
enum err db_refund_get(struct db *db, int64_t number, struct refund *out);

/* Was it deducted from a line that is not refunded? */
enum err db_line_is_deducted(struct db *db, int64_t purchase,
    int64_t position, bool *out);
/* The line is refunded, and what it gave to account ends. */
enum err db_line_refund(struct db *db, const struct refund *refund,
    int64_t position, int64_t account);

#endif

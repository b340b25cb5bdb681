/* What the writer has read of items that it sold, so that the next sale of one
 * need not ask again.
 */
#ifndef COMMERCED_DB_SALE_ITEMS_H
#define COMMERCED_DB_SALE_ITEMS_H

#include <stdbool.h>

#include "commerced/db/purchases.h"
#include "common/err.h"
#include "common/uuid.h"

struct sale_items;	/* one connection's */

/* ERR_NO_MEMORY; else *out is released by sale_items_free(). */
enum err sale_items_new(struct sale_items **out);
void sale_items_free(struct sale_items *memory);	/* NULL is allowed */

/*
 * Nothing that was read before is believed any more.  To be called before
 * whatever changes an item, what contains it, or shop.sequence; and when what
 * may have been read is undone.  NULL is allowed.
 */
void sale_items_forget(struct sale_items *memory);

/*
 * The item as a line, if it is remembered and released by today; all but
 * is_entitled, which is false.  The title is the caller's to free; NULL without
 * memory.  memory may be NULL.
 */
bool sale_items_get(const struct sale_items *memory, const struct uuid *id,
    const char *today, struct sale_row *out);

/*
 * Remember what was just read of an item on sale, unless a sale of it has
 * something to note in the catalogue (an album; files that nobody has bought):
 * that changes by selling it.  released: "" or its day.  Without memory it is
 * not remembered; memory may be NULL.
 */
void sale_items_put(struct sale_items *memory, const struct uuid *id,
    const char *released, const struct sale_row *row);

#endif

/* What albums and bundles contain, and what is deducted for it.  Every
 * function: the errors of db.h.
 */
#ifndef COMMERCED_DB_ALBUMS_H
#define COMMERCED_DB_ALBUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

struct id_list {
	struct uuid *ids;	/* the caller frees them */
	size_t count;
};

struct content_row {
	int64_t container;
	struct uuid item;
	int64_t position;
	int64_t sequence;	/* at which it comes */
};

/*
 * Everything is taken out at that sequence: who bought before keeps it.  Then
 * item by item is put in at the same sequence: what was taken out by it never
 * left.  *found is false for one that does not exist or is the container
 * itself.  Done, db_contents_settle() is called once.
 */
enum err db_contents_take_out(struct db *db, int64_t container,
    int64_t sequence);
enum err db_contents_put_in(struct db *db, const struct content_row *row,
    bool *found);
enum err db_contents_settle(struct db *db, int64_t container);

/* Which of all that it contains, down to two levels, have nothing to give. */
enum err db_contents_empty(struct db *db, int64_t container,
    struct id_list *out);
/*
 * Does it, or what is on sale and contains it, reach deeper than two levels?
 * A cycle does.
 */
enum err db_contents_too_deep(struct db *db, int64_t container, bool *out);

/* How an item stands, counting what contains it now. */
struct offer_row {
	bool is_on_sale;	/* published, to be exact */
	bool is_sold;
};
enum err db_item_offer(struct db *db, int64_t item, struct offer_row *out);
enum err db_item_is_inside(struct db *db, int64_t container, int64_t item,
    bool *out);

/* What the line at position of purchase paid for something contained. */
struct deduction {
	int64_t purchase;
	int64_t position;
	int64_t amount_minor;	/* above 0 */
};

struct deduction_list {
	struct deduction *deductions;	/* the caller frees them */
	size_t count;
};

/* Appended: all that an account may have deducted from a container. */
enum err db_deduction_list(struct db *db, int64_t account,
    int64_t container, struct deduction_list *out);
/* From the line at position of purchase. */
enum err db_deduction_add(struct db *db, int64_t purchase, int64_t position,
    const struct deduction *deduction);

#endif

/* The books row by row, for the shop's people.  Every function: the errors of
 * db.h.
 */
#ifndef COMMERCED_DB_REPORTS_H
#define COMMERCED_DB_REPORTS_H

#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

struct report_filter {
	enum report_kind kind;
	int64_t from_ms;	/* of sales: at this time or later, */
	int64_t until_ms;	/* and before this one */
	int64_t before;		/* rows with a lower key */
	int64_t limit;
};

/*
 * The rows with the greatest keys, greatest first, into out, which is cleared
 * by the caller; *last is the key of the last where more follow, else 0.
 */
enum err db_report_list(struct db *db, const struct report_filter *filter,
    struct report *out, int64_t *last);

#endif

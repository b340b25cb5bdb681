/* How well an entry of the search index fits a query. */
#ifndef COMMERCED_DB_SEARCH_SCORE_H
#define COMMERCED_DB_SEARCH_SCORE_H

#include "commerced/db/db.h"

#define SEARCH_APPLICATION_ID 1128680534	/* "CFLV" */

/* Teach a connection the SQL function item_score(item_search, length, n). */
enum err db_search_add_score(struct db *db);

#endif

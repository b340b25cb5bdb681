/*
 * item_score(item_search, length, n): less is better.  What counts is where the
 * words stand and how often, and that a title of that length holds little
 * else; the first n phrases of the query are words for the same.  Unlike
 * bm25() it does not ask how many items hold a word, which means to go through
 * all of them, and does not change while others change: a cursor holds its
 * place.
 */
#include "commerced/db/search_score.h"

#include "commerced/db/query.h"

#define PHRASES_MAX 128		/* of a query; what is beyond does not count */
#define WEIGHT_HALF 5.0		/* the weight that is worth half of the most */
#define LENGTH_SHARE 0.1	/* a long title costs less than this */
#define LENGTH_HALF 40.0

/* title, creator, genre, description, and the kind, which filters alone */
static const double column_weights[] = { 10.0, 5.0, 2.0, 1.0, 0.0 };
#define COLUMN_COUNT (sizeof(column_weights) / sizeof(column_weights[0]))

static double
score_share(double weight, double half)
{
	return weight / (weight + half);
}

static int
score_weigh(const Fts5ExtensionApi *api, Fts5Context *context, int same,
    double weights[static PHRASES_MAX])
{
	int count = 0, phrase = 0, column, offset;
	int rc = api->xInstCount(context, &count);

	for (int i = 0; rc == SQLITE_OK && i < count; i++) {
		rc = api->xInst(context, i, &phrase, &column, &offset);
		phrase = phrase < same ? 0 : phrase - same + 1;
		if (rc == SQLITE_OK && phrase < PHRASES_MAX && column >= 0 &&
		    (size_t)column < COLUMN_COUNT)
			weights[phrase] += column_weights[column];
	}
	return rc;
}

static void
score_item(const Fts5ExtensionApi *api, Fts5Context *fts,
    sqlite3_context *context, int count, sqlite3_value **values)
{
	double weights[PHRASES_MAX] = { 0 }, score = 0;
	int rc = count != 2 ? SQLITE_MISUSE : score_weigh(api, fts,
	    sqlite3_value_int(values[1]), weights);

	if (rc != SQLITE_OK) {
		sqlite3_result_error_code(context, rc);
		return;
	}
	for (size_t i = 0; i < PHRASES_MAX; i++)
		score -= score_share(weights[i], WEIGHT_HALF);
	score += LENGTH_SHARE * score_share(sqlite3_value_double(values[0]),
	    LENGTH_HALF);
	sqlite3_result_double(context, score);
}

enum err
db_search_add_score(struct db *db)
{
	sqlite3_stmt *statement = NULL;
	fts5_api *api = NULL;
	int rc;

	rc = sqlite3_prepare_v2(db->handle, statement_text(STMT_SEARCH_API),
	    -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr",
		    NULL);
	if (rc == SQLITE_OK)
		(void)sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	if (rc == SQLITE_OK && api == NULL)
		rc = SQLITE_ERROR;	/* built without FTS5 */
	if (rc == SQLITE_OK)
		rc = api->xCreateFunction(api, "item_score", NULL, score_item,
		    NULL);
	return rc == SQLITE_OK ? ERR_OK : query_error(db, rc, "item_score");
}

/* Running a statement: bind its parameters in order, step, read its columns
 * in order.  Errors stick: bind and read on, look once.
 */
#ifndef COMMERCED_DB_QUERY_H
#define COMMERCED_DB_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/db/statements.h"
#include "common/uuid.h"

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[STMT__COUNT];	/* prepared on first use */
	int64_t log_frames;
	unsigned changes;	/* of enum db_change, not yet taken */
	struct sale_items *sale_items;	/* the writer's; else NULL */
	unsigned version;	/* of the data, after our last commit */
};

struct query {
	struct db *db;
	sqlite3_stmt *statement;	/* NULL after an error */
	int parameter;			/* bound so far */
	int column;			/* of the row, read so far */
	enum err error;
};

/* What rc means to our callers; logs it with what failed. */
enum err query_error(struct db *db, int rc, const char *what);

/* Begin statement number; always ended by query_end() or query_run(). */
void query_begin(struct query *query, struct db *db, enum statement number);

/* Bind the next parameter.  Text and bytes must live until query_end(). */
void query_int(struct query *query, int64_t value);
void query_null(struct query *query);
void query_real(struct query *query, double value);
void query_text(struct query *query, const char *text);	/* NULL: null */
void query_bytes(struct query *query, const void *bytes, size_t size);
void query_uuid(struct query *query, const struct uuid *uuid);

/* Is there another row?  false also after an error. */
bool query_next(struct query *query);

/* Read the next column of the row. */
int64_t row_int(struct query *query);		/* null: 0 */
double row_real(struct query *query);
char *row_text(struct query *query);		/* caller's; null: NULL */
const char *row_text_borrow(struct query *query);	/* until the next row */
/* Into capacity bytes with the NUL; ERR_DB sticks when it does not fit. */
void row_text_into(struct query *query, char *text, size_t capacity);
/* ERR_DB sticks unless it has exactly that size. */
void row_bytes(struct query *query, void *bytes, size_t size);
struct uuid row_uuid(struct query *query);

/* Is the next column null?  Pass it over. */
bool row_is_null(struct query *query);
void row_skip(struct query *query);

/* The first error, or ERR_OK.  The query is over. */
enum err query_end(struct query *query);

/* For statements without rows: step to the end, then query_end(). */
enum err query_run(struct query *query);


#endif

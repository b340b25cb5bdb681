#include "commerced/db/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/sale_items.h"
#include "common/log.h"

/*
 * The engine knows a full disk, but not a full quota, which is the same: a
 * write to the log that was refused.
 */
static bool
query_is_over_quota(struct db *db, int rc)
{
	sqlite3_file *log = NULL;
	int number = 0;

	if (rc != SQLITE_IOERR_WRITE || db == NULL ||
	    sqlite3_file_control(db->handle, "main",
	    SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
	    log == NULL || log->pMethods == NULL)
		return false;
	(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO,
	    &number);
	return number == EDQUOT;
}

enum err
query_error(struct db *db, int rc, const char *what)
{
	const char *text = db == NULL || db->handle == NULL ?
	    sqlite3_errstr(rc) : sqlite3_errmsg(db->handle);

	log_error("database step failed what=\"%s\" code=%d: %s", what, rc,
	    text);
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return ERR_INTERNAL;
	case SQLITE_FULL:
		return ERR_STORAGE_FULL;
	case SQLITE_NOMEM:
		return ERR_NO_MEMORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_IOERR:
		return query_is_over_quota(db, rc) ? ERR_STORAGE_FULL : ERR_IO;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return ERR_IO;
	}
	return ERR_DB;
}

static void
query_fail(struct query *query, int rc)
{
	if (query->error)
		return;
	query->error = query_error(query->db, rc,
	    query->statement == NULL ? "prepare" :
	    sqlite3_sql(query->statement));
}

void
query_begin(struct query *query, struct db *db, enum statement number)
{
	int rc;

	*query = (struct query){ .db = db };
	db->changes |= statement_changes(number);
	if ((statement_changes(number) & DB_CATALOGUE) != 0)
		sale_items_forget(db->sale_items);
	if (db->statements[number] == NULL) {
		rc = sqlite3_prepare_v3(db->handle, statement_text(number), -1,
		    SQLITE_PREPARE_PERSISTENT, &db->statements[number], NULL);
		if (rc != SQLITE_OK) {
			query->error = query_error(db, rc,
			    statement_text(number));
			return;
		}
	}
	query->statement = db->statements[number];
}

static void
query_bound(struct query *query, int rc)
{
	if (rc != SQLITE_OK)
		query_fail(query, rc);
}

void
query_int(struct query *query, int64_t value)
{
	if (query->error)
		return;
	query_bound(query, sqlite3_bind_int64(query->statement,
	    ++query->parameter, value));
}

void
query_null(struct query *query)
{
	if (query->error)
		return;
	query_bound(query, sqlite3_bind_null(query->statement,
	    ++query->parameter));
}

void
query_real(struct query *query, double value)
{
	if (query->error)
		return;
	query_bound(query, sqlite3_bind_double(query->statement,
	    ++query->parameter, value));
}

void
query_text(struct query *query, const char *text)
{
	if (query->error)
		return;
	query_bound(query, sqlite3_bind_text(query->statement,
	    ++query->parameter, text, -1, SQLITE_STATIC));
}

void
query_bytes(struct query *query, const void *bytes, size_t size)
{
	if (query->error)
		return;
	query_bound(query, sqlite3_bind_blob64(query->statement,
	    ++query->parameter, bytes, size, SQLITE_STATIC));
}

void
query_uuid(struct query *query, const struct uuid *uuid)
{
	query_bytes(query, uuid->bytes, UUID_BYTES);
}

bool
query_next(struct query *query)
{
	int rc;

	if (query->error)
		return false;
	query->column = 0;
	rc = sqlite3_step(query->statement);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		query_fail(query, rc);
	return false;
}

int64_t
row_int(struct query *query)
{
	return sqlite3_column_int64(query->statement, query->column++);
}

double
row_real(struct query *query)
{
	return sqlite3_column_double(query->statement, query->column++);
}

char *
row_text(struct query *query)
{
	const int column = query->column++;
	const char *text;
	char *copy;

	if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
		return NULL;
	text = (const char *)sqlite3_column_text(query->statement, column);
	copy = text == NULL ? NULL : strdup(text);
	if (copy == NULL && !query->error)
		query->error = ERR_NO_MEMORY;
	return copy;
}

const char *
row_text_borrow(struct query *query)
{
	const int column = query->column++;
	const char *text =
	    (const char *)sqlite3_column_text(query->statement, column);

	if (text == NULL && !query->error &&
	    sqlite3_column_type(query->statement, column) != SQLITE_NULL)
		query->error = ERR_NO_MEMORY;
	return text;
}

void
row_text_into(struct query *query, char *text, size_t capacity)
{
	const int column = query->column++;
	const char *from =
	    (const char *)sqlite3_column_text(query->statement, column);
	size_t length = from == NULL ? 0 : strlen(from);

	if (length >= capacity) {
		if (!query->error)
			query->error = ERR_DB;
		length = 0;
	}
	if (length > 0)
		memcpy(text, from, length);
	text[length] = '\0';
}

void
row_bytes(struct query *query, void *bytes, size_t size)
{
	const int column = query->column++;
	const void *from = sqlite3_column_blob(query->statement, column);

	if (from == NULL ||
	    (size_t)sqlite3_column_bytes(query->statement, column) != size) {
		memset(bytes, 0, size);
		if (!query->error)
			query->error = ERR_DB;
		return;
	}
	memcpy(bytes, from, size);
}

struct uuid
row_uuid(struct query *query)
{
	struct uuid uuid;

	row_bytes(query, uuid.bytes, UUID_BYTES);
	return uuid;
}

bool
row_is_null(struct query *query)
{
	return sqlite3_column_type(query->statement, query->column) ==
	    SQLITE_NULL;
}

void
row_skip(struct query *query)
{
	query->column++;
}

enum err
query_end(struct query *query)
{
	if (query->statement != NULL) {
		/* The error of the last step comes again: it is known. */
		(void)sqlite3_reset(query->statement);
		(void)sqlite3_clear_bindings(query->statement);
		query->statement = NULL;
	}
	return query->error;
}

enum err
query_run(struct query *query)
{
	while (query_next(query))
		;
	return query_end(query);
}

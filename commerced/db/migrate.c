/* Bringing the books from the schema they have to the one of this release. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/db.h"
#include "commerced/db/query.h"
#include "commerced/db/schema.h"
#include "common/log.h"

static enum err
db_schema_version(struct db *db, int64_t *version)
{
	struct query query;

	query_begin(&query, db, STMT_SCHEMA_VERSION);
	*version = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

static enum err
db_run_sql(struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : query_error(db, rc, "migration");
}

/*
 * What a migration touches: the tables there were, an array in JSON, and those
 * that it writes to, makes, changes or drops, without the last bracket.
 */
struct touched {
	char *before;
	char names[4096];
	size_t length;
	bool is_all;		/* or no room for their names */
};

static void
touched_add(struct touched *touched, const char *name)
{
	const size_t room = sizeof(touched->names) - touched->length - 1;
	int length;

	if (name == NULL || strpbrk(name, "\"\\") != NULL) {
		touched->is_all = true;
		return;
	}
	length = snprintf(touched->names + touched->length, room, "%c\"%s\"",
	    touched->length == 0 ? '[' : ',', name);
	if (length < 0 || (size_t)length >= room)
		touched->is_all = true;
	else
		touched->length += (size_t)length;
}

/* Asked by the engine about each thing that it is to do. */
static int
touched_note(void *context, int action, const char *one, const char *two,
    const char *database, const char *trigger)
{
	struct touched *touched = context;

	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
	case SQLITE_PRAGMA:
	case SQLITE_REINDEX:
	case SQLITE_CREATE_INDEX:
	case SQLITE_DROP_INDEX:
	case SQLITE_CREATE_TRIGGER:
	case SQLITE_DROP_TRIGGER:
		break;
	case SQLITE_ALTER_TABLE:
		touched_add(touched, two);
		break;
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
	case SQLITE_CREATE_TABLE:
	case SQLITE_DROP_TABLE:
		touched_add(touched, one);
		break;
	default:
		touched->is_all = true;
	}
	return SQLITE_OK;
}

static enum err
db_run_migration(struct db *db, int number, struct touched *touched)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_TABLE_NAMES);
	if (query_next(&query))
		touched->before = row_text(&query);
	e = query_end(&query);
	if (e)
		return e;
	(void)sqlite3_set_authorizer(db->handle, touched_note, touched);
	e = db_run_sql(db, db_migrations[number - 1]);
	(void)sqlite3_set_authorizer(db->handle, NULL, NULL);
	touched_add(touched, "sqlite_schema");	/* an array of something */
	touched->names[touched->length] = ']';
	return e;
}

/*
 * A migration that breaks the books is none, and damaged books get none: after
 * the first step of a start all are read, which takes minutes where they are
 * large; after another what it touched, and what refers to that.
 */
static enum err
db_check_references(struct db *db, int number, const struct touched *touched)
{
	struct query query;
	char table[64];
	bool is_broken;
	enum err e;

	query_begin(&query, db, STMT_FOREIGN_KEY_CHECK);
	query_text(&query, touched->is_all ? "[]" : touched->names);
	query_text(&query, touched->is_all ? "[]" : touched->before);
	is_broken = query_next(&query);
	if (is_broken)
		row_text_into(&query, table, sizeof(table));
	e = query_end(&query);
	if (e || !is_broken)
		return e;
	log_error("a row refers to none migration=%d table=%s", number, table);
	return ERR_DB;
}

/* One migration in one transaction; it sets its own number. */
static enum err
db_migrate_to(struct db *db, int number, bool is_first)
{
	struct touched touched = { .is_all = is_first };
	int64_t version = 0;
	enum err e;

	e = db_begin_write(db);
	if (e)
		return e;
	e = db_run_migration(db, number, &touched);
	if (!e)
		e = db_check_references(db, number, &touched);
	if (!e)
		e = db_schema_version(db, &version);
	if (e)
		goto out;
	if (version != number) {
		log_error("migration sets another number migration=%d "
		    "user_version=%" PRId64, number, version);
		e = ERR_DB;
		goto out;
	}
	e = db_commit(db);
out:
	db_rollback(db);
	free(touched.before);
	return e;
}

/* The version, which is none of a later release. */
static enum err
db_schema_known(struct db *db, int64_t *version)
{
	enum err e = db_schema_version(db, version);

	if (e || *version <= db_migration_count)
		return e;
	log_error("database was written by a later release; install that one "
	    "schema=%" PRId64 " known=%d", *version, db_migration_count);
	return ERR_SCHEMA_NEWER;
}

enum err
db_check_schema(struct db *db)
{
	int64_t version = 0;
	enum err e = db_schema_known(db, &version);

	if (e || version == db_migration_count)
		return e;
	log_error("database is of an earlier release; start commerced once, "
	    "which brings it forward schema=%" PRId64, version);
	return ERR_DB;
}

enum err
db_migrate(struct db *db)
{
	int64_t version = 0, first;
	enum err e = db_schema_known(db, &version);

	if (e || version == db_migration_count)
		return e;
	first = version + 1;
	if (version > 0)
		log_info("database is brought to the schema of this release, "
		    "which takes minutes where the books are large "
		    "schema=%" PRId64 " wanted=%d", version,
		    db_migration_count);
	/* A table that others refer to is made anew only without them. */
	e = db_run_sql(db, "PRAGMA foreign_keys = OFF");
	while (!e && version < db_migration_count) {
		version++;
		e = db_migrate_to(db, (int)version, version == first);
		if (!e)
			log_info("database migrated schema=%" PRId64, version);
	}
	if (!e)
		e = db_run_sql(db, "PRAGMA foreign_keys = ON");
	return e;
}

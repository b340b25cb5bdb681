/* Bringing the books from the schema they have to the one of this release. */
#include <inttypes.h>

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

/* A migration that breaks the books is none. */
static enum err
db_check_references(struct db *db, int number)
{
	struct query query;
	char table[64];
	bool is_broken;
	enum err e;

	query_begin(&query, db, STMT_FOREIGN_KEY_CHECK);
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
db_migrate_to(struct db *db, int number)
{
	int64_t version = 0;
	enum err e;

	e = db_begin_write(db);
	if (e)
		return e;
	e = db_run_sql(db, db_migrations[number - 1]);
	if (!e)
		e = db_check_references(db, number);
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
	int64_t version = 0;
	enum err e = db_schema_known(db, &version);

	if (e || version == db_migration_count)
		return e;
	if (version > 0)
		log_info("database is brought to the schema of this release, "
		    "which takes minutes where the books are large "
		    "schema=%" PRId64 " wanted=%d", version,
		    db_migration_count);
	/* A table that others refer to is made anew only without them. */
	e = db_run_sql(db, "PRAGMA foreign_keys = OFF");
	while (!e && version < db_migration_count) {
		e = db_migrate_to(db, (int)++version);
		if (!e)
			log_info("database migrated schema=%" PRId64, version);
	}
	if (!e)
		e = db_run_sql(db, "PRAGMA foreign_keys = ON");
	return e;
}

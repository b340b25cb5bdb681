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

/* One migration in one transaction; it sets its own number. */
static enum err
db_migrate_to(struct db *db, int number)
{
	int64_t version = 0;
	enum err e;
	int rc;

	e = db_begin_write(db);
	if (e)
		return e;
	rc = sqlite3_exec(db->handle, db_migrations[number - 1], NULL, NULL,
	    NULL);
	if (rc != SQLITE_OK) {
		e = query_error(db, rc, "migration");
		goto out;
	}
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

	while (!e && version < db_migration_count) {
		e = db_migrate_to(db, (int)++version);
		if (!e)
			log_info("database migrated schema=%" PRId64, version);
	}
	return e;
}

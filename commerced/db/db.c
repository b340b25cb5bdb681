#include "commerced/db/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commerced/db/log_file.h"
#include "commerced/db/query.h"
#include "commerced/db/sale_items.h"
#include "commerced/db/search_score.h"
#include "common/clock.h"
#include "common/log.h"

#define DB_BOOKS_ID 1128680526	/* "CFLN" */
#define DB_BUSY_MS 5000
#define DB_PAGES_KEPT 128	/* of each connection: 0.5 MiB */
#define DB_NAP_NS 100000
#define DB_PURGE_MS 20		/* longest that a purge waits for others */

/*
 * Each connection's settings.  The log is moved into the file by a thread of
 * its own, so wal_autocheckpoint is off; after that the log is cut to a size
 * that fits a busy day.  What is deleted is overwritten.
 */
static const char db_settings[] =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA recursive_triggers = ON;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA temp_store = MEMORY;";

static pthread_once_t db_library = PTHREAD_ONCE_INIT;
static const char *db_writer_vfs;

/*
 * The index is made anew when it is lost: a commit need not be on the disk,
 * and nothing in it is personal.
 */
static const struct db_role_terms {
	int application;
	int flags;
	bool is_logged;		/* keeps a write-ahead log */
	const char *settings;
} db_roles[] = {
	[DB_WRITER] = { DB_BOOKS_ID, SQLITE_OPEN_CREATE, true,
	    "PRAGMA journal_mode = WAL; PRAGMA cache_size = -16384;"
	    "PRAGMA cell_size_check = ON;" },
	[DB_READER] = { DB_BOOKS_ID, 0, true,
	    "PRAGMA query_only = ON; PRAGMA cache_size = -8192;" },
	/* The upper pages of one tree, and room for leaves. */
	[DB_SESSION_READER] = { DB_BOOKS_ID, 0, true,
	    "PRAGMA query_only = ON; PRAGMA cache_size = 256;" },
	[DB_CHECKPOINTER] = { DB_BOOKS_ID, 0, true,
	    "PRAGMA query_only = ON;" },
	[DB_INDEX_MAKER] = { SEARCH_APPLICATION_ID, SQLITE_OPEN_CREATE, false,
	    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
	    "PRAGMA secure_delete = OFF; PRAGMA cache_size = -32768;" },
	[DB_INDEX_WRITER] = { SEARCH_APPLICATION_ID, 0, true,
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	    "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 1000;" },
	[DB_INDEX_READER] = { SEARCH_APPLICATION_ID, 0, true,
	    "PRAGMA query_only = ON; PRAGMA cache_size = -8192;" }
};

static enum err
db_run(struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : query_error(db, rc, sql);
}

static int
db_note_frames(void *context, sqlite3 *handle, const char *name, int frames)
{
	struct db *db = context;

	(void)handle;
	(void)name;
	db->log_frames = frames;
	return SQLITE_OK;
}

/* The one value of a pragma. */
static enum err
db_value(struct db *db, enum statement number, int64_t *value)
{
	struct query query;

	query_begin(&query, db, number);
	*value = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

/* An empty file is ours to fill; one that another program filled is not. */
static enum err
db_check_owner(struct db *db, int expected, const char *path)
{
	int64_t application = 0, tables = 0;
	enum err e;

	e = db_value(db, STMT_APPLICATION_ID, &application);
	if (!e)
		e = db_value(db, STMT_TABLE_COUNT, &tables);
	if (e)
		return e;
	if (application == expected ||
	    (application == 0 && tables == 0))
		return ERR_OK;
	log_error("database is not one of commerced; move it away or set "
	    "another state folder path=%s", path);
	return ERR_DB;
}

/* Where the file system cannot share memory, SQLite says so only here. */
static enum err
db_check_journal(struct db *db, const char *path)
{
	struct query query;
	char mode[16] = "";
	enum err e;

	query_begin(&query, db, STMT_JOURNAL_MODE);
	if (query_next(&query))
		row_text_into(&query, mode, sizeof(mode));
	e = query_end(&query);
	if (!e && strcmp(mode, "wal") != 0) {
		log_error("database cannot keep a write-ahead log there; use "
		    "a local file system path=%s", path);
		e = ERR_DB;
	}
	return e;
}

/* What every connection needs before its first statement. */
static enum err
db_set_up(struct db *db, const struct db_role_terms *terms, const char *path)
{
	enum err e;

	(void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Another index may have taken the name by then: hands off its log. */
	if (terms->application == SEARCH_APPLICATION_ID)
		(void)sqlite3_db_config(db->handle,
		    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	e = db_check_owner(db, terms->application, path);
	if (!e)
		e = db_run(db, db_settings);
	if (!e)
		e = db_run(db, terms->settings);
	if (!e && terms->is_logged)
		e = db_check_journal(db, path);
	if (!e && terms->application == SEARCH_APPLICATION_ID)
		e = db_search_add_score(db);
	return e;
}

/*
 * Once, before the first connection: counting what is allocated takes a lock
 * that all connections share, and nobody asks for the counts.  A reader drops
 * its pages at each commit: these it keeps the memory of.
 */
static void
db_set_up_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, DB_PAGES_KEPT);
	db_writer_vfs = log_file_prepare();
}

enum err
db_open(const char *path, enum db_role role, struct db **out)
{
	const struct db_role_terms *terms = &db_roles[role];
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW | terms->flags;
	struct db *db;
	enum err e;
	int rc;

	*out = NULL;
	(void)pthread_once(&db_library, db_set_up_library);
	db = calloc(1, sizeof(*db));
	if (db == NULL)
		return ERR_NO_MEMORY;
	rc = sqlite3_open_v2(path, &db->handle, flags,
	    role == DB_WRITER ? db_writer_vfs : NULL);
	if (rc != SQLITE_OK) {
		log_error("database cannot be opened path=%s", path);
		e = query_error(db, rc, "open");
		goto out;
	}
	e = db_set_up(db, terms, path);
	if (!e && role == DB_WRITER)
		e = sale_items_new(&db->sale_items);
	if (!e && role == DB_WRITER)
		(void)sqlite3_wal_hook(db->handle, db_note_frames, db);
out:
	if (e) {
		db_close(db);
		db = NULL;
	}
	*out = db;
	return e;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < STMT__COUNT; i++)
		(void)sqlite3_finalize(db->statements[i]);
	if (sqlite3_close(db->handle) != SQLITE_OK)
		log_error("database connection was closed while in use");
	sale_items_free(db->sale_items);
	free(db);
}

/* Another number whenever somebody wrote: we, or others, if only by hand. */
static unsigned
db_version(struct db *db)
{
	unsigned version = 0;

	(void)sqlite3_file_control(db->handle, "main",
	    SQLITE_FCNTL_DATA_VERSION, &version);
	return version;
}

enum err
db_begin_write(struct db *db)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_BEGIN_WRITE);
	e = query_run(&query);
	if (!e && db_version(db) != db->version)
		sale_items_forget(db->sale_items);
	return e;
}

enum err
db_begin_read(struct db *db)
{
	struct query query;

	query_begin(&query, db, STMT_BEGIN_READ);
	return query_run(&query);
}

enum err
db_commit(struct db *db)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_COMMIT);
	e = query_run(&query);
	if (!e)
		db->version = db_version(db);
	return e;
}

void
db_rollback(struct db *db)
{
	struct query query;

	sale_items_forget(db->sale_items);
	if (!db_in_transaction(db))
		return;
	query_begin(&query, db, STMT_ROLLBACK);
	(void)query_run(&query);
}

enum err
db_savepoint(struct db *db)
{
	struct query query;

	query_begin(&query, db, STMT_SAVEPOINT);
	return query_run(&query);
}

enum err
db_savepoint_release(struct db *db)
{
	struct query query;

	query_begin(&query, db, STMT_SAVEPOINT_RELEASE);
	return query_run(&query);
}

enum err
db_savepoint_undo(struct db *db)
{
	struct query query;
	enum err e;

	sale_items_forget(db->sale_items);
	query_begin(&query, db, STMT_SAVEPOINT_UNDO);
	e = query_run(&query);
	return e ? e : db_savepoint_release(db);
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}

unsigned
db_take_changes(struct db *db)
{
	unsigned changes = db->changes;

	db->changes = 0;
	return changes;
}

int64_t
db_log_frames(const struct db *db)
{
	return db->log_frames;
}

/* What was written and could not be synced counts as moved all the same. */
static enum err
db_checkpoint_error(struct db *db, int rc, const char *what)
{
	bool is_unsynced =
	    sqlite3_extended_errcode(db->handle) == SQLITE_IOERR_FSYNC;
	enum err e = query_error(db, rc, what);

	return is_unsynced ? ERR_OUTCOME_UNKNOWN : e;
}

/*
 * SQLite syncs the file only where a checkpoint met the log's end.  While
 * commits go on that is the writer's own, which would wait for the pages of
 * all that were before it.
 */
enum err
db_sync(struct db *db)
{
	sqlite3_file *file = NULL;
	int rc = sqlite3_file_control(db->handle, NULL,
	    SQLITE_FCNTL_FILE_POINTER, &file);

	if (rc == SQLITE_OK && file != NULL && file->pMethods != NULL)
		rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	if (rc == SQLITE_OK)
		return ERR_OK;
	log_error("database file cannot be synced after a checkpoint: %s",
	    sqlite3_errstr(rc));
	return ERR_OUTCOME_UNKNOWN;
}

enum err
db_checkpoint(struct db *db, int64_t *moved)
{
	int frames = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, &frames, &done);

	if (rc == SQLITE_BUSY)
		return ERR_BUSY;
	if (rc != SQLITE_OK)
		return db_checkpoint_error(db, rc, "checkpoint");
	if (moved != NULL)
		*moved = done;
	return ERR_OK;
}

/* SQLite's own wait sleeps longer and longer: readers need microseconds. */
static int
db_nap(void *context, int naps)
{
	const struct timespec nap = { .tv_nsec = DB_NAP_NS };
	const int64_t *give_up_ms = context;

	(void)naps;
	if (clock_monotonic_ms() >= *give_up_ms)
		return 0;
	(void)nanosleep(&nap, NULL);
	return 1;
}

enum err
db_restart_log(struct db *db, int wait_ms)
{
	int64_t give_up_ms = clock_monotonic_ms() + wait_ms;
	int rc;

	(void)sqlite3_busy_handler(db->handle, db_nap, &give_up_ms);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	(void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	if (rc == SQLITE_BUSY)
		return ERR_BUSY;
	return rc == SQLITE_OK ? ERR_OK :
	    db_checkpoint_error(db, rc, "restart of the log");
}

enum err
db_purge(struct db *db)
{
	int rc;

	/* The bulk without a lock. */
	if (db_checkpoint(db, NULL) == ERR_OUTCOME_UNKNOWN)
		return ERR_OUTCOME_UNKNOWN;
	(void)sqlite3_busy_timeout(db->handle, DB_PURGE_MS);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return ERR_BUSY;
	return rc == SQLITE_OK ? ERR_OK : db_checkpoint_error(db, rc, "purge");
}

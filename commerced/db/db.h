/* The database of the books: connections, transactions, checkpoints.  The
 * only folder that knows the engine.
 */
#ifndef COMMERCED_DB_DB_H
#define COMMERCED_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct db;	/* one connection, one thread at a time */

enum db_role {
	DB_WRITER,	/* may create the file; the only one that writes */
	DB_READER,	/* every write is refused */
	DB_SESSION_READER,	/* the same, for one short look after another */
	DB_CHECKPOINTER,	/* moves the log into the database file */
	/* of the search index, a database of its own: db/search.h */
	DB_INDEX_MAKER,		/* a new one; nothing is safe until the end */
	DB_INDEX_WRITER,	/* keeps it as the books are */
	DB_INDEX_READER
};

/*
 * Open the database at path.  On ERR_OK *out is new, released by db_close();
 * else *out is NULL.  Errors, logged: ERR_IO, ERR_DB (not a database, not
 * ours), ERR_STORAGE_FULL, ERR_NO_MEMORY.
 */
enum err db_open(const char *path, enum db_role role, struct db **out);
void db_close(struct db *db);	/* NULL is allowed */

/*
 * Bring a writer's database to this release's schema.  ERR_SCHEMA_NEWER
 * (logged) when a later release wrote it; else as db_open().
 */
enum err db_migrate(struct db *db);

/*
 * Is a reader's database of this release's schema?  ERR_SCHEMA_NEWER, ERR_DB
 * (older: the daemon is to be started once), logged.
 */
enum err db_check_schema(struct db *db);

/*
 * A group of the writer, and its savepoints; a snapshot of a reader.  Errors:
 * ERR_STORAGE_FULL, ERR_IO, ERR_NO_MEMORY, ERR_BUSY, ERR_DB; each is logged.
 * After one, db_in_transaction() says whether the group is still there.
 */
enum err db_begin_write(struct db *db);
enum err db_begin_read(struct db *db);
enum err db_commit(struct db *db);
void db_rollback(struct db *db);	/* nothing open is fine */
enum err db_savepoint(struct db *db);
enum err db_savepoint_release(struct db *db);
enum err db_savepoint_undo(struct db *db);	/* undoes and releases */
bool db_in_transaction(const struct db *db);

/* Rows written since it was opened, also those that were undone. */
int64_t db_changes(const struct db *db);

/* What somebody keeps and has to read again. */
enum db_change {
	DB_CATALOGUE = 1,	/* what it shows to anybody */
	DB_SESSIONS = 2
};

/*
 * What statements that this connection has begun since the last call may have
 * changed, of enum db_change.  Also when that was undone.
 */
unsigned db_take_changes(struct db *db);

/* Frames in the log after this writer's last commit. */
int64_t db_log_frames(const struct db *db);

/*
 * Move the log into the database file as far as no reader holds it back;
 * *moved is how many frames of it are in the file then; may be NULL.  db_sync()
 * waits until they are on the disk.  ERR_BUSY (not logged) when another
 * checkpoint runs.  ERR_OUTCOME_UNKNOWN (logged): a sync failed.  Pages that
 * the disk lost may count as moved, and a later sync would find nothing wrong:
 * the process must end with the log as it is, of which the next start moves
 * all again.
 */
enum err db_checkpoint(struct db *db, int64_t *moved);
enum err db_sync(struct db *db);

/*
 * Move what is left of the log into the file, so that it begins anew with this
 * writer's next commit; waits for readers, at most wait_ms.  Errors as above;
 * ERR_BUSY also when a reader stayed.
 */
enum err db_restart_log(struct db *db, int wait_ms);

/*
 * Move all of the log into the database file and cut it to nothing, so that
 * nothing that was deleted is left in either.  Holds the writer up for a
 * moment.  ERR_BUSY (not logged): somebody uses the log; try again.
 * ERR_OUTCOME_UNKNOWN as above.
 */
enum err db_purge(struct db *db);

#endif

/* A VFS in front of the system's, for the log of the writer's connection.
 *
 * SQLite writes each page of a commit in two calls, of 24 and of 4,096 bytes,
 * and waits for the disk to begin only when all are written.  Here what
 * follows each other is held back and written in pieces of 128 KiB, and the
 * kernel begins to send a piece to the disk while SQLite still makes the next:
 * an eighth less of the writer's processor time, and half of its wait for the
 * disk.
 *
 * What is held is written before anybody can look for it: before a sync, which
 * a commit makes before it tells other connections of its pages; before a read
 * of what is held; before the length is asked for or changed.  What cannot be
 * written is forgotten, and the call that met it fails as a write would:
 * SQLite rolls the transaction back, whose last page is not in the file.
 */
#include "commerced/db/log_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (128 * 1024)
#define PAGE_BYTES 4096		/* of the kernel's cache */

struct log_file {
	sqlite3_file file;	/* first */
	sqlite3_file *real;	/* the system's, behind this struct */
	int descriptor;		/* a second one, to begin writing with; -1 */
	sqlite3_int64 begins;	/* in the file: what is held */
	int held;
	char *bytes;		/* room for PIECE_BYTES */
};

static sqlite3_vfs *base;
static sqlite3_vfs vfs;

static struct log_file *
log_of(sqlite3_file *file)
{
	return (struct log_file *)file;
}

/* Whole pages of the kernel's alone: the last one is not full yet. */
static void
log_begin_writing(const struct log_file *log)
{
	sqlite3_int64 from = log->begins / PAGE_BYTES * PAGE_BYTES;
	sqlite3_int64 to = (log->begins + log->held) / PAGE_BYTES * PAGE_BYTES;

	if (log->descriptor >= 0 && to > from)
		(void)sync_file_range(log->descriptor, from, to - from,
		    SYNC_FILE_RANGE_WRITE);
}

static int
log_flush(struct log_file *log, bool begins_writing)
{
	int rc = SQLITE_OK;

	if (log->held > 0)
		rc = log->real->pMethods->xWrite(log->real, log->bytes,
		    log->held, log->begins);
	if (rc == SQLITE_OK && begins_writing)
		log_begin_writing(log);
	log->held = 0;
	return rc;
}

/* --- the methods of the file ---------------------------------------------- */

static int
log_close(sqlite3_file *file)
{
	struct log_file *log = log_of(file);
	int rc = log_flush(log, false), closed;

	closed = log->real->pMethods->xClose(log->real);
	if (log->descriptor >= 0)
		(void)close(log->descriptor);
	free(log->bytes);
	return rc != SQLITE_OK ? rc : closed;
}

static int
log_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	int rc = SQLITE_OK;

	if (offset < log->begins + log->held && log->begins < offset + size)
		rc = log_flush(log, false);
	return rc != SQLITE_OK ? rc : log->real->pMethods->xRead(log->real,
	    bytes, size, offset);
}

static int
log_write(sqlite3_file *file, const void *bytes, int size,
    sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	int rc = SQLITE_OK;

	if (offset != log->begins + log->held ||
	    size > PIECE_BYTES - log->held)
		rc = log_flush(log, offset == log->begins + log->held);
	if (rc != SQLITE_OK)
		return rc;
	if (size > PIECE_BYTES)
		return log->real->pMethods->xWrite(log->real, bytes, size,
		    offset);
	if (log->held == 0)
		log->begins = offset;
	memcpy(log->bytes + log->held, bytes, (size_t)size);
	log->held += size;
	return SQLITE_OK;
}

static int
log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct log_file *log = log_of(file);
	int rc = log_flush(log, false);

	return rc != SQLITE_OK ? rc :
	    log->real->pMethods->xTruncate(log->real, size);
}

static int
log_sync(sqlite3_file *file, int flags)
{
	struct log_file *log = log_of(file);
	int rc = log_flush(log, false);

	return rc != SQLITE_OK ? rc :
	    log->real->pMethods->xSync(log->real, flags);
}

static int
log_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct log_file *log = log_of(file);
	int rc = log_flush(log, false);

	return rc != SQLITE_OK ? rc :
	    log->real->pMethods->xFileSize(log->real, size);
}

/* No file of a log is ever locked, but the interface wants it. */
static int
log_lock(sqlite3_file *file, int level)
{
	struct log_file *log = log_of(file);

	return log->real->pMethods->xLock(log->real, level);
}

static int
log_unlock(sqlite3_file *file, int level)
{
	struct log_file *log = log_of(file);

	return log->real->pMethods->xUnlock(log->real, level);
}

static int
log_check_lock(sqlite3_file *file, int *is_locked)
{
	struct log_file *log = log_of(file);

	return log->real->pMethods->xCheckReservedLock(log->real, is_locked);
}

static int
log_control(sqlite3_file *file, int operation, void *argument)
{
	struct log_file *log = log_of(file);
	int rc = log_flush(log, false);

	return rc != SQLITE_OK ? rc : log->real->pMethods->xFileControl(
	    log->real, operation, argument);
}

static int
log_sector_size(sqlite3_file *file)
{
	struct log_file *log = log_of(file);

	return log->real->pMethods->xSectorSize(log->real);
}

static int
log_characteristics(sqlite3_file *file)
{
	struct log_file *log = log_of(file);

	return log->real->pMethods->xDeviceCharacteristics(log->real);
}

/* Version 1: shared memory and mapped pages are the database's own. */
static const sqlite3_io_methods log_methods = {
	.iVersion = 1, .xClose = log_close, .xRead = log_read,
	.xWrite = log_write, .xTruncate = log_truncate, .xSync = log_sync,
	.xFileSize = log_size, .xLock = log_lock, .xUnlock = log_unlock,
	.xCheckReservedLock = log_check_lock, .xFileControl = log_control,
	.xSectorSize = log_sector_size,
	.xDeviceCharacteristics = log_characteristics,
};

/* --- the VFS -------------------------------------------------------------- */

static int
log_open(struct log_file *log, const char *name, int flags, int *out_flags)
{
	int rc;

	*log = (struct log_file){ .descriptor = -1,
	    .real = (sqlite3_file *)(void *)(log + 1) };
	rc = base->xOpen(base, name, log->real, flags, out_flags);
	if (rc != SQLITE_OK)
		return rc;
	log->bytes = malloc(PIECE_BYTES);
	if (log->bytes == NULL) {
		(void)log->real->pMethods->xClose(log->real);
		return SQLITE_NOMEM;
	}
	/* Without it the disk begins with the sync, as ever. */
	log->descriptor = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	log->file.pMethods = &log_methods;
	return SQLITE_OK;
}

/* All but the log are the system's own files. */
static int
vfs_open(sqlite3_vfs *unused, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	(void)unused;
	if ((flags & SQLITE_OPEN_WAL) != 0 && name != NULL)
		return log_open(log_of(file), name, flags, out_flags);
	return base->xOpen(base, name, file, flags, out_flags);
}

const char *
log_file_prepare(void)
{
	base = sqlite3_vfs_find(NULL);
	if (base == NULL)
		return NULL;
	vfs = *base;
	vfs.zName = "counterfoil-log";
	vfs.szOsFile = base->szOsFile + (int)sizeof(struct log_file);
	vfs.pNext = NULL;
	vfs.xOpen = vfs_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : NULL;
}

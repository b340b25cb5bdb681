/* Folders below STATE whose files appear whole or not at all: each is written
 * under a name of its own in a folder "incoming", synced, and renamed.
 */
#ifndef COMMERCED_FOLDER_H
#define COMMERCED_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/uuid.h"

/*
 * What errno means, after what could not be done to name, which is logged.
 * ERR_STORAGE_FULL, ERR_IO.
 */
enum err folder_fail(const char *what, const char *name);

/*
 * Open name below the folder at, made when absent; *out is the caller's to
 * close.  A folder that was made is in its parent on disk.
 */
enum err folder_open(int at, const char *name, int *out);

/* Open STATE/name, and "incoming" in it; both -1 or the caller's to close. */
enum err folder_open_pair(const char *state, const char *name, int *folder,
    int *incoming);

typedef enum err folder_visitor(void *context, int folder, const char *name);

/* Call visit for every entry of the open folder until it returns an error. */
enum err folder_visit(int folder, folder_visitor *visit, void *context);

/* Remove what a process before us did not end.  The caller has the lock. */
enum err folder_remove_leftovers(int incoming);

/* Remove name, on disk when this returns ERR_OK; absent is no error. */
enum err folder_remove(int folder, const char *name);

/* A regular file of the folder, for reading.  ERR_NOT_FOUND: absent. */
enum err folder_open_file(int folder, const char *name, int *descriptor,
    uint64_t *size);

/* --- a file that is being written ----------------------------------------- */

struct folder_file {
	int incoming;		/* borrowed */
	int descriptor;		/* -1: none */
	bool is_temporary;	/* its name in incoming is there */
	char name[UUID_TEXT_SIZE];
};

/* Make it under a new name; to be cleared in any case. */
enum err folder_file_begin(struct folder_file *file, int incoming);
enum err folder_file_write(struct folder_file *file, const void *bytes,
    size_t size);
/*
 * Let the disk begin with that part, which is written, and do not wait for
 * it: only for a place in the disk's queue.
 */
void folder_file_begin_sync(const struct folder_file *file, uint64_t offset,
    uint64_t size);
/*
 * Sync, and rename to name in folder, where it is on disk when this returns
 * ERR_OK, and is not there else.  Waits for the disk.
 */
enum err folder_file_commit(struct folder_file *file, int folder,
    const char *name);
/* The same in two steps. */
enum err folder_file_sync(struct folder_file *file);
enum err folder_file_rename(struct folder_file *file, int folder,
    const char *name);
/* Close; remove what was not renamed.  Waits for the disk. */
void folder_file_clear(struct folder_file *file);

#endif

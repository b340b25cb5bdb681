/* Folders whose files appear whole. */
#include "commerced/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define FOLDER_INCOMING "incoming"

/* A full disk is an answer of its own; everything else goes to the log. */
enum err
folder_fail(const char *what, const char *name)
{
	enum err e = ERR_IO;

	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		e = ERR_STORAGE_FULL;
	log_errno("state folder: cannot %s file=%s", what, name);
	return e;
}

/* --- folders -------------------------------------------------------------- */

/*
 * The parent is synced in any case: whoever made a folder that is there may
 * not have come to it.
 */
enum err
folder_open(int at, const char *name, int *out)
{
	bool is_new = mkdirat(at, name, 0700) == 0;

	if (!is_new && errno != EEXIST)
		return folder_fail("make", name);
	if (fsync(at) != 0) {
		enum err e = folder_fail("sync the parent of", name);

		if (is_new)
			(void)unlinkat(at, name, AT_REMOVEDIR);
		return e;
	}
	*out = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	return *out < 0 ? folder_fail("open", name) : ERR_OK;
}

enum err
folder_open_pair(const char *state, const char *name, int *folder,
    int *incoming)
{
	int at = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e;

	*folder = *incoming = -1;
	if (at < 0)
		return folder_fail("open", state);
	e = folder_open(at, name, folder);
	if (e == ERR_OK)
		e = folder_open(*folder, FOLDER_INCOMING, incoming);
	(void)close(at);
	return e;
}

enum err
folder_visit(int folder, folder_visitor *visit, void *context)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	enum err e = ERR_OK;

	if (listing == NULL) {
		e = folder_fail("list", "a folder");
		if (copy >= 0)
			(void)close(copy);
		return e;
	}
	while (e == ERR_OK && (entry = readdir(listing)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			e = visit(context, folder, entry->d_name);
	(void)closedir(listing);
	return e;
}

static enum err
remove_leftover(void *context, int folder, const char *name)
{
	(void)context;
	if (unlinkat(folder, name, 0) != 0)
		return folder_fail("remove", name);
	log_info("removed an upload that was cut file=%s", name);
	return ERR_OK;
}

enum err
folder_remove_leftovers(int incoming)
{
	return folder_visit(incoming, remove_leftover, NULL);
}

enum err
folder_remove(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) != 0)
		return errno == ENOENT ? ERR_OK : folder_fail("remove", name);
	return fsync(folder) == 0 ? ERR_OK :
	    folder_fail("sync the folder of", name);
}

enum err
folder_open_file(int folder, const char *name, int *descriptor,
    uint64_t *size)
{
	struct stat status;
	enum err e = ERR_OK;

	*descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);
	if (*descriptor < 0)
		return errno == ENOENT ? ERR_NOT_FOUND :
		    folder_fail("open", name);
	if (fstat(*descriptor, &status) != 0)
		e = folder_fail("look at", name);
	else if (!S_ISREG(status.st_mode))
		e = ERR_NOT_FOUND;
	else
		*size = (uint64_t)status.st_size;
	if (e != ERR_OK) {
		(void)close(*descriptor);
		*descriptor = -1;
	}
	return e;
}

/* --- a file that is being written ----------------------------------------- */

enum err
folder_file_begin(struct folder_file *file, int incoming)
{
	struct uuid id = uuid_new();

	uuid_text(file->name, &id);
	file->incoming = incoming;
	file->descriptor = openat(incoming, file->name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	file->is_temporary = file->descriptor >= 0;
	return file->is_temporary ? ERR_OK : folder_fail("make", file->name);
}

enum err
folder_file_write(struct folder_file *file, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t n = write(file->descriptor, rest, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return folder_fail("write", file->name);
		rest += n;
		size -= (size_t)n;
	}
	return ERR_OK;
}

void
folder_file_begin_sync(const struct folder_file *file, uint64_t offset,
    uint64_t size)
{
	/* What goes wrong is told by the sync that counts. */
	(void)sync_file_range(file->descriptor, (off_t)offset, (off_t)size,
	    SYNC_FILE_RANGE_WRITE);
}

/* A failed fsync is never tried again on the same descriptor. */
enum err
folder_file_sync(struct folder_file *file)
{
	return fsync(file->descriptor) == 0 ? ERR_OK :
	    folder_fail("sync", file->name);
}

enum err
folder_file_rename(struct folder_file *file, int folder, const char *name)
{
	enum err e;

	if (renameat(file->incoming, file->name, folder, name) != 0)
		return folder_fail("rename", file->name);
	file->is_temporary = false;
	if (fsync(folder) == 0)
		return ERR_OK;
	/*
	 * A name that may not outlive a power cut is no promise: it goes again,
	 * as nothing refers to it yet.
	 */
	e = folder_fail("sync the folder of", name);
	(void)unlinkat(folder, name, 0);
	return e;
}

enum err
folder_file_commit(struct folder_file *file, int folder, const char *name)
{
	enum err e = folder_file_sync(file);

	return e ? e : folder_file_rename(file, folder, name);
}

void
folder_file_clear(struct folder_file *file)
{
	if (file->descriptor >= 0)
		(void)close(file->descriptor);
	file->descriptor = -1;
	if (file->is_temporary &&
	    unlinkat(file->incoming, file->name, 0) != 0)
		log_errno("state folder: cannot remove file=%s", file->name);
	file->is_temporary = false;
}

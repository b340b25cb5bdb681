/* Objects by name: open, adopt, remove.  The list is in listing.c. */
#include "stored/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/log.h"
#include "common/process.h"
#include "stored/beneath.h"

struct objects {
	int root;
	uint64_t reserve_bytes;
	/*
	 * Held while a folder is made and fsynced in its parent: who finds a
	 * folder may rely on it being durable.
	 */
	pthread_mutex_t making_folders;
	/*
	 * Held by all who give a name to an object, together, and alone by who
	 * takes away the one that was found damaged: not another one.
	 */
	pthread_rwlock_t naming;
	objects_watcher *watcher;
	void *watcher_context;
};

static const char *const root_folders[] = { "objects", "incoming",
	"quarantine", NULL };

static enum err
prepare_root(int root, const char *path)
{
	enum err e;

	if (!beneath_is_supported(root)) {
		log_errno("object-root %s: this kernel does not offer "
		    "openat2(2), without which stored cannot confine itself "
		    "to its root; Linux 5.6 or later is needed", path);
		return ERR_CONFIG;
	}
	e = process_lock_folder(root, path);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; root_folders[i] != NULL; i++) {
		if (beneath_make_folder(root, root_folders[i]) == -1) {
			log_errno("object-root %s: cannot make the folder %s",
			    path, root_folders[i]);
			return ERR_IO;
		}
	}
	/*
	 * A process that died may have left folders that it had no time to
	 * fsync.  Once for all here, so that nobody has to ask again.
	 */
	if (syncfs(root) == -1) {
		log_errno("object-root %s: cannot be synced", path);
		return ERR_IO;
	}
	return ERR_OK;
}

enum err
objects_open(const char *root, struct objects **out)
{
	struct objects *objects = calloc(1, sizeof(*objects));
	enum err e = ERR_IO;

	*out = NULL;
	if (objects == NULL)
		return ERR_NO_MEMORY;
	pthread_mutex_init(&objects->making_folders, NULL);
	pthread_rwlock_init(&objects->naming, NULL);
	objects->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (objects->root == -1) {
		log_errno("object-root %s: cannot be opened; make the folder "
		    "and give it to the user that runs stored", root);
		goto out;
	}
	e = prepare_root(objects->root, root);
	if (e != ERR_OK)
		goto out;
	*out = objects;
	objects = NULL;
out:
	objects_close(objects);
	return e;
}

void
objects_close(struct objects *objects)
{
	if (objects == NULL)
		return;
	if (objects->root != -1)
		close(objects->root);
	pthread_rwlock_destroy(&objects->naming);
	pthread_mutex_destroy(&objects->making_folders);
	free(objects);
}

int
objects_root(const struct objects *objects)
{
	return objects->root;
}

void
objects_watch(struct objects *objects, objects_watcher *watcher,
    void *context)
{
	objects->watcher = watcher;
	objects->watcher_context = context;
}

/* To be called when a name below objects/ may stand for another file. */
static void
changed(const struct objects *objects, const struct object_key *key)
{
	if (objects->watcher != NULL)
		objects->watcher(objects->watcher_context, key);
}

/*
 * "objects/COMMERCE/ab/cd" into path; its end.  By hand, as the object's path
 * is: they are written for each file that is opened.
 */
static char *
write_folder_path(char path[static OBJECTS_PATH_MAX],
    const struct object_key *key)
{
	char *at = stpcpy(stpcpy(path, "objects/"), key->commerce_id);
	const char shards[] = { '/', key->object[0], key->object[1], '/',
		key->object[2], key->object[3], '\0' };

	return stpcpy(at, shards);
}

static void
write_path(char path[static OBJECTS_PATH_MAX], const struct object_key *key)
{
	stpcpy(stpcpy(write_folder_path(path, key), "/"), key->object);
}

static enum err
fail(const struct object_key *key, const char *what)
{
	int error_number = errno;

	log_errno("cannot %s object=%s commerce=%s", what, key->object,
	    key->commerce_id);
	return beneath_err(error_number);
}

/* What has no name on the way there does not exist. */
static bool
is_absence(int error_number)
{
	return error_number == ENOENT || error_number == ENOTDIR;
}

/*
 * O_NONBLOCK: a named pipe put there must not hold us up.  O_NOATIME: else the
 * first download of each day would write to the disk; it is for the owner of
 * the file alone.
 */
static int
open_for_reading(int root, const char *path)
{
	const int flags = O_RDONLY | O_NONBLOCK;
	int file = beneath_open(root, path, flags | O_NOATIME, 0);

	return file == -1 && errno == EPERM ?
	    beneath_open(root, path, flags, 0) : file;
}

enum err
objects_get(struct objects *objects, const struct object_key *key,
    int *descriptor, uint64_t *size_bytes)
{
	char path[OBJECTS_PATH_MAX];
	struct stat status;
	int file;

	write_path(path, key);
	file = open_for_reading(objects->root, path);
	if (file == -1)
		return is_absence(errno) ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "open");
	if (fstat(file, &status) == -1 || !S_ISREG(status.st_mode)) {
		log_error("not a regular file object=%s commerce=%s",
		    key->object, key->commerce_id);
		close(file);
		return ERR_STORAGE_ERROR;
	}
	*descriptor = file;
	*size_bytes = (uint64_t)status.st_size;
	return ERR_OK;
}

enum err
objects_find(struct objects *objects, const struct object_key *key,
    uint64_t *size_bytes)
{
	int descriptor;
	enum err e = objects_get(objects, key, &descriptor, size_bytes);

	if (e == ERR_OK)
		close(descriptor);
	return e;
}

enum err
objects_remove(struct objects *objects, const struct object_key *key)
{
	char path[OBJECTS_PATH_MAX];
	enum err e = ERR_OK;
	int folder;

	write_folder_path(path, key);
	folder = beneath_open_folder(objects->root, path);
	if (folder == -1)
		return is_absence(errno) ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "open the folder of");
	if (unlinkat(folder, key->object, 0) == -1)
		e = is_absence(errno) ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "remove");
	else if (fsync(folder) == -1)
		e = fail(key, "make the removal durable of");
	changed(objects, key);
	close(folder);
	return e;
}

/*
 * The folder name in parent, made where it is missing; parent is closed.
 * -1 and errno, also when parent is -1.
 */
static int
descend(int parent, const char *name)
{
	int folder, error_number;

	if (parent == -1)
		return -1;
	folder = beneath_open_folder(parent, name);
	if (folder == -1 && errno == ENOENT &&
	    beneath_make_folder(parent, name) == 0)
		folder = beneath_open_folder(parent, name);
	error_number = errno;
	close(parent);
	errno = error_number;
	return folder;
}

/* The folder for an object, made durably where it is missing. */
static int
make_object_folder(struct objects *objects, const struct object_key *key)
{
	char name[3] = { key->object[0], key->object[1], '\0' };
	int folder, error_number;

	pthread_mutex_lock(&objects->making_folders);
	folder = beneath_open_folder(objects->root, "objects");
	folder = descend(folder, key->commerce_id);
	folder = descend(folder, name);
	memcpy(name, key->object + 2, 2);
	folder = descend(folder, name);
	error_number = errno;
	pthread_mutex_unlock(&objects->making_folders);
	errno = error_number;
	return folder;
}

/*
 * Rename onto the object's name, noting whether it was free.  Not every file
 * system can refuse to replace; then the look before has to do.
 */
static int
rename_onto(int from, const char *name, int folder, const char *object,
    bool *is_new)
{
	*is_new = true;
	if (renameat2(from, name, folder, object, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		*is_new = false;
	else if (errno == EINVAL || errno == ENOSYS)
		*is_new = faccessat(folder, object, F_OK,
		    AT_SYMLINK_NOFOLLOW) == -1;
	else
		return -1;
	return renameat(from, name, folder, object);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A new name that may not last was never given.  Unless somebody else has put
 * the same object there meanwhile: that one may have been promised.
 */
static void
take_back(struct objects *objects, const struct object_key *key, int folder,
    const struct stat *ours)
{
	struct stat named;

	pthread_rwlock_wrlock(&objects->naming);
	if (fstatat(folder, key->object, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_same_file(&named, ours))
		unlinkat(folder, key->object, 0);
	pthread_rwlock_unlock(&objects->naming);
}

enum err
objects_adopt(struct objects *objects, const struct object_key *key,
    int from, const char *name, bool *is_new)
{
	enum err e = ERR_OK;
	int folder = make_object_folder(objects, key);
	struct stat ours;
	int renamed;

	if (folder == -1)
		return fail(key, "make the folder of");
	pthread_rwlock_rdlock(&objects->naming);
	renamed = fstatat(from, name, &ours, AT_SYMLINK_NOFOLLOW) == -1 ? -1 :
	    rename_onto(from, name, folder, key->object, is_new);
	pthread_rwlock_unlock(&objects->naming);
	if (renamed == -1) {
		e = fail(key, "name");
		goto out;
	}
	if (fsync(folder) == 0 && fsync(from) == 0)
		goto out;
	e = fail(key, "make durable the name of");
	if (*is_new)
		take_back(objects, key, folder, &ours);
out:
	changed(objects, key);
	close(folder);
	return e;
}

/* --- quarantine ----------------------------------------------------------- */

/* ROOT/quarantine/COMMERCE, made where it is missing. */
static int
make_quarantine_folder(struct objects *objects, const char *commerce_id)
{
	int folder, error_number;

	pthread_mutex_lock(&objects->making_folders);
	folder = beneath_open_folder(objects->root, "quarantine");
	folder = descend(folder, commerce_id);
	error_number = errno;
	pthread_mutex_unlock(&objects->making_folders);
	errno = error_number;
	return folder;
}

/* Does the name stand for the file that is open? */
static bool
is_named(int folder, const char *name, int descriptor)
{
	struct stat named, opened;

	return fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstat(descriptor, &opened) == 0 && is_same_file(&named, &opened);
}

static enum err
move_away(struct objects *objects, const struct object_key *key,
    int descriptor, int folder, int quarantine)
{
	enum err e = ERR_OK;

	pthread_rwlock_wrlock(&objects->naming);
	if (!is_named(folder, key->object, descriptor))
		e = ERR_OBJECT_NOT_FOUND;
	else if (renameat(folder, key->object, quarantine, key->object) == -1)
		e = is_absence(errno) ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "put into quarantine");
	pthread_rwlock_unlock(&objects->naming);
	if (e == ERR_OK && (fsync(quarantine) == -1 || fsync(folder) == -1))
		e = fail(key, "make the quarantine durable of");
	return e;
}

enum err
objects_quarantine(struct objects *objects, const struct object_key *key,
    int descriptor)
{
	char path[OBJECTS_PATH_MAX];
	enum err e = ERR_OK;
	int folder, quarantine;

	quarantine = make_quarantine_folder(objects, key->commerce_id);
	if (quarantine == -1)
		return fail(key, "make the folder for the quarantine of");
	write_folder_path(path, key);
	folder = beneath_open_folder(objects->root, path);
	if (folder == -1) {
		e = is_absence(errno) ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "open the folder of");
	} else {
		e = move_away(objects, key, descriptor, folder, quarantine);
		changed(objects, key);
		close(folder);
	}
	close(quarantine);
	return e;
}

/* --- room ----------------------------------------------------------------- */

void
objects_set_reserve(struct objects *objects, uint64_t reserve_bytes)
{
	objects->reserve_bytes = reserve_bytes;
}

enum err
objects_free_space(struct objects *objects, uint64_t *free_bytes)
{
	struct statvfs status;

	if (fstatvfs(objects->root, &status) == -1) {
		int error_number = errno;

		log_errno("cannot ask how much space is free");
		return beneath_err(error_number);
	}
	*free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	return ERR_OK;
}

enum err
objects_check_room(struct objects *objects, uint64_t more_bytes)
{
	uint64_t free_bytes = 0;
	enum err e;

	if (objects->reserve_bytes == 0)
		return ERR_OK;
	e = objects_free_space(objects, &free_bytes);
	if (e == ERR_OK && (free_bytes < objects->reserve_bytes ||
	    free_bytes - objects->reserve_bytes < more_bytes))
		e = ERR_STORAGE_FULL;
	return e;
}

enum err
objects_probe(struct objects *objects)
{
	static const char name[] = "incoming/probe.tmp";
	enum err e = ERR_OK;
	int file;

	file = beneath_open(objects->root, name, O_WRONLY | O_CREAT | O_TRUNC,
	    0600);
	if (file == -1)
		return beneath_err(errno);
	if (write(file, "", 1) != 1)
		e = beneath_err(errno);
	unlinkat(objects->root, name, 0);
	close(file);
	return e == ERR_OK ? objects_check_room(objects, 0) : e;
}

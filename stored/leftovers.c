/* What lies in incoming/ while nobody writes it: pieces between two requests,
 * and what a crash left behind.
 */
#include "stored/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/range.h"
#include "stored/beneath.h"
#include "stored/incoming.h"

#define READ_BYTES ((size_t)256 * 1024)
#define TOTAL_TEXT_MAX 24	/* 20 digits, LF, NUL */

static enum err
fail(const struct object_key *key, const char *what)
{
	int error_number = errno;

	log_errno("cannot %s object=%s commerce=%s", what, key->object,
	    key->commerce_id);
	return beneath_err(error_number);
}

static int
open_folder(struct objects *objects, const char *commerce_id)
{
	char path[OBJECTS_PATH_MAX];

	snprintf(path, sizeof(path), "incoming/%.64s", commerce_id);
	return beneath_open_folder(objects_root(objects), path);
}

int
leftovers_make_folder(struct objects *objects, const char *commerce_id)
{
	int folder = open_folder(objects, commerce_id);
	char path[OBJECTS_PATH_MAX];

	if (folder != -1 || errno != ENOENT)
		return folder;
	/* Need not outlast a power cut: nothing in it does. */
	snprintf(path, sizeof(path), "incoming/%.64s", commerce_id);
	if (mkdirat(objects_root(objects), path, 0700) == -1 &&
	    errno != EEXIST)
		return -1;
	return open_folder(objects, commerce_id);
}

/* A file of an object with this suffix.  -1 and errno. */
static int
open_file(struct objects *objects, const struct object_key *key,
    const char *suffix)
{
	char path[OBJECTS_PATH_MAX];

	snprintf(path, sizeof(path), "incoming/%s/%s%s", key->commerce_id,
	    key->object, suffix);
	return beneath_open(objects_root(objects), path,
	    O_RDONLY | O_NONBLOCK, 0);
}

/* Exactly "DIGITS LF", as incoming_set_total() wrote it. */
static enum err
read_total(struct objects *objects, const struct object_key *key,
    uint64_t *total)
{
	char text[TOTAL_TEXT_MAX];
	const char *end;
	ssize_t size;
	int file = open_file(objects, key, LEFTOVERS_TOTAL);

	if (file == -1)
		return errno == ENOENT ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "open the total of");
	size = read(file, text, sizeof(text) - 1);
	close(file);
	if (size == -1)
		return fail(key, "read the total of");
	text[size] = '\0';
	end = range_parse_number(text, total);
	if (end == NULL || strcmp(end, "\n") != 0)
		return ERR_OBJECT_NOT_FOUND;
	return ERR_OK;
}

enum err
incoming_find_part(struct objects *objects, const struct object_key *key,
    uint64_t *offset, uint64_t *total)
{
	struct stat status;
	enum err e;
	int file = open_file(objects, key, LEFTOVERS_PART);

	*offset = *total = 0;
	if (file == -1)
		return errno == ENOENT ? ERR_OBJECT_NOT_FOUND :
		    fail(key, "open the pieces of");
	if (fstat(file, &status) == -1 || !S_ISREG(status.st_mode)) {
		close(file);
		log_error("pieces are not a regular file object=%s "
		    "commerce=%s", key->object, key->commerce_id);
		return ERR_STORAGE_ERROR;
	}
	close(file);
	e = read_total(objects, key, total);
	if (e != ERR_OK)
		return e;
	/* All of it is there: it fell between the last byte and the digest. */
	if (status.st_size == 0 || (uint64_t)status.st_size >= *total)
		return ERR_OBJECT_NOT_FOUND;
	*offset = (uint64_t)status.st_size;
	return ERR_OK;
}

static enum err
hash_file(const struct object_key *key, int file, uint64_t left,
    const _Atomic bool *is_stopping, EVP_MD_CTX *hash)
{
	enum err e = ERR_OK;
	uint8_t *buffer = malloc(READ_BYTES);
	ssize_t size;

	if (buffer == NULL)
		return ERR_NO_MEMORY;
	while (left > 0 && e == ERR_OK) {
		if (*is_stopping) {
			e = ERR_BUSY;
			break;
		}
		size = read(file, buffer, left < READ_BYTES ? (size_t)left :
		    READ_BYTES);
		if (size == -1 && errno == EINTR)
			continue;
		if (size == -1)
			e = fail(key, "read the pieces of");
		else if (size == 0)
			e = ERR_STORAGE_ERROR;	/* cut under our hands */
		else if (EVP_DigestUpdate(hash, buffer, (size_t)size) != 1)
			e = ERR_CRYPTO;
		else
			left -= (uint64_t)size;
	}
	free(buffer);
	return e;
}

enum err
incoming_hash_part(struct objects *objects, const struct object_key *key,
    uint64_t offset, const _Atomic bool *is_stopping, EVP_MD_CTX **hash)
{
	EVP_MD_CTX *fresh = incoming_new_hash();
	enum err e;
	int file;

	*hash = NULL;
	if (fresh == NULL)
		return ERR_NO_MEMORY;
	file = open_file(objects, key, LEFTOVERS_PART);
	if (file == -1) {
		e = fail(key, "open the pieces of");
	} else {
		e = hash_file(key, file, offset, is_stopping, fresh);
		close(file);
	}
	if (e == ERR_OK)
		*hash = fresh;
	else
		EVP_MD_CTX_free(fresh);
	return e;
}

enum err
incoming_set_total(struct objects *objects, const struct object_key *key,
    uint64_t total)
{
	char name[OBJECT_ID_LENGTH + 16], text[TOTAL_TEXT_MAX];
	enum err e = ERR_OK;
	int folder, file, length;

	folder = leftovers_make_folder(objects, key->commerce_id);
	if (folder == -1)
		return fail(key, "make the folder for");
	snprintf(name, sizeof(name), "%s" LEFTOVERS_TOTAL, key->object);
	file = beneath_open(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file == -1) {
		e = fail(key, "make the total of");
		goto out;
	}
	length = snprintf(text, sizeof(text), "%" PRIu64 "\n", total);
	errno = ENOSPC;		/* what a short write means */
	if (write(file, text, (size_t)length) != length) {
		e = fail(key, "write the total of");
		unlinkat(folder, name, 0);
	}
	close(file);
out:
	close(folder);
	return e;
}

void
incoming_remove_part(struct objects *objects, const struct object_key *key)
{
	char name[OBJECT_ID_LENGTH + 16];
	int folder = open_folder(objects, key->commerce_id);

	if (folder == -1)
		return;
	/* The total last: without it a .part is nothing. */
	snprintf(name, sizeof(name), "%s" LEFTOVERS_PART, key->object);
	if (unlinkat(folder, name, 0) == -1 && errno != ENOENT)
		fail(key, "remove the pieces of");
	snprintf(name, sizeof(name), "%s" LEFTOVERS_TOTAL, key->object);
	if (unlinkat(folder, name, 0) == -1 && errno != ENOENT)
		fail(key, "remove the total of");
	close(folder);
}

/* --- walks over all of incoming/ ----------------------------------------- */

typedef void folder_walker(void *context, DIR *folder,
    const char *commerce_id);

static void
walk_folder(struct objects *objects, const char *commerce_id,
    folder_walker *walk, void *context)
{
	DIR *stream;
	int folder = open_folder(objects, commerce_id);

	if (folder == -1)
		return;
	stream = fdopendir(folder);
	if (stream == NULL) {
		close(folder);
		return;
	}
	walk(context, stream, commerce_id);
	closedir(stream);
}

/* Call walk for the folder of each issuer. */
static enum err
walk_folders(struct objects *objects, folder_walker *walk, void *context)
{
	const struct dirent *entry;
	DIR *stream;
	int folder = beneath_open_folder(objects_root(objects), "incoming");

	stream = folder == -1 ? NULL : fdopendir(folder);
	if (stream == NULL) {
		log_errno("cannot read the folder incoming of object-root");
		if (folder != -1)
			close(folder);
		return ERR_STORAGE_ERROR;
	}
	while ((entry = readdir(stream)) != NULL)
		if (commerce_id_is_valid(entry->d_name))
			walk_folder(objects, entry->d_name, walk, context);
	closedir(stream);
	return ERR_OK;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length &&
	    strcmp(text + length - end_length, end) == 0;
}

static void
remove_temporaries(void *context, DIR *folder, const char *commerce_id)
{
	unsigned *removed = context;
	const struct dirent *entry;

	while ((entry = readdir(folder)) != NULL) {
		if (!ends_with(entry->d_name, LEFTOVERS_TEMPORARY))
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == -1)
			log_errno("cannot remove the temporary %s commerce=%s",
			    entry->d_name, commerce_id);
		else
			++*removed;
	}
}

enum err
incoming_remove_temporaries(struct objects *objects)
{
	unsigned removed = 0;
	enum err e = walk_folders(objects, remove_temporaries, &removed);

	if (removed > 0)
		log_info("removed what unfinished uploads left files=%u",
		    removed);
	return e;
}

/* The time a file of an object was last written; INT64_MIN: not there. */
static int64_t
modified_s(struct objects *objects, const struct object_key *key,
    const char *suffix)
{
	struct stat status;
	int64_t modified = INT64_MIN;
	int file = open_file(objects, key, suffix);

	if (file == -1)
		return modified;
	if (fstat(file, &status) == 0)
		modified = status.st_mtim.tv_sec;
	close(file);
	return modified;
}

bool
incoming_is_old(struct objects *objects, const struct object_key *key,
    int64_t before_s)
{
	return modified_s(objects, key, LEFTOVERS_PART) < before_s &&
	    modified_s(objects, key, LEFTOVERS_TOTAL) < before_s;
}

struct visit {
	incoming_visitor *visit;
	void *context;
};

static void
visit_parts(void *context, DIR *folder, const char *commerce_id)
{
	const struct visit *visit = context;
	const struct dirent *entry;
	const char *suffix;
	struct object_key key;

	snprintf(key.commerce_id, sizeof(key.commerce_id), "%s", commerce_id);
	while ((entry = readdir(folder)) != NULL) {
		if (!object_id_is_valid(entry->d_name, strnlen(entry->d_name,
		    OBJECT_ID_LENGTH)))
			continue;
		suffix = entry->d_name + OBJECT_ID_LENGTH;
		if (strcmp(suffix, LEFTOVERS_PART) != 0 &&
		    strcmp(suffix, LEFTOVERS_TOTAL) != 0)
			continue;
		snprintf(key.object, sizeof(key.object), "%.64s",
		    entry->d_name);
		visit->visit(visit->context, &key);
	}
}

enum err
incoming_visit_parts(struct objects *objects, incoming_visitor *visit,
    void *context)
{
	struct visit all = { visit, context };

	return walk_folders(objects, visit_parts, &all);
}

/* objects_list(): one page of an issuer's objects in order of their ids.
 *
 * Two levels of folders named by a byte, then the objects: each folder is
 * read and sorted when the page gets there, and no sooner.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "stored/beneath.h"
#include "stored/objects.h"

/* One for each level: the names of a folder, sorted. */
struct names {
	char (*texts)[OBJECT_ID_LENGTH + 1];
	size_t count, capacity;
};

static void
names_clear(struct names *names)
{
	free(names->texts);
	memset(names, 0, sizeof(*names));
}

static enum err
names_add(struct names *names, const char *text)
{
	void *grown;

	if (names->count == names->capacity) {
		size_t capacity = names->capacity == 0 ? 64 :
		    names->capacity * 2;

		grown = reallocarray(names->texts, capacity,
		    sizeof(names->texts[0]));
		if (grown == NULL)
			return ERR_NO_MEMORY;
		names->texts = grown;
		names->capacity = capacity;
	}
	snprintf(names->texts[names->count++], sizeof(names->texts[0]), "%s",
	    text);
	return ERR_OK;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Exactly length lower-case hex digits? */
static bool
is_hex_name(const char *name, size_t length)
{
	return strlen(name) == length &&
	    strspn(name, "0123456789abcdef") == length;
}

/* The names of length hex digits in a stream, unsorted. */
static enum err
names_read(struct names *names, DIR *stream, size_t length)
{
	const struct dirent *entry;
	enum err e = ERR_OK;

	for (errno = 0; e == ERR_OK; errno = 0) {
		entry = readdir(stream);
		if (entry == NULL) {
			if (errno != 0)
				e = beneath_err(errno);
			break;
		}
		if (is_hex_name(entry->d_name, length))
			e = names_add(names, entry->d_name);
	}
	return e;
}

/* All names of length hex digits in folder, in order; folder stays open. */
static enum err
names_of(struct names *names, int folder, size_t length)
{
	DIR *stream;
	enum err e;
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (copy == -1)
		return beneath_err(errno);
	stream = fdopendir(copy);
	if (stream == NULL) {
		e = beneath_err(errno);
		close(copy);
		return e;
	}
	e = names_read(names, stream, length);
	closedir(stream);
	if (e == ERR_OK && names->count > 0)
		qsort(names->texts, names->count, sizeof(names->texts[0]),
		    compare_texts);
	return e;
}

static bool
page_is_full(const struct object_page *page)
{
	return page->has_more;
}

static enum err
page_add(struct object_page *page, int folder, const char *object)
{
	struct object_entry *entry;
	struct stat status;

	if (fstatat(folder, object, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? ERR_OK : beneath_err(errno);
	if (!S_ISREG(status.st_mode))
		return ERR_OK;
	if (page->count == OBJECTS_PAGE) {
		page->has_more = true;
		return ERR_OK;
	}
	entry = &page->entries[page->count++];
	snprintf(entry->object, sizeof(entry->object), "%s", object);
	entry->size_bytes = (uint64_t)status.st_size;
	return ERR_OK;
}

static enum err
list_objects(int folder, const char *after, struct object_page *page)
{
	struct names names = { 0 };
	enum err e = names_of(&names, folder, OBJECT_ID_LENGTH);

	for (size_t i = 0; e == ERR_OK && i < names.count &&
	    !page_is_full(page); i++)
		if (strcmp(names.texts[i], after) > 0)
			e = page_add(page, folder, names.texts[i]);
	names_clear(&names);
	return e;
}

/*
 * The folders named by the byte at digit of the object id, then deeper.
 * after is "" where the folder as a whole comes later than it.
 */
static enum err
list_folders(int folder, size_t digit, const char *after,
    struct object_page *page)
{
	struct names names = { 0 };
	enum err e = names_of(&names, folder, 2);
	const char *from = after[0] != '\0' ? after + digit : "";

	for (size_t i = 0; e == ERR_OK && i < names.count &&
	    !page_is_full(page); i++) {
		int order = strncmp(names.texts[i], from, 2);
		const char *rest = order == 0 ? after : "";
		int inner;

		if (order < 0)
			continue;
		inner = beneath_open_folder(folder, names.texts[i]);
		if (inner == -1) {
			if (errno != ENOENT && errno != ENOTDIR)
				e = beneath_err(errno);
			continue;
		}
		e = digit == 0 ? list_folders(inner, 2, rest, page) :
		    list_objects(inner, rest, page);
		close(inner);
	}
	names_clear(&names);
	return e;
}

enum err
objects_list(struct objects *objects, const char *commerce_id,
    const char *after, struct object_page *page)
{
	char path[OBJECTS_PATH_MAX];
	enum err e;
	int folder;

	page->count = 0;
	page->has_more = false;
	snprintf(path, sizeof(path), "objects/%s", commerce_id);
	folder = beneath_open_folder(objects_root(objects), path);
	if (folder == -1)
		return errno == ENOENT ? ERR_OK : beneath_err(errno);
	e = list_folders(folder, 0, after, page);
	close(folder);
	if (e != ERR_OK)
		log_error("cannot list the objects of commerce=%s: %s",
		    commerce_id, err_text(e));
	return e;
}

enum err
objects_next_issuer(struct objects *objects, const char *after,
    char next[static COMMERCE_ID_MAX + 1])
{
	const struct dirent *entry;
	DIR *stream = NULL;
	enum err e;
	int folder = beneath_open_folder(objects_root(objects), "objects");

	next[0] = '\0';
	if (folder != -1)
		stream = fdopendir(folder);
	if (stream == NULL) {
		e = beneath_err(errno);
		log_errno("cannot read the folder objects of object-root");
		if (folder != -1)
			close(folder);
		return e;
	}
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
		if (!commerce_id_is_valid(entry->d_name) ||
		    strcmp(entry->d_name, after) <= 0 ||
		    (next[0] != '\0' && strcmp(entry->d_name, next) >= 0))
			continue;
		snprintf(next, COMMERCE_ID_MAX + 1, "%.64s", entry->d_name);
	}
	e = errno != 0 ? beneath_err(errno) :
	    next[0] != '\0' ? ERR_OK : ERR_OBJECT_NOT_FOUND;
	if (errno != 0)
		log_errno("cannot read the folder objects of object-root");
	closedir(stream);
	return e;
}

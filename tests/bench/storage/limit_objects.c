/* Open objects of the limit server: a table by object id, each in one of a few
 * neighbouring slots, where it takes the place of one that nobody uses.
 */
#include "tests/bench/storage/limit_objects.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEIGHBOURS 8u
#define DESCRIPTORS_LEFT 2000	/* for connections */
#define HEAD_MAX 1024

/* What stored says with each object, so that as many bytes travel. */
#define COMMON_FIELDS \
	"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n" \
	"Accept-Ranges: bytes\r\n" \
	"Content-Type: application/octet-stream\r\n" \
	"Cache-Control: private, max-age=3600, no-transform\r\n" \
	"X-Content-Type-Options: nosniff\r\n" \
	"Referrer-Policy: no-referrer\r\n" \
	"Cross-Origin-Resource-Policy: cross-origin\r\n" \
	"Access-Control-Allow-Origin: *\r\n" \
	"Access-Control-Expose-Headers: Accept-Ranges, Content-Disposition," \
	" Content-Length, Content-Range, ETag, Repr-Digest, Retry-After\r\n" \
	"Repr-Digest: sha-256=:" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:\r\n"

struct limit_objects {
	const char *root;
	size_t slot_count;
	struct limit_object *slots[];
};

struct limit_objects *limit_objects_new(const char *root)
{
	struct rlimit descriptors = { 0 };
	struct limit_objects *objects;
	size_t count = NEIGHBOURS;

	(void)getrlimit(RLIMIT_NOFILE, &descriptors);
	if (descriptors.rlim_cur > DESCRIPTORS_LEFT + NEIGHBOURS)
		count = descriptors.rlim_cur - DESCRIPTORS_LEFT;
	objects = calloc(1, sizeof(*objects) + count *
	    sizeof(objects->slots[0]));
	if (objects == NULL)
		return NULL;
	objects->root = root;
	objects->slot_count = count;
	return objects;
}

/* Object ids are digests: a few digits of theirs are enough of a hash. */
static size_t slot_of(const struct limit_objects *objects, const char *id)
{
	size_t slot = 0;

	for (int i = 0; i < 8; i++)
		slot = slot * 31 + (unsigned char)id[i];
	return slot % (objects->slot_count - NEIGHBOURS + 1);
}

static size_t answer_head(const struct limit_object *object, char *head,
    size_t capacity)
{
	int length = snprintf(head, capacity, "HTTP/1.1 200 OK\r\n"
	    COMMON_FIELDS "ETag: \"%s\"\r\nContent-Length: %" PRIu64
	    "\r\n\r\n", object->id, object->size);

	return (size_t)length;
}

size_t limit_object_range_head(const struct limit_object *object, char *head,
    size_t capacity, uint64_t from, uint64_t to)
{
	int length = snprintf(head, capacity, "HTTP/1.1 206 Partial Content\r\n"
	    COMMON_FIELDS "ETag: \"%s\"\r\nContent-Range: bytes %" PRIu64 "-%"
	    PRIu64 "/%" PRIu64 "\r\nContent-Length: %" PRIu64 "\r\n\r\n",
	    object->id, from, to, object->size, to - from + 1);

	return (size_t)length;
}

/* Header, and body where it fits. */
static bool answer_make(struct limit_object *object)
{
	size_t body = object->size <= LIMIT_MEMORY_MAX ?
	    (size_t)object->size : 0;

	object->answer = malloc(HEAD_MAX + body);
	if (object->answer == NULL)
		return false;
	object->head_length = answer_head(object, object->answer, HEAD_MAX);
	object->answer_length = object->head_length + body;
	return pread(object->fd, object->answer + object->head_length, body,
	    0) == (ssize_t)body;
}

static void object_free(struct limit_object *object)
{
	if (object == NULL)
		return;
	if (object->fd >= 0)
		close(object->fd);
	free(object->answer);
	free(object);
}

static struct limit_object *object_open(const struct limit_objects *objects,
    const char *commerce_id, const char *id)
{
	struct limit_object *object = calloc(1, sizeof(*object));
	char path[4096];
	struct stat status;

	if (object == NULL)
		return NULL;
	snprintf(path, sizeof(path), "%s/objects/%s/%.2s/%.2s/%s",
	    objects->root, commerce_id, id, id + 2, id);
	memcpy(object->id, id, sizeof(object->id));
	object->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (object->fd >= 0 && fstat(object->fd, &status) == 0) {
		object->size = (uint64_t)status.st_size;
		if (answer_make(object))
			return object;
	}
	object_free(object);
	return NULL;
}

struct limit_object *limit_objects_get(struct limit_objects *objects,
    const char *commerce_id, const char *id)
{
	struct limit_object **slots = &objects->slots[slot_of(objects, id)];
	struct limit_object **place = NULL;

	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		if (slots[i] != NULL && memcmp(slots[i]->id, id,
		    OBJECT_ID_LENGTH) == 0) {
			slots[i]->users++;
			return slots[i];
		}
		if (place == NULL && (slots[i] == NULL ||
		    slots[i]->users == 0))
			place = &slots[i];
	}
	if (place == NULL)
		return NULL;
	object_free(*place);
	*place = object_open(objects, commerce_id, id);
	if (*place != NULL)
		(*place)->users++;
	return *place;
}

void limit_object_release(struct limit_object *object)
{
	if (object != NULL)
		object->users--;
}

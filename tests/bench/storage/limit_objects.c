/* Open objects of the limit server: a hash table by object id. */
#include "tests/bench/storage/limit_objects.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS (1u << 18)	/* a power of two, above the descriptors */
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
	size_t count;
	struct limit_object *slots[SLOTS];
};

struct limit_objects *limit_objects_new(const char *root)
{
	struct limit_objects *objects = calloc(1, sizeof(*objects));

	if (objects != NULL)
		objects->root = root;
	return objects;
}

/* Object ids are digests: a few digits of theirs are enough of a hash. */
static size_t slot_of(const char *id)
{
	size_t slot = 0;

	for (int i = 0; i < 8; i++)
		slot = slot * 31 + (unsigned char)id[i];
	return slot % SLOTS;
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

const struct limit_object *limit_objects_get(struct limit_objects *objects,
    const char *commerce_id, const char *id)
{
	size_t slot = slot_of(id);

	while (objects->slots[slot] != NULL &&
	    memcmp(objects->slots[slot]->id, id, OBJECT_ID_LENGTH) != 0)
		slot = (slot + 1) % SLOTS;
	if (objects->slots[slot] == NULL && objects->count < SLOTS / 2) {
		objects->slots[slot] = object_open(objects, commerce_id, id);
		objects->count += objects->slots[slot] != NULL;
	}
	return objects->slots[slot];
}

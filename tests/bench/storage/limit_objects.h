/* The objects that the limit server has seen: open, with their answers ready,
 * as many as there are descriptors for.  For one thread.
 */
#ifndef BENCH_STORAGE_LIMIT_OBJECTS_H
#define BENCH_STORAGE_LIMIT_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/token.h"

#define LIMIT_MEMORY_MAX (16 * 1024)	/* larger ones go by sendfile */

struct limit_object {
	char id[OBJECT_ID_LENGTH + 1];
	int fd;
	uint64_t size;
	char *answer;		/* header, and the body where it is small */
	size_t head_length, answer_length;
	unsigned users;		/* got and not released: stays open */
};

struct limit_objects;

/* Below root, kept as stored keeps it; NULL when out of memory. */
struct limit_objects *limit_objects_new(const char *root);

/* Until limit_object_release(); NULL when there is none or no room. */
struct limit_object *limit_objects_get(struct limit_objects *objects,
    const char *commerce_id, const char *id);
void limit_object_release(struct limit_object *object);	/* NULL is allowed */

/* The header of a 206 for the bytes from to to; its length. */
size_t limit_object_range_head(const struct limit_object *object, char *head,
    size_t capacity, uint64_t from, uint64_t to);

#endif

/* What must be true of the root of stored after a power cut, whenever it
 * comes: each file below objects/COMMERCE/ab/cd is whole, its SHA-256 being its
 * name, and lies where its name says; what was acknowledged is there; what was
 * acknowledged as removed is not.  Marks, by the test, around each request:
 *
 *	mark storing OBJECT	may be there or not
 *	mark stored OBJECT	must be there
 *	mark removing OBJECT	may be there or not
 *	mark removed OBJECT	must not be there
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/trace.h"

#define ID_LENGTH (2 * DIGEST_BYTES)
#define DEPTH_OF_OBJECTS 4	/* objects, COMMERCE, ab, cd */

enum expected { MAY_BE, MUST_BE, MUST_NOT_BE };

struct object {
	char id[ID_LENGTH + 1];
	enum expected expected;
	bool is_there;
};

struct objects_check {
	const struct trace *trace;
	struct object *objects;
	size_t count;
	char problem[512];
};

struct objects_check *
objects_check_new(const struct trace *trace)
{
	struct objects_check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		die("no memory");
	check->trace = trace;
	return check;
}

static struct object *
find_object(struct objects_check *check, const char *id)
{
	for (size_t i = 0; i < check->count; i++)
		if (strcmp(check->objects[i].id, id) == 0)
			return &check->objects[i];
	return NULL;
}

static const struct {
	const char *word;
	enum expected expected;
} marks[] = {
	{ "storing", MAY_BE }, { "stored", MUST_BE },
	{ "removing", MAY_BE }, { "removed", MUST_NOT_BE },
};

void
objects_check_event(struct objects_check *check, const char *line)
{
	char word[16], id[ID_LENGTH + 1];
	struct object *object;
	size_t i = 0;

	if (sscanf(line, "mark %15s %64s", word, id) != 2)
		return;
	while (i < sizeof(marks) / sizeof(marks[0]) &&
	    strcmp(word, marks[i].word) != 0)
		i++;
	if (i == sizeof(marks) / sizeof(marks[0]) || strlen(id) != ID_LENGTH)
		die("not a mark for objects: %s", line);
	object = find_object(check, id);
	if (object == NULL) {
		check->objects = grow(check->objects, check->count,
		    sizeof(*object));
		object = &check->objects[check->count++];
		*object = (struct object){ 0 };
		memcpy(object->id, id, sizeof(object->id));
	}
	object->expected = marks[i].expected;
}

static bool
complain(struct objects_check *check, const char *what, const char *name)
{
	snprintf(check->problem, sizeof(check->problem), "%s: %s", what, name);
	return false;
}

static bool
digest_is(const uint8_t *digest, const char *name)
{
	char text[ID_LENGTH + 1];

	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strcmp(text, name) == 0;
}

/* path: the names on the way, of which depth are there. */
static bool
check_file(struct objects_check *check, struct disk *disk, uint32_t inode,
    const char **path, size_t depth)
{
	const char *name = path[depth - 1];
	struct object *object;

	if (depth != DEPTH_OF_OBJECTS + 1 || strlen(name) != ID_LENGTH ||
	    strncmp(name, path[2], 2) != 0 ||
	    strncmp(name + 2, path[3], 2) != 0)
		return complain(check, "no place for a file", name);
	if (!digest_is(disk_digest(disk, inode), name))
		return complain(check, "shown and not whole", name);
	object = find_object(check, name);
	if (object == NULL)
		return complain(check, "nobody stored it", name);
	object->is_there = true;
	return true;
}

static bool
check_folder(struct objects_check *check, struct disk *disk, uint32_t folder,
    const char **path, size_t depth)
{
	const struct trace *trace = check->trace;
	uint32_t slot = trace->inodes[folder].slots;

	for (; slot != NOTHING; slot = trace->slots[slot].next) {
		uint32_t inode = disk_named(disk, slot);

		if (inode == NOTHING)
			continue;
		path[depth] = trace->slots[slot].name;
		if (depth == 0 && strcmp(path[0], "objects") != 0)
			continue;
		if (!trace->inodes[inode].is_folder) {
			if (!check_file(check, disk, inode, path, depth + 1))
				return false;
		} else if (depth == DEPTH_OF_OBJECTS) {
			return complain(check, "no place for a folder",
			    path[depth]);
		} else if (!check_folder(check, disk, inode, path, depth + 1)) {
			return false;
		}
	}
	return true;
}

const char *
objects_check_disk(struct objects_check *check, struct disk *disk)
{
	const char *path[DEPTH_OF_OBJECTS + 1];

	for (size_t i = 0; i < check->count; i++)
		check->objects[i].is_there = false;
	if (!check_folder(check, disk, 0, path, 0))
		return check->problem;
	for (size_t i = 0; i < check->count; i++) {
		const struct object *object = &check->objects[i];

		if (object->expected == MUST_BE && !object->is_there)
			complain(check, "acknowledged and lost", object->id);
		else if (object->expected == MUST_NOT_BE && object->is_there)
			complain(check, "removed and back", object->id);
		else
			continue;
		return check->problem;
	}
	return NULL;
}

/* One state of the disk: which name stands for what, and what is in it. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/trace.h"

#define CACHE_SLOTS ((size_t)1 << 17)

struct cached {
	uint64_t key;
	bool is_there;
	uint8_t digest[DIGEST_BYTES];
};

struct disk {
	const struct trace *trace;
	const struct kept *kept;	/* of the state; count of them */
	size_t count;
	uint32_t *named;		/* for each slot */
	uint32_t **changes;		/* for each inode: writes and sizes */
	size_t *change_counts;
	uint8_t *content;
	size_t content_room;
	struct cached *cache;
};

static void *
get_zeroes(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size);

	if (memory == NULL)
		die("no memory");
	return memory;
}

struct disk *
disk_new(const struct trace *trace)
{
	struct disk *disk = get_zeroes(1, sizeof(*disk));

	disk->trace = trace;
	disk->named = get_zeroes(trace->slot_count, sizeof(*disk->named));
	disk->changes = get_zeroes(trace->inode_count, sizeof(*disk->changes));
	disk->change_counts = get_zeroes(trace->inode_count,
	    sizeof(*disk->change_counts));
	disk->cache = get_zeroes(CACHE_SLOTS, sizeof(*disk->cache));
	for (size_t i = 0; i < trace->change_count; i++) {
		const struct change *change = &trace->changes[i];
		uint32_t inode = change->inode;

		if (change->kind != CHANGE_WRITE &&
		    change->kind != CHANGE_SIZE)
			continue;
		disk->changes[inode] = grow(disk->changes[inode],
		    disk->change_counts[inode], sizeof(uint32_t));
		disk->changes[inode][disk->change_counts[inode]++] =
		    (uint32_t)i;
	}
	return disk;
}

static bool
is_kept(const struct disk *disk, size_t change)
{
	return disk->kept[change].from < disk->kept[change].to;
}

/* A name goes only if it still stands for what was moved or removed. */
static void
apply_name(struct disk *disk, const struct change *change)
{
	switch (change->kind) {
	case CHANGE_MOVE:
		if (disk->named[change->other] == change->inode)
			disk->named[change->other] = NOTHING;
		disk->named[change->slot] = change->inode;
		break;
	case CHANGE_SET:
		disk->named[change->slot] = change->inode;
		break;
	case CHANGE_CLEAR:
		disk->named[change->slot] = NOTHING;
		break;
	case CHANGE_WRITE:
	case CHANGE_SIZE:
		break;
	}
}

void
disk_make(struct disk *disk, const struct kept *kept, size_t count)
{
	const struct trace *trace = disk->trace;

	disk->kept = kept;
	disk->count = count;
	for (size_t i = 0; i < trace->slot_count; i++)
		disk->named[i] = trace->slots[i].first;
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &trace->changes[i];

		if (is_kept(disk, i) && (change->needs == NOTHING ||
		    is_kept(disk, change->needs)))
			apply_name(disk, change);
	}
}

uint32_t
disk_named(const struct disk *disk, uint32_t slot)
{
	return disk->named[slot];
}

/* --- content ------------------------------------------------------------ */

/* Which changes of the file are there, and how much of them. */
static uint64_t
content_key(const struct disk *disk, uint32_t inode)
{
	uint64_t key = mix(inode, 1);

	for (size_t i = 0; i < disk->change_counts[inode]; i++) {
		uint32_t change = disk->changes[inode][i];

		if (change >= disk->count)
			break;
		if (!is_kept(disk, change))
			continue;
		key = mix(key, change);
		key = mix(key, disk->kept[change].from);
		key = mix(key, disk->kept[change].to);
	}
	return key;
}

static void
resize(struct disk *disk, size_t *size, size_t wanted)
{
	if (wanted > disk->content_room) {
		disk->content_room = 2 * wanted;
		disk->content = realloc(disk->content, disk->content_room);
		if (disk->content == NULL)
			die("no memory");
	}
	if (wanted > *size)
		memset(disk->content + *size, 0, wanted - *size);
	*size = wanted;
}

const uint8_t *
disk_content(struct disk *disk, uint32_t inode, size_t *size)
{
	const struct inode *first = &disk->trace->inodes[inode];

	*size = 0;
	resize(disk, size, first->size + 1);
	*size = first->size;
	if (first->size > 0)
		memcpy(disk->content, first->bytes, first->size);
	for (size_t i = 0; i < disk->change_counts[inode]; i++) {
		uint32_t number = disk->changes[inode][i];
		const struct change *change = &disk->trace->changes[number];
		const struct kept *kept = &disk->kept[number];

		if (number >= disk->count)
			break;
		if (!is_kept(disk, number))
			continue;
		if (change->kind == CHANGE_SIZE) {
			resize(disk, size, (size_t)change->offset);
			continue;
		}
		if (change->offset + kept->to > *size)
			resize(disk, size, (size_t)change->offset + kept->to);
		memcpy(disk->content + change->offset + kept->from,
		    change->bytes + kept->from, kept->to - kept->from);
	}
	return disk->content;
}

const uint8_t *
disk_digest(struct disk *disk, uint32_t inode)
{
	uint64_t key = content_key(disk, inode);
	struct cached *cached = &disk->cache[key % CACHE_SLOTS];
	const uint8_t *content;
	size_t size;

	if (cached->is_there && cached->key == key)
		return cached->digest;
	content = disk_content(disk, inode, &size);
	SHA256(content, size, cached->digest);
	cached->key = key;
	cached->is_there = true;
	return cached->digest;
}

/* --- the whole ---------------------------------------------------------- */

static uint64_t
folder_signature(struct disk *disk, uint32_t folder, uint64_t hash)
{
	const struct trace *trace = disk->trace;
	uint32_t slot = trace->inodes[folder].slots;

	for (; slot != NOTHING; slot = trace->slots[slot].next) {
		uint32_t inode = disk->named[slot];

		if (inode == NOTHING)
			continue;
		hash = mix(hash, slot);
		if (trace->inodes[inode].is_folder)
			hash = folder_signature(disk, inode, mix(hash, inode));
		else
			hash = mix(hash, content_key(disk, inode));
	}
	return mix(hash, NOTHING);
}

uint64_t
disk_signature(struct disk *disk)
{
	return folder_signature(disk, 0, 0);
}

static void
write_file(struct disk *disk, uint32_t inode, int folder, const char *name)
{
	size_t size;
	const uint8_t *content = disk_content(disk, inode, &size);
	int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);

	if (file == -1 || write(file, content, size) != (ssize_t)size)
		die("cannot write %s: %s", name, strerror(errno));
	close(file);
}

/* Takes descriptor. */
static void
write_folder(struct disk *disk, uint32_t folder, int descriptor)
{
	const struct trace *trace = disk->trace;
	uint32_t slot = trace->inodes[folder].slots;

	for (; slot != NOTHING; slot = trace->slots[slot].next) {
		const char *name = trace->slots[slot].name;
		uint32_t inode = disk->named[slot];
		int child;

		if (inode == NOTHING)
			continue;
		if (!trace->inodes[inode].is_folder) {
			write_file(disk, inode, descriptor, name);
			continue;
		}
		if (mkdirat(descriptor, name, 0700) == -1 ||
		    (child = openat(descriptor, name, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC)) == -1)
			die("cannot make %s: %s", name, strerror(errno));
		write_folder(disk, inode, child);
	}
	close(descriptor);
}

void
disk_write(struct disk *disk, const char *folder)
{
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor == -1)
		die("cannot open %s: %s", folder, strerror(errno));
	write_folder(disk, 0, descriptor);
}

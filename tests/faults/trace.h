/* A trace (record.c) in memory, and the disks that it may have left. */
#ifndef TESTS_FAULTS_TRACE_H
#define TESTS_FAULTS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTHING UINT32_MAX	/* no inode, no slot */
#define NEVER SIZE_MAX
#define DIGEST_BYTES 32

enum change_kind {
	CHANGE_SET,		/* slot names inode */
	CHANGE_CLEAR,		/* slot names nothing */
	CHANGE_MOVE,		/* both at once: other is cleared, slot set */
	CHANGE_WRITE,
	CHANGE_SIZE,
};

/*
 * One thing that was done to the disk, and may be lost as long as it is not
 * durable.  A rename between two folders is a SET and a CLEAR: after a power
 * cut both names may be there, but not none.
 */
struct change {
	enum change_kind kind;
	uint32_t inode;		/* the file; of a name, what it names */
	uint32_t slot, other;
	uint64_t offset;	/* WRITE; of SIZE, the size */
	size_t size;
	const uint8_t *bytes;
	size_t at;		/* index of the event */
	size_t durable;		/* index of the sync behind it; NEVER */
	bool is_hopeless;	/* its sync failed: no later one helps */
	uint32_t needs;		/* change without which this is none */
};

/* A name in a folder, at any time. */
struct slot {
	uint32_t folder;	/* inode */
	char *name;
	uint32_t first;		/* inode at the start, or NOTHING */
	uint32_t next;		/* slot of the same folder */
};

/* An inode from its making on; the number may come again for another. */
struct inode {
	uint64_t number;
	bool is_folder;
	uint32_t slots;		/* of a folder */
	const uint8_t *bytes;	/* of a file at the start */
	size_t size;
};

struct event {
	char *text;		/* the line */
};

struct trace {
	uint8_t *text;		/* what all bytes point into */
	struct event *events;
	struct change *changes;
	struct slot *slots;
	struct inode *inodes;	/* 0 is the root */
	size_t event_count, change_count, slot_count, inode_count;
	size_t first_event;	/* behind "begin" */
};

/* Read a trace, or end the program with a sentence. */
void trace_read(struct trace *trace, const char *path);

/* --- disk.c: one state -------------------------------------------------- */

/* What is kept of a change: bytes from to to of a write; else 0 to 1. */
struct kept {
	size_t from, to;
};

struct disk;

struct disk *disk_new(const struct trace *trace);

/*
 * Make the state of the changes before the change number count, of which
 * kept says how much is there.
 */
void disk_make(struct disk *disk, const struct kept *kept, size_t count);

/* A number that says what the state holds, names and bytes. */
uint64_t disk_signature(struct disk *disk);

/* The inode that a slot names now, or NOTHING. */
uint32_t disk_named(const struct disk *disk, uint32_t slot);

/* The SHA-256 of a file; borrowed until the next call. */
const uint8_t *disk_digest(struct disk *disk, uint32_t inode);

/* The content; borrowed until the next call that asks for content. */
const uint8_t *disk_content(struct disk *disk, uint32_t inode, size_t *size);

/* Write all that can be reached into folder, which must be empty. */
void disk_write(struct disk *disk, const char *folder);

/* --- objects.c: the root of stored -------------------------------------- */

struct objects_check;

struct objects_check *objects_check_new(const struct trace *trace);

/* The next event has happened: marks say what must be there from now on. */
void objects_check_event(struct objects_check *check, const char *line);

/* NULL, or what is wrong with the disk; borrowed. */
const char *objects_check_disk(struct objects_check *check,
    struct disk *disk);

/* --- for all ------------------------------------------------------------ */

_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void *grow(void *array, size_t count, size_t size);	/* to count + 1 */
uint64_t mix(uint64_t hash, uint64_t value);

#endif

/* A library to preload into a daemon (README.md in this folder).  It stands in
 * front of the calls that change what is on the disk, and there, for files
 * below one folder,
 *
 *	inject.c	lets the N-th of them fail
 *	record.c	writes down what they did, for fault-replay
 *
 * calls_data.c and calls_names.c have the calls themselves, guard.c what they
 * share.  Below the folder the calls of all threads run one after another under
 * one lock: so that "the N-th" and "before the fsync" have a meaning.
 */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/types.h>

enum fault_call {
	FAULT_CREATE,		/* open that may make a file */
	FAULT_OPEN,		/* any other */
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_RENAME,
	FAULT_MKDIR,
	FAULT_ALLOCATE,
	FAULT_TRUNCATE,
	FAULT_UNLINK,
	FAULT_LINK,
	FAULT_CLOSE,
	FAULT_SPACE,		/* asking how much is free */
	FAULT__COUNT
};

/* A name in a folder. */
struct fault_place {
	int folder;			/* -1: it is not of interest */
	char name[NAME_MAX + 1];
	char path[PATH_MAX];		/* of the folder, for people */
};

/* --- guard.c ------------------------------------------------------------ */

/*
 * syscall(2) of the C library, which this library hides from others.  Only
 * behind fault_start(), which every function below has called.
 */
extern long (*fault_raw)(long number, ...);
void fault_start(void);

/*
 * Those of whoever is next, for what is not of interest: a sanitizer wants to
 * see by what threads wake each other.  fstatvfs(3) is no system call.
 */
extern ssize_t (*fault_next_write)(int descriptor, const void *bytes,
    size_t size);
extern int (*fault_next_close)(int descriptor);
extern int (*fault_next_fstatvfs)(int descriptor, struct statvfs *status);

/* Are syncs below the folder only counted and recorded, and not done? */
bool fault_skips_syncs(void);

/*
 * Begin a call on a descriptor.  False: it is not of interest.  True: the
 * lock is held until fault_leave(), and *error, if not 0, is how the call
 * shall fail.  size is for writes (inject_decide()), else NULL.  errno stays.
 */
bool fault_enter(enum fault_call call, int descriptor, size_t *size,
    int *error);
void fault_leave(int error);	/* which becomes errno */

/* Split path and open its folder. */
void fault_find_place(int folder, const char *path, struct fault_place *place);

/* As fault_enter(); ended by fault_leave_place(), which closes the place. */
bool fault_enter_place(enum fault_call call, int folder, const char *path,
    struct fault_place *place, int *error);
void fault_leave_place(struct fault_place *place, int error);

/* close(2) for this library itself. */
void fault_close(int descriptor);

/* To standard error, and abort(): a test must not go on with half a trace. */
_Noreturn void fault_die(const char *what);

/* --- inject.c ----------------------------------------------------------- */

void inject_start(const char *control_path);

/*
 * Shall this call fail?  0 or an errno.  A write may instead be made shorter:
 * then *size is reduced.  size is NULL for other calls.  path: whom it is
 * about, below root.
 */
int inject_decide(enum fault_call call, const char *path, size_t *size);

/* --- record.c ----------------------------------------------------------- */

/* Without a trace_path nothing is recorded, and the calls below do nothing. */
void record_start(const char *trace_path, const char *root);

void record_create(const struct fault_place *place, int descriptor);
void record_mkdir(const struct fault_place *place);
/* bytes were written and end at offset end. */
void record_write(int descriptor, const void *bytes, size_t size, off_t end);
void record_size(int descriptor);	/* it has changed to what it is now */
void record_rename(const struct fault_place *from,
    const struct fault_place *to, ino_t inode);
void record_link(const struct fault_place *place, ino_t inode);
void record_unlink(const struct fault_place *place);
/* is_done: false when it failed, and nobody knows what is on the disk. */
void record_sync(int descriptor, bool is_done);
void record_sync_all(void);

#endif

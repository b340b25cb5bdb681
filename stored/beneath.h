/* Opening files below a folder and nowhere else: the kernel refuses "..",
 * absolute paths and symbolic links on the way (openat2(2)).
 */
#ifndef STORED_BENEATH_H
#define STORED_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/* Has the kernel openat2(2), and lets us call it? */
bool beneath_is_supported(int folder);

/*
 * open(2) of path below folder, with O_CLOEXEC added.  -1 and errno when that
 * fails; ELOOP and EXDEV are what a path gives that leaves the folder.
 */
int beneath_open(int folder, const char *path, int flags, mode_t mode);

/* The folder at path, for reading and fsync(2); -1 and errno. */
int beneath_open_folder(int folder, const char *path);

/*
 * Make the folder name in parent and fsync parent, so that it outlasts a
 * power cut; nothing when it is there.  A folder whose fsync failed is taken
 * away again.  One caller at a time for each parent.  -1 and errno.
 */
int beneath_make_folder(int parent, const char *name);

/*
 * What a failed call on the disk means for the client: no space, too large,
 * too busy (descriptors, memory), or an error of the storage.
 */
enum err beneath_err(int error_number);

#endif

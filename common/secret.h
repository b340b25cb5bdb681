/* Secrets on disk and in memory: refused when others can read them, compared
 * in constant time, wiped after use.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/err.h"

#define SECRET_FILE_MAX (1024 * 1024)

/*
 * The whole of a secret file as text of *length bytes and a NUL, which the
 * caller gives back to secret_free().  Errors, each logged with the path and
 * what to do: ERR_IO (cannot be opened or read), ERR_PERMISSIONS (not a
 * regular file, owned by another than root or us, or group or others may
 * use it), ERR_KEY_FILE (too long, or holds a NUL), ERR_NO_MEMORY.
 */
enum err secret_file_read(const char *path, char **text, size_t *length);

/* Wipe and free; NULL is allowed. */
void secret_free(char *text, size_t length);

/*
 * Overwrite; never optimised away, as the compiler must take it that somebody
 * reads the bytes behind it.  Inline: where the size is known it is a store or
 * two.
 */
static inline void
secret_wipe(void *bytes, size_t size)
{
	memset(bytes, 0, size);
	__asm__ volatile ("" : : "r" (bytes) : "memory");
}

/* Equal?  In time that depends on the lengths alone. */
bool secret_equal(const void *a, size_t a_size, const void *b, size_t b_size);

/* Fill with random bytes; aborts when the system cannot give any. */
void secret_random(void *bytes, size_t size);

#endif

/* Files in memory, for those who only read them: nothing is copied, and a page
 * that the disk does not give is an error as it is with read(), and not the
 * end of the process.
 */
#ifndef COMMON_MAPPED_H
#define COMMON_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

struct mapped;

/*
 * The first size bytes of a file, which must not become shorter.  NULL when
 * there is no room for it: read it instead.  The descriptor stays the
 * caller's and may be closed.  Any thread.
 */
struct mapped *mapped_open(int descriptor, size_t size);
void mapped_close(struct mapped *mapped);	/* NULL is allowed */

const char *mapped_bytes(const struct mapped *mapped);

/*
 * Was all that was read what the file holds?  False: some of it was zeros in
 * place of what could not be had.  May be asked of one that is closed.
 */
bool mapped_is_whole(const struct mapped *mapped);

#endif

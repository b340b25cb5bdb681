/* Files of secret keys: lines of words, "#" comments, blank lines. */
#ifndef COMMON_KEY_FILE_H
#define COMMON_KEY_FILE_H

#include <stddef.h>

#include "common/err.h"

/* One file while it is read; the caller's storage. */
struct key_file {
	const char *path;	/* for messages; borrowed */
	char *text;		/* cut up by key_file_next() */
	size_t length;
	size_t offset;		/* where the next line begins */
	size_t line;		/* number of the last one given out, from 1 */
};

/*
 * Read path, which only its owner may read.  Errors are those of
 * secret_file_read(), logged.  key_file_close() is allowed after either
 * outcome.
 */
enum err key_file_open(struct key_file *file, const char *path);

/*
 * Not more than this many lines of at least length bytes follow.  What is
 * shorter than a key is none: a file of line ends asks for no memory.
 */
size_t key_file_lines_max(const struct key_file *file, size_t length);

/*
 * The next line that is neither blank nor a comment, cut at blanks and tabs
 * into words, which live until the close.  How many words the line has, of
 * which no more than max are stored; 0 at the end of the file.  A carriage
 * return before the line feed is dropped.
 */
size_t key_file_next(struct key_file *file, const char *words[], size_t max);

/*
 * Hand each line to add, which says what is wrong with it, or NULL; of its
 * count words no more than KEY_FILE_WORDS_MAX are there.  The faults of all
 * lines are logged with file and line; form is what a line should look like.
 * ERR_KEY_FILE when a line is refused or there is none.
 */
#define KEY_FILE_WORDS_MAX 3
enum err key_file_read(struct key_file *file, const char *form,
    const char *(*add)(void *keys, const char *const words[], size_t count),
    void *keys);

/* Wipe and free. */
void key_file_close(struct key_file *file);

#endif

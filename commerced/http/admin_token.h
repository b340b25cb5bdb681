/* The token of the shop's own people: one line of a file that others cannot
 * read, compared in constant time, replaced while the daemon runs.
 */
#ifndef COMMERCED_HTTP_ADMIN_TOKEN_H
#define COMMERCED_HTTP_ADMIN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define ADMIN_TOKEN_LEAST 16	/* characters */
#define ADMIN_TOKEN_MOST 512

struct admin_token;

/*
 * Read path (borrowed until free).  Errors, logged: those of
 * secret_file_read(), and ERR_KEY_FILE when it does not hold one line of 16 to
 * 512 printable characters without a blank; ERR_NO_MEMORY.
 */
enum err admin_token_load(const char *path, struct admin_token **out);
void admin_token_free(struct admin_token *token);	/* NULL is allowed */

/* Read the file again; after an error the old token stays.  Any thread. */
enum err admin_token_reload(struct admin_token *token);

/* Is this the token?  Any thread. */
bool admin_token_matches(struct admin_token *token, const char *text,
    size_t length);

#endif

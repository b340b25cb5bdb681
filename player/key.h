/* Secrets that commands take from files, never from arguments. */
#ifndef PLAYER_KEY_H
#define PLAYER_KEY_H

#include <stdint.h>

#include "common/err.h"
#include "common/sealed_header.h"

#define KEY_TOKEN_SIZE 44	/* 43 characters and a NUL */

/*
 * The one AGE-SECRET-KEY-1... of a file as age-keygen writes it.  Errors are
 * logged: those of secret_file_read(), and ERR_KEY_FILE.
 */
enum err key_read_identity(const char *path,
    uint8_t identity[static SEALED_IDENTITY_BYTES]);

/* The one security token of a file; errors as above. */
enum err key_read_token(const char *path, char token[static KEY_TOKEN_SIZE]);

#endif

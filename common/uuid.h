/* UUIDs of version 7 (RFC 9562): 48 bits of milliseconds, then random. */
#ifndef COMMON_UUID_H
#define COMMON_UUID_H

#include <stdint.h>

#include "common/err.h"

#define UUID_BYTES 16
#define UUID_TEXT_SIZE 37	/* 36 characters and a NUL */

struct uuid { uint8_t bytes[UUID_BYTES]; };

/* A pure function of its arguments: now_ms is Unix time in milliseconds. */
struct uuid uuid_make(int64_t now_ms, const uint8_t random[static 10]);

/*
 * With the system's clock and OpenSSL's generator; aborts when that fails.
 * Not in a process that was forked: it would repeat its parent's.
 */
struct uuid uuid_new(void);

void uuid_text(char text[static UUID_TEXT_SIZE], const struct uuid *uuid);

/*
 * Exactly 36 characters, lower case, hyphens in place, any version: else
 * ERR_ENCODING.
 */
enum err uuid_parse(struct uuid *uuid, const char *text);

#endif

/* The master keys, and what is derived from them: download keys and codes
 * (docs/protocol.md, section 3).  Nothing derived is ever stored.
 */
#ifndef COMMERCED_KEYS_H
#define COMMERCED_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/encoding.h"
#include "common/err.h"
#include "common/hmac.h"
#include "common/sealed_header.h"
#include "common/uuid.h"

#define MASTER_KEY_BYTES 32
#define MASTER_KEY_ID_MAX 32
#define CODE_LOOKUP_BYTES HMAC_BYTES

/* The lines of a master-key file; immutable, so any thread may read them. */
struct master_keys;

/*
 * Read the file (lines "id hex-key", "#" comments, blank lines), id being
 * 1 to 32 of A-Z a-z 0-9 _ -.  The same id twice is a fault.  Errors, logged
 * with file and line: those of secret_file_read(), and ERR_KEY_FILE.
 * Wiped and freed by keys_free(); NULL is allowed there.
 */
enum err keys_load(const char *path, struct master_keys **out);
void keys_free(struct master_keys *keys);

/*
 * Does every line of others stand in keys too, with the same key?  Else what
 * was sealed and issued under it would be lost.
 */
bool keys_contain(const struct master_keys *keys,
    const struct master_keys *others);
/* Are they the same, and in the same order? */
bool keys_equal(const struct master_keys *keys,
    const struct master_keys *others);
/* Takes older, which is valid as long as keys are and freed with them. */
void keys_keep(struct master_keys *keys, struct master_keys *older);

/* How many lines, at least 1. */
size_t keys_count(const struct master_keys *keys);
/* The id of line index, from 0; borrowed. */
const char *keys_id(const struct master_keys *keys, size_t index);
/* The id of the first line, which seals and issues what is new; borrowed. */
const char *keys_first_id(const struct master_keys *keys);

/*
 * The download key of a version as an age X25519 identity.  ERR_KEY_FILE when
 * no line has that id (logged), ERR_CRYPTO.
 */
enum err keys_download_key(uint8_t identity[static SEALED_IDENTITY_BYTES],
    const struct master_keys *keys, const char *id,
    const struct uuid *version);

enum code_kind { CODE_GIFT, CODE_CLAIM, CODE_RESET, CODE__COUNT };

/* Which code: the same fields always give the same one. */
struct code_name {
	enum code_kind kind;
	struct uuid owner;	/* of the batch or the thing it stands for */
	uint32_t index;		/* within the batch, from 0 */
};

/*
 * A code as people see it, XXXX-XXXX-XXXX-XXXX.  The errors of
 * keys_download_key().
 */
enum err keys_code(char text[static CODE_TEXT_SIZE],
    const struct master_keys *keys, const char *id,
    const struct code_name *name);

/*
 * What is stored in place of a code, and what one is looked up by, once for
 * every id; characters are those of code_normalise().  The errors of
 * keys_download_key().
 */
enum err keys_code_lookup(uint8_t lookup[static CODE_LOOKUP_BYTES],
    const struct master_keys *keys, const char *id, enum code_kind kind,
    const char characters[static CODE_CHARACTERS + 1]);

#endif

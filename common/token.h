/* Security tokens: the URL that is signed, the key file, issue and verify
 * (docs/protocol.md, sections 1 and 2).
 */
#ifndef COMMON_TOKEN_H
#define COMMON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define COMMERCE_ID_MAX 64
#define KEY_ID_MAX 32
#define GRANT_ID_MAX 64
#define OBJECT_ID_LENGTH 64		/* hex digits */
#define FILE_NAME_MAX 255		/* bytes, decoded */
#define SIGNING_KEY_BYTES 32
#define TOKEN_LENGTH 43			/* characters of base64url */
#define TOKEN_ORIGINS_MAX 4
#define TOKEN_EXPIRY_MAX_S (INT64_C(8) * 24 * 3600)
#define TOKEN_TARGET_MAX 2048		/* characters; ours are below 1,200 */

struct signing_key {
	char commerce_id[COMMERCE_ID_MAX + 1];
	char key_id[KEY_ID_MAX + 1];
	uint8_t bytes[SIGNING_KEY_BYTES];
};

/* The lines of a key file; immutable, so any thread may read it. */
struct signing_keys;

/*
 * Read the file (lines "commerce-id key-id hex-key", "#" comments, blank
 * lines).  The same pair of ids twice is a fault.  Errors, logged with file
 * and line: those of secret_file_read(), and ERR_KEY_FILE.
 * Wiped and freed by signing_keys_free(); NULL is allowed there.
 */
enum err signing_keys_load(const char *path, struct signing_keys **out);
void signing_keys_free(struct signing_keys *keys);
size_t signing_keys_count(const struct signing_keys *keys);

/* The line of that number, from 0, below the count; borrowed. */
const struct signing_key *signing_keys_at(const struct signing_keys *keys,
    size_t index);

/* The first key of commerce_id, with which to sign; borrowed; NULL: none. */
const struct signing_key *signing_keys_first(const struct signing_keys *keys,
    const char *commerce_id);

/* Are these of the forms that protocol.md, section 1, gives? */
bool commerce_id_is_valid(const char *text);
bool key_id_is_valid(const char *text, size_t length);
bool object_id_is_valid(const char *text, size_t length);
bool file_name_is_valid(const char *utf8, size_t length);

enum token_resource {
	TOKEN_MEDIA,		/* /media/OBJECT */
	TOKEN_OBJECT,		/* /objects/OBJECT */
	TOKEN_LIST		/* /objects */
};

/*
 * A request target, taken apart; holds no pointer into it.  Of a text nothing
 * is set behind its NUL.
 */
struct token_target {
	enum token_resource resource;
	char object[OBJECT_ID_LENGTH + 1];	/* "" for a list */
	char commerce_id[COMMERCE_ID_MAX + 1];
	char key_id[KEY_ID_MAX + 1];
	int64_t expires_s;
	char grant[GRANT_ID_MAX + 1];
	char name[FILE_NAME_MAX + 1];	/* decoded; "": none */
	char after[OBJECT_ID_LENGTH + 1];	/* of a list; "": none */
	size_t signed_length;	/* of the target without "&token=..." */
	bool has_token;		/* "&token=" was there, maybe with nothing */
	size_t token_length;	/* of what stood there; 0: nothing */
	char token[TOKEN_LENGTH + 1];	/* "" unless token_length is a token's;
					 * others are refused like wrong ones */
};

/*
 * Take a raw target apart that begins with "/media/" or "/objects".
 * ERR_MALFORMED_URL unless it has the one accepted form.
 */
enum err token_target_parse(const char *target, struct token_target *out);

/* What the MAC names as the method. */
enum token_method { TOKEN_GET, TOKEN_PUT, TOKEN_DELETE, TOKEN_LIST_OBJECTS };

/*
 * The token for url (origin and target, without a token in it) as text of
 * TOKEN_LENGTH characters and a NUL.  ERR_CRYPTO.
 */
enum err token_issue(char token[static TOKEN_LENGTH + 1],
    const struct signing_key *key, enum token_method method,
    const char *url);

struct token_request {
	enum token_method method;
	const char *target;		/* raw, as received */
	const struct token_target *parsed;	/* from that target */
	const char *token;		/* as presented, from either place; not
					 * looked at unless token_length fits */
	size_t token_length;
	const char *const *origins;	/* public origins, 1 to 4 */
	size_t origin_count;
};

/*
 * May this request be served at now_s?  The MAC is compared in constant time
 * over all origins before any parameter is believed; an unknown commerce id
 * or key id runs the same path with a key that fits nothing.
 * ERR_TOKEN_REFUSED (also: expiry more than 8 days ahead),
 * ERR_TOKEN_EXPIRED (the token is right, now_s >= expires), ERR_CRYPTO.
 */
enum err token_verify(const struct signing_keys *keys,
    const struct token_request *request, int64_t now_s);

struct token_url {
	const char *origin;
	enum token_resource resource;
	const char *object;		/* NULL for a list */
	const char *commerce_id;
	const char *key_id;
	int64_t expires_s;
	const char *grant;
	const char *name;		/* NULL: none */
	const char *after;		/* NULL: none */
};

/*
 * The URL as text; url takes capacity bytes with its NUL
 * (TOKEN_TARGET_MAX + 300 always suffice).  ERR_MALFORMED_URL when a part is
 * not of its form or it does not fit.
 */
enum err token_url_build(char *url, size_t capacity,
    const struct token_url *parts);

#endif

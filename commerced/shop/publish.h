/* Files of an item, their versions, and the way of a version to the storage
 * host: recorded as pending with its sealed file in the spool, pushed, then
 * stored, and only then sold and given out.
 *
 * Life of a version: PENDING -> STORED -> DELETING -> DELETED, or PENDING ->
 * DELETING when its file is taken off before the push.
 */
#ifndef COMMERCED_SHOP_PUBLISH_H
#define COMMERCED_SHOP_PUBLISH_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/shop.h"
#include "common/sealed_header.h"

#define PLAIN_HASH_BYTES 32		/* SHA-256 of the plaintext */
/* A name must fit a URL with ".age" after it. */
#define PUBLISHED_NAME_MAX (FILE_NAME_MAX - 4)

/* Pure: may a file be called so (protocol.md, section 1)?  Of this type? */
bool publish_name_is_valid(const char *name, size_t length);
bool publish_media_type_is_valid(const char *media_type, size_t length);

/* What an upload needs before its first byte. */
struct version_plan {
	struct uuid version_id;		/* fresh */
	char master_key[MASTER_KEY_ID_SIZE];
	uint8_t identity[SEALED_IDENTITY_BYTES];	/* to seal for: the
							 * caller wipes it */
};

/*
 * ERR_NOT_FOUND when there is no such item; ERR_OUT_OF_RANGE when the name
 * or the media type is not valid; ERR_CRYPTO.
 */
enum err publish_begin(struct shop *shop, const struct uuid *item,
    const char *name, const char *media_type, struct version_plan *out);

/* What an upload has become; its sealed file is durable in the spool. */
struct version_upload {
	struct uuid item;
	const char *name;		/* borrowed until done() */
	const char *media_type;
	struct uuid version_id;		/* of the plan, like the next */
	char master_key[MASTER_KEY_ID_SIZE];
	int64_t size;			/* plaintext bytes */
	int64_t duration_ms;		/* 0: not known */
	uint8_t plain_hash[PLAIN_HASH_BYTES];
	char object[OBJECT_ID_LENGTH + 1];
	int64_t sealed_size;
};

struct version_record {
	struct file file;	/* with the version now newest: clear it */
	bool is_unchanged;	/* the newest version had that content already:
				 * nothing was recorded but the media type (and
				 * the duration, where it was not known), and
				 * the caller removes its sealed file */
};

/*
 * Record the upload as the newest version of the item's file of that name,
 * pending.  A name that was taken off gets its old file id back.
 * ERR_NOT_FOUND (no such item), ERR_OUT_OF_RANGE.
 */
enum err publish_record(struct shop_transaction *tx,
    const struct version_upload *in, struct version_record *out);

/* A file as the shop's people see it: its newest version.  ERR_NOT_FOUND. */
enum err publish_file_get(struct shop *shop, const struct uuid *item,
    const char *name, struct file *out);

/*
 * Take a file off: future buyers do not get it, those who have the item keep
 * what they have.  Versions that nobody bought become DELETING.
 * ERR_NOT_FOUND; ERR_NOT_PUBLISHABLE when the item, or what contains it, is
 * on sale and this is the last that it has to give (withdraw it first).
 */
enum err publish_file_remove(struct shop_transaction *tx,
    const struct uuid *item, const char *name);

/* Work for the push thread. */
struct push {
	int64_t version;	/* number, for the functions below */
	struct uuid version_id;
	char object[OBJECT_ID_LENGTH + 1];
	int64_t sealed_size;
	int64_t attempts;	/* that failed */
	int64_t not_before_ms;
	bool is_local;		/* its sealed file lies in STATE/sealed */
};

enum push_kind {
	PUSH_STORE,	/* PENDING: PUT, then push_stored() */
	PUSH_DELETE,	/* DELETING: DELETE, remove the local file, then
			 * push_deleted() */
	PUSH_DROP	/* STORED with a local file; for keep-sealed = no:
			 * remove it, then push_dropped() */
};

/*
 * The first of one kind, by not_before_ms and then by age, whether due or
 * not; *count of at most capacity, and of at most 64.  (DROP: not_before_ms
 * is 0.)
 */
enum err push_list(struct shop *shop, enum push_kind kind,
    struct push *pushes, size_t capacity, size_t *count);

/* Each is ERR_OK also when the version is in that state already. */
enum err push_stored(struct shop_transaction *tx, int64_t version);
enum err push_deleted(struct shop_transaction *tx, int64_t version);
enum err push_dropped(struct shop_transaction *tx, int64_t version);
/* One more failed attempt; the next not before that time. */
enum err push_failed(struct shop_transaction *tx, int64_t version,
    int64_t not_before_ms);

/*
 * How many versions are pending or deleting, and since when the oldest
 * pending one waits (0: none); for metrics and /readyz.
 */
enum err push_backlog(struct shop *shop, int64_t *count,
    int64_t *oldest_pending_ms);

/*
 * Is this object in the books with a local file?  What lies in STATE/sealed
 * and is not was left by an upload that a crash cut short.
 */
enum err publish_object_is_local(struct shop *shop, const char *object,
    bool *out);

/* --- what an audit compares with the storage service --------------------- */

struct kept_version {
	struct uuid version_id;
	char object[OBJECT_ID_LENGTH + 1];
	int64_t size;			/* plaintext */
	int64_t sealed_size;
	enum version_state state;	/* not DELETED */
	bool is_local;			/* sealed file is here */
	char master_key[MASTER_KEY_ID_SIZE];
};

/*
 * The versions after object ("": the first), in order of their objects;
 * *count of at most capacity, and of at most 64.
 */
enum err publish_versions(struct shop *shop, const char *object,
    struct kept_version *versions, size_t capacity, size_t *count);

/* Is the object that of a version that is STORED, just now? */
enum err publish_object_is_stored(struct shop *shop, const char *object,
    bool *out);

/* The key that opens a version; the caller wipes it.  ERR_KEY_FILE, _CRYPTO. */
enum err publish_download_key(struct shop *shop,
    const struct kept_version *version,
    uint8_t identity[static SEALED_IDENTITY_BYTES]);

#endif

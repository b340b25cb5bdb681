/* One file while it arrives.  What lies in incoming/ between requests and
 * starts is in leftovers.c.
 */
#include "stored/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/encoding.h"
#include "common/log.h"
#include "common/secret.h"
#include "stored/beneath.h"
#include "stored/leftovers.h"

#define SHA256_BYTES 32
#define RANDOM_BYTES 8

struct incoming {
	struct objects *objects;
	struct object_key key;
	int folder;		/* ROOT/incoming/COMMERCE */
	int file;
	char name[OBJECT_ID_LENGTH + 32];	/* in folder */
	uint64_t size_bytes;	/* in the file */
	EVP_MD_CTX *hash;	/* of those bytes */
	enum err failure;	/* of a write: then there are no more */
	uint8_t *buffer;
	size_t buffered, capacity;
};

EVP_MD_CTX *
incoming_new_hash(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(hash);
		return NULL;
	}
	return hash;
}

static void
incoming_free(struct incoming *incoming)
{
	if (incoming == NULL)
		return;
	if (incoming->file != -1)
		close(incoming->file);
	if (incoming->folder != -1)
		close(incoming->folder);
	EVP_MD_CTX_free(incoming->hash);
	free(incoming->buffer);
	free(incoming);
}

static enum err
fail(const struct incoming *incoming, const char *what)
{
	int error_number = errno;

	log_errno("cannot %s incoming object=%s commerce=%s", what,
	    incoming->key.object, incoming->key.commerce_id);
	return beneath_err(error_number);
}

/*
 * A full disk is better found before the body than after it.  The size stays:
 * it counts what has arrived.  The reserve is looked at again behind the
 * allocation, as others may have allocated since.
 */
static enum err
reserve(struct incoming *incoming, uint64_t offset, uint64_t size_bytes)
{
	int result;

	if (size_bytes == 0)
		return ERR_OK;
	do
		result = fallocate(incoming->file, FALLOC_FL_KEEP_SIZE,
		    (off_t)offset, (off_t)size_bytes);
	while (result == -1 && errno == EINTR);
	if (result == 0)
		return objects_check_room(incoming->objects, 0);
	if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)
		return objects_check_room(incoming->objects, size_bytes);
	return fail(incoming, "reserve space for");
}

/* Everything but the file; buffer no larger than what is to come. */
static enum err
incoming_new(struct objects *objects, const struct object_key *key,
    uint64_t size_bytes, struct incoming **out)
{
	struct incoming *incoming = calloc(1, sizeof(*incoming));

	*out = incoming;
	if (incoming == NULL)
		return ERR_NO_MEMORY;
	incoming->objects = objects;
	incoming->key = *key;
	incoming->file = -1;
	incoming->folder = leftovers_make_folder(objects, key->commerce_id);
	if (incoming->folder == -1)
		return fail(incoming, "make the folder for");
	incoming->capacity = size_bytes < INCOMING_BUFFER_BYTES ?
	    (size_t)size_bytes : INCOMING_BUFFER_BYTES;
	if (incoming->capacity == 0)
		return ERR_OK;
	incoming->buffer = malloc(incoming->capacity);
	return incoming->buffer == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err
incoming_create(struct objects *objects, const struct object_key *key,
    uint64_t size_bytes, struct incoming **out)
{
	char random_text[HEX_SIZE(RANDOM_BYTES)];
	uint8_t random[RANDOM_BYTES];
	struct incoming *incoming;
	enum err e = incoming_new(objects, key, size_bytes, &incoming);

	*out = NULL;
	if (e != ERR_OK)
		goto out;
	e = ERR_NO_MEMORY;
	incoming->hash = incoming_new_hash();
	if (incoming->hash == NULL)
		goto out;
	secret_random(random, sizeof(random));
	hex_encode(random_text, random, sizeof(random));
	snprintf(incoming->name, sizeof(incoming->name), "%s.%s"
	    LEFTOVERS_TEMPORARY, key->object, random_text);
	incoming->file = beneath_open(incoming->folder, incoming->name,
	    O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (incoming->file == -1) {
		e = fail(incoming, "make the file for");
		goto out;
	}
	e = reserve(incoming, 0, size_bytes);
	if (e == ERR_OK) {
		*out = incoming;
		return ERR_OK;
	}
	unlinkat(incoming->folder, incoming->name, 0);
out:
	incoming_free(incoming);
	return e;
}

enum err
incoming_continue(struct objects *objects, const struct object_key *key,
    uint64_t offset, uint64_t size_bytes, EVP_MD_CTX *hash,
    struct incoming **out)
{
	struct incoming *incoming;
	enum err e = incoming_new(objects, key, size_bytes, &incoming);

	*out = NULL;
	if (e != ERR_OK)
		goto out;
	snprintf(incoming->name, sizeof(incoming->name), "%s" LEFTOVERS_PART,
	    key->object);
	incoming->file = beneath_open(incoming->folder, incoming->name,
	    offset == 0 ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY, 0600);
	if (incoming->file == -1 ||
	    lseek(incoming->file, (off_t)offset, SEEK_SET) == -1) {
		e = fail(incoming, "open the pieces of");
		goto out;
	}
	e = reserve(incoming, offset, size_bytes);
	if (e != ERR_OK)
		goto out;
	incoming->size_bytes = offset;
	incoming->hash = hash;
	*out = incoming;
	return ERR_OK;
out:
	incoming_free(incoming);
	return e;
}

/*
 * Write all of it.  What did get into the file is hashed and counted also
 * when the rest failed, so that size, hash and file stay one.
 */
static enum err
write_through(struct incoming *incoming, const uint8_t *bytes, size_t size)
{
	ssize_t written;

	while (size > 0) {
		written = write(incoming->file, bytes, size);
		if (written == -1 && errno == EINTR)
			continue;
		if (written == -1)
			return fail(incoming, "write");
		if (EVP_DigestUpdate(incoming->hash, bytes,
		    (size_t)written) != 1)
			return ERR_CRYPTO;
		incoming->size_bytes += (uint64_t)written;
		bytes += written;
		size -= (size_t)written;
	}
	return ERR_OK;
}

enum err
incoming_flush(struct incoming *incoming)
{
	size_t size = incoming->buffered;

	if (incoming->failure != ERR_OK)
		return incoming->failure;
	incoming->buffered = 0;
	incoming->failure = write_through(incoming, incoming->buffer, size);
	return incoming->failure;
}

enum err
incoming_write(struct incoming *incoming, const uint8_t *bytes, size_t size)
{
	enum err e;
	size_t part;

	if (incoming->failure != ERR_OK)
		return incoming->failure;
	while (size > 0) {
		if (incoming->buffered == incoming->capacity) {
			e = incoming_flush(incoming);
			if (e != ERR_OK)
				return e;
		}
		/* No more can come than was declared: capacity is not 0. */
		part = incoming->capacity - incoming->buffered;
		if (part > size)
			part = size;
		memcpy(incoming->buffer + incoming->buffered, bytes, part);
		incoming->buffered += part;
		bytes += part;
		size -= part;
	}
	return ERR_OK;
}

uint64_t
incoming_size(const struct incoming *incoming)
{
	return incoming->size_bytes;
}

static enum err
check_digest(struct incoming *incoming)
{
	uint8_t digest[SHA256_BYTES];
	char text[HEX_SIZE(SHA256_BYTES)];

	if (EVP_DigestFinal_ex(incoming->hash, digest, NULL) != 1)
		return ERR_CRYPTO;
	hex_encode(text, digest, sizeof(digest));
	return strcmp(text, incoming->key.object) == 0 ? ERR_OK :
	    ERR_DIGEST_MISMATCH;
}

enum err
incoming_commit(struct incoming *incoming, bool *is_new)
{
	enum err e = incoming_flush(incoming);

	if (e == ERR_OK)
		e = check_digest(incoming);
	if (e == ERR_OK && fsync(incoming->file) == -1)
		/*
		 * Never asked again: the kernel may have dropped what it could
		 * not write, and a second call would say that all is well.
		 */
		e = fail(incoming, "make durable the content of");
	if (e == ERR_OK)
		e = objects_adopt(incoming->objects, &incoming->key,
		    incoming->folder, incoming->name, is_new);
	if (e != ERR_OK)
		/* Gone already where only the last fsync failed. */
		unlinkat(incoming->folder, incoming->name, 0);
	incoming_free(incoming);
	return e;
}

void
incoming_discard(struct incoming *incoming)
{
	if (incoming == NULL)
		return;
	if (unlinkat(incoming->folder, incoming->name, 0) == -1 &&
	    errno != ENOENT)
		fail(incoming, "remove");
	incoming_free(incoming);
}

enum err
incoming_park(struct incoming *incoming, EVP_MD_CTX **hash)
{
	enum err e = ERR_OK;

	*hash = NULL;
	/* To the same size: gives back what was reserved and not used. */
	if (ftruncate(incoming->file, (off_t)incoming->size_bytes) == -1 ||
	    fdatasync(incoming->file) == -1) {
		e = fail(incoming, "keep the pieces of");
		unlinkat(incoming->folder, incoming->name, 0);
	} else {
		*hash = incoming->hash;
		incoming->hash = NULL;
	}
	incoming_free(incoming);
	return e;
}

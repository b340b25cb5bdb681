/* One object through SHA-256, without the page cache where that can be. */
#include "stored/scrub_read.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/encoding.h"
#include "stored/incoming.h"

#define BLOCK_BYTES ((size_t)512 * 1024)
#define ALIGNMENT ((size_t)4096)	/* of memory, for O_DIRECT */
#define DIGEST_BYTES 32

struct scrub_reader {
	uint8_t *block;
	EVP_MD_CTX *hash;
};

enum err
scrub_reader_new(struct scrub_reader **out)
{
	struct scrub_reader *reader = calloc(1, sizeof(*reader));

	*out = NULL;
	if (reader == NULL)
		return ERR_NO_MEMORY;
	reader->block = aligned_alloc(ALIGNMENT, BLOCK_BYTES);
	reader->hash = incoming_new_hash();
	if (reader->block == NULL || reader->hash == NULL) {
		scrub_reader_free(reader);
		return ERR_NO_MEMORY;
	}
	*out = reader;
	return ERR_OK;
}

void
scrub_reader_free(struct scrub_reader *reader)
{
	if (reader == NULL)
		return;
	EVP_MD_CTX_free(reader->hash);
	free(reader->block);
	free(reader);
}

/* False where the file system cannot: then nothing has changed. */
static bool
set_direct(int descriptor)
{
	int flags = fcntl(descriptor, F_GETFL);

	return flags != -1 &&
	    fcntl(descriptor, F_SETFL, flags | O_DIRECT) == 0;
}

static void
end_direct(int descriptor, bool *is_direct)
{
	int flags = fcntl(descriptor, F_GETFL);

	if (flags != -1)
		(void)fcntl(descriptor, F_SETFL, flags & ~O_DIRECT);
	*is_direct = false;
}

/*
 * The next block at offset.  A direct read ends at the end of the file, in
 * the middle of a block of the disk; from there, and wherever the disk wants
 * another alignment, reading goes on through the cache.
 */
static ssize_t
read_block(const struct scrub_reader *reader, int descriptor, off_t offset,
    bool *is_direct)
{
	ssize_t size;

	for (;;) {
		if (*is_direct && offset % (off_t)ALIGNMENT != 0)
			end_direct(descriptor, is_direct);
		size = pread(descriptor, reader->block, BLOCK_BYTES, offset);
		if (size >= 0 || (errno != EINTR &&
		    !(errno == EINVAL && *is_direct)))
			return size;
		if (errno == EINVAL)
			end_direct(descriptor, is_direct);
	}
}

static enum err
compare(const struct scrub_reader *reader, const char *object)
{
	uint8_t digest[DIGEST_BYTES];
	char text[HEX_SIZE(DIGEST_BYTES)];

	if (EVP_DigestFinal_ex(reader->hash, digest, NULL) != 1)
		return ERR_CRYPTO;
	hex_encode(text, digest, sizeof(digest));
	return strcmp(text, object) == 0 ? ERR_OK : ERR_DIGEST_MISMATCH;
}

enum err
scrub_reader_check(struct scrub_reader *reader, int descriptor,
    const char *object, scrub_pace *pace, void *context)
{
	bool is_direct = set_direct(descriptor);
	off_t offset = 0;
	ssize_t size;

	if (EVP_DigestInit_ex(reader->hash, EVP_sha256(), NULL) != 1)
		return ERR_CRYPTO;
	for (;;) {
		size = read_block(reader, descriptor, offset, &is_direct);
		if (size == -1)
			return ERR_STORAGE_ERROR;
		if (size == 0)
			return compare(reader, object);
		if (!is_direct)
			(void)posix_fadvise(descriptor, offset, size,
			    POSIX_FADV_NOREUSE);
		if (EVP_DigestUpdate(reader->hash, reader->block,
		    (size_t)size) != 1)
			return ERR_CRYPTO;
		offset += size;
		if (!pace(context, (size_t)size))
			return ERR_BUSY;
	}
}

/* Local files are read as a stream, or by pread() for a range; remote ones by
 * range requests alone.
 */
#include "player/opening.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/encoding.h"
#include "common/log.h"
#include "common/sealed_open.h"
#include "common/secret.h"
#include "player/client.h"

#define READ_BYTES (1024 * 1024)
#define DIGEST_BYTES 32
#define OBJECT_TEXT_SIZE (2 * DIGEST_BYTES + 1)

bool
opening_is_url(const char *source)
{
	return strncasecmp(source, "http://", 7) == 0 ||
	    strncasecmp(source, "https://", 8) == 0;
}

/* --- a whole file of this machine --------------------------------------- */

static enum err
file_feed(int fd, const char *name, struct opener *opener)
{
	uint8_t *bytes = malloc(READ_BYTES);
	enum err e = bytes == NULL ? ERR_NO_MEMORY : ERR_OK;

	while (e == ERR_OK) {
		ssize_t n = read(fd, bytes, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_errno("%s: cannot be read", name);
			e = ERR_IO;
		} else if (n == 0) {
			e = opener_finish(opener);
			break;
		} else {
			e = opener_write(opener, bytes, (size_t)n);
		}
	}
	free(bytes);
	return e;
}

static enum err
open_stream(const struct opening *opening, int fd)
{
	struct opener *opener;
	enum err e = opener_new(opening->identity, output_write,
	    opening->output, &opener);

	if (e == ERR_OK)
		e = file_feed(fd, opening->source, opener);
	opener_free(opener);
	return e;
}

/* --- ranges, and all that is remote ------------------------------------- */

static enum err
release_nothing(void *context, const uint8_t *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	(void)size;
	return ERR_OK;
}

/* Is the chunk at the end marked as the last?  Then the size is true. */
static enum err
source_check_end(const struct sealed_source *source,
    const struct sealed_head *head, uint64_t size)
{
	const struct sealed_want want = { size == 0 ? 0 : size - 1,
	    size == 0 ? 0 : 1, release_nothing, NULL };

	return sealed_source_read(source, head, &want);
}

static enum err
source_want(const struct opening *opening, const struct sealed_source *source,
    const struct sealed_head *head, struct sealed_want *want)
{
	uint64_t size;
	enum err e = sealed_plaintext_size(source->sealed_size,
	    head->header_size, &size);

	if (e != ERR_OK)
		return e;
	*want = (struct sealed_want){ 0, size, output_write,
	    opening->output };
	if (opening->range == NULL)
		return ERR_OK;
	if (range_needs_end(opening->range, size))
		e = source_check_end(source, head, size);
	if (e == ERR_OK)
		e = range_resolve(opening->range, size, &want->from,
		    &want->size);
	return e;
}

static enum err
open_source(const struct opening *opening, const struct sealed_source *source)
{
	struct sealed_head head;
	struct sealed_want want;
	enum err e = sealed_source_head(source, opening->identity, &head);

	if (e == ERR_OK)
		e = source_want(opening, source, &head, &want);
	if (e == ERR_OK)
		e = sealed_source_read(source, &head, &want);
	secret_wipe(&head, sizeof(head));
	return e;
}

/* --- a range of a file of this machine ---------------------------------- */

struct local_file {
	int fd;
	const char *name;
	uint8_t *bytes;		/* READ_BYTES */
};

static enum err
local_fetch(void *context, const struct sealed_span *span, opener_sink *sink,
    void *sink_context)
{
	const struct local_file *file = context;
	uint64_t offset = span->offset, end = span->offset + span->size;
	enum err e = ERR_OK;

	while (e == ERR_OK && offset < end) {
		size_t size = end - offset < READ_BYTES ?
		    (size_t)(end - offset) : READ_BYTES;
		ssize_t n = pread(file->fd, file->bytes, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			log_errno("%s: cannot be read", file->name);
		if (n <= 0)	/* 0: it was cut since its size was taken */
			return n < 0 ? ERR_IO : ERR_SEALED_TRUNCATED;
		e = sink(sink_context, file->bytes, (size_t)n);
		offset += (uint64_t)n;
	}
	return e;
}

static enum err
open_local_range(const struct opening *opening, int fd)
{
	struct local_file file = { fd, opening->source,
		malloc(READ_BYTES) };
	struct sealed_source source = { local_fetch, &file, 0 };
	struct stat st;
	enum err e = ERR_IO;

	if (file.bytes == NULL)
		e = ERR_NO_MEMORY;
	else if (fstat(fd, &st) != 0)
		log_errno("%s: cannot be examined", file.name);
	else if (!S_ISREG(st.st_mode))
		log_error("%s: is not a regular file, so no range of it can be"
		    " read; open it whole", file.name);
	else
		e = ERR_OK;
	if (e == ERR_OK) {
		source.sealed_size = (uint64_t)st.st_size;
		e = open_source(opening, &source);
	}
	free(file.bytes);
	return e;
}

static enum err
open_local(const struct opening *opening)
{
	const char *name = opening->source;
	bool is_standard = strcmp(name, "-") == 0;
	int fd = is_standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	enum err e;

	if (fd < 0) {
		log_errno("%s: cannot be opened", name);
		return ERR_IO;
	}
	e = opening->range == NULL ? open_stream(opening, fd) :
	    open_local_range(opening, fd);
	if (!is_standard)
		(void)close(fd);
	return e;
}

/* --- a file of a storage host ------------------------------------------- */

/* Where all bytes of a remote file go, in order. */
struct remote_whole {
	EVP_MD_CTX *digest;
	struct opener *opener;
};

static enum err
remote_bytes(void *context, const uint8_t *bytes, size_t size)
{
	struct remote_whole *whole = context;

	if (EVP_DigestUpdate(whole->digest, bytes, size) != 1)
		return ERR_CRYPTO;
	return opener_write(whole->opener, bytes, size);
}

/* Whoever holds the key could have forged the content, so look at the id. */
static enum err
remote_check_digest(EVP_MD_CTX *context, const char *url)
{
	uint8_t digest[DIGEST_BYTES];
	char expected[OBJECT_TEXT_SIZE], text[OBJECT_TEXT_SIZE];

	if (!range_url_object(url, expected))
		return ERR_OK;	/* not a URL that names its object */
	if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
		return ERR_CRYPTO;
	hex_encode(text, digest, sizeof(digest));
	return strcmp(text, expected) == 0 ? ERR_OK : ERR_DIGEST_MISMATCH;
}

static enum err
open_remote_whole(const struct opening *opening, struct client *client)
{
	const struct sealed_span all = { 0, client_sealed_size(client) };
	struct remote_whole whole = { EVP_MD_CTX_new(), NULL };
	enum err e = ERR_NO_MEMORY;

	if (whole.digest == NULL ||
	    EVP_DigestInit_ex(whole.digest, EVP_sha256(), NULL) != 1)
		goto out;
	e = opener_new(opening->identity, output_write, opening->output,
	    &whole.opener);
	if (e == ERR_OK)
		e = client_fetch(client, &all, remote_bytes, &whole);
	if (e == ERR_OK)
		e = opener_finish(whole.opener);
	if (e == ERR_OK)
		e = remote_check_digest(whole.digest, opening->source);
out:
	opener_free(whole.opener);
	EVP_MD_CTX_free(whole.digest);
	return e;
}

static enum err
open_remote(const struct opening *opening)
{
	struct client *client;
	struct sealed_source source = { .fetch = client_fetch };
	enum err e = client_open(opening->source, opening->token, &client);

	if (e != ERR_OK)
		return e;
	source.context = client;
	source.sealed_size = client_sealed_size(client);
	e = opening->range == NULL ? open_remote_whole(opening, client) :
	    open_source(opening, &source);
	client_close(client);
	return e;
}

enum err
opening_run(const struct opening *opening)
{
	return opening_is_url(opening->source) ? open_remote(opening) :
	    open_local(opening);
}

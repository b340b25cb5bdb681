/* The folder of sealed files.  A name below sealed/ab/ is either absent or a
 * whole file: what is being written has a name of its own in incoming/.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commerced/spool.h"
#include "common/log.h"
#include "common/sealed_seal.h"
#include "common/uuid.h"

#define SPOOL_INCOMING "incoming"
#define SPOOL_FOLDER_SIZE 3	/* "ab" and a NUL */

struct spool {
	int folder;		/* STATE/sealed */
	int incoming;
};

struct spool_upload {
	struct spool *spool;
	struct sealer *sealer;
	EVP_MD_CTX *plain;
	EVP_MD_CTX *sealed;
	struct spool_object object;
	uint64_t size_max;
	int descriptor;
	bool is_temporary;	/* its name in incoming/ is there */
	char name[UUID_TEXT_SIZE];
};

/* A full disk is an answer of its own; everything else goes to the log. */
static enum err
spool_fail(const char *what, const char *name)
{
	enum err e = ERR_IO;

	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		e = ERR_STORAGE_FULL;
	log_errno("sealed folder: cannot %s file=%s", what, name);
	return e;
}

/* --- the folder ----------------------------------------------------------- */

/*
 * Open name below at, made when absent.  The parent is synced in any case:
 * whoever made a folder that is there may not have come to it.
 */
static enum err
spool_folder_open(int at, const char *name, int *out)
{
	bool is_new = mkdirat(at, name, 0700) == 0;

	if (!is_new && errno != EEXIST)
		return spool_fail("make", name);
	if (fsync(at) != 0) {
		enum err e = spool_fail("sync the parent of", name);

		if (is_new)
			(void)unlinkat(at, name, AT_REMOVEDIR);
		return e;
	}
	*out = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	return *out < 0 ? spool_fail("open", name) : ERR_OK;
}

typedef enum err spool_visitor(struct spool *spool, int folder,
    const char *name, void *context);

/* Call visit for every entry of the open folder, which stays the caller's. */
static enum err
spool_folder_visit(struct spool *spool, int folder, spool_visitor *visit,
    void *context)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	enum err e = ERR_OK;

	if (listing == NULL) {
		e = spool_fail("list", "a folder");
		if (copy >= 0)
			(void)close(copy);
		return e;
	}
	while (e == ERR_OK && (entry = readdir(listing)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			e = visit(spool, folder, entry->d_name, context);
	(void)closedir(listing);
	return e;
}

/* Uploads that a process before us did not end. */
static enum err
spool_remove_leftover(struct spool *spool, int folder, const char *name,
    void *context)
{
	(void)spool;
	(void)context;
	if (unlinkat(folder, name, 0) != 0)
		return spool_fail("remove", name);
	log_info("removed an upload that was cut file=%s", name);
	return ERR_OK;
}

static enum err
spool_open_as(const char *state, bool is_owner, struct spool **out)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	enum err e = ERR_NO_MEMORY;
	int at = -1;

	*out = NULL;
	if (spool == NULL)
		goto out;
	spool->folder = spool->incoming = -1;
	at = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		e = spool_fail("open", state);
	else
		e = spool_folder_open(at, "sealed", &spool->folder);
	if (e == ERR_OK)
		e = spool_folder_open(spool->folder, SPOOL_INCOMING,
		    &spool->incoming);
	if (e == ERR_OK && is_owner)
		e = spool_folder_visit(spool, spool->incoming,
		    spool_remove_leftover, NULL);
	if (e == ERR_OK) {
		*out = spool;
		spool = NULL;
	}
out:
	if (at >= 0)
		(void)close(at);
	spool_close(spool);
	return e;
}

enum err
spool_open(const char *state, struct spool **out)
{
	return spool_open_as(state, true, out);
}

enum err
spool_open_beside(const char *state, struct spool **out)
{
	return spool_open_as(state, false, out);
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->incoming >= 0)
		(void)close(spool->incoming);
	if (spool->folder >= 0)
		(void)close(spool->folder);
	free(spool);
}

/* --- writing -------------------------------------------------------------- */

static enum err
spool_write_all(int descriptor, const uint8_t *bytes, size_t size,
    const char *name)
{
	while (size > 0) {
		ssize_t n = write(descriptor, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return spool_fail("write", name);
		bytes += n;
		size -= (size_t)n;
	}
	return ERR_OK;
}

/* The sealer's sink: each piece once into the digest and once to the file. */
static enum err
spool_sink(void *context, const uint8_t *bytes, size_t size)
{
	struct spool_upload *upload = context;

	if (EVP_DigestUpdate(upload->sealed, bytes, size) != 1)
		return ERR_CRYPTO;
	upload->object.sealed_size += size;
	return spool_write_all(upload->descriptor, bytes, size, upload->name);
}

static enum err
spool_digest_new(EVP_MD_CTX **out)
{
	*out = EVP_MD_CTX_new();
	if (*out == NULL)
		return ERR_NO_MEMORY;
	if (EVP_DigestInit_ex(*out, EVP_sha256(), NULL) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}

static enum err
spool_temporary_open(struct spool_upload *upload)
{
	struct uuid id = uuid_new();

	uuid_text(upload->name, &id);
	upload->descriptor = openat(upload->spool->incoming, upload->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (upload->descriptor < 0)
		return spool_fail("make", upload->name);
	upload->is_temporary = true;
	return ERR_OK;
}

enum err
spool_upload_begin(struct spool *spool,
    const uint8_t identity[static SEALED_IDENTITY_BYTES], uint64_t size_max,
    struct spool_upload **out)
{
	struct spool_upload *upload = calloc(1, sizeof(*upload));
	enum err e;

	*out = NULL;
	if (upload == NULL)
		return ERR_NO_MEMORY;
	upload->spool = spool;
	upload->size_max = size_max;
	upload->descriptor = -1;
	e = spool_digest_new(&upload->plain);
	if (e == ERR_OK)
		e = spool_digest_new(&upload->sealed);
	if (e == ERR_OK)
		e = spool_temporary_open(upload);
	if (e == ERR_OK)
		e = sealer_new(identity, spool_sink, upload, &upload->sealer);
	if (e != ERR_OK) {
		spool_upload_free(upload);
		return e;
	}
	*out = upload;
	return ERR_OK;
}

enum err
spool_upload_write(struct spool_upload *upload, const void *bytes, size_t size)
{
	if (size > upload->size_max - upload->object.size)
		return ERR_TOO_LARGE;
	upload->object.size += size;
	if (EVP_DigestUpdate(upload->plain, bytes, size) != 1)
		return ERR_CRYPTO;
	return sealer_write(upload->sealer, bytes, size);
}

enum err
spool_upload_finish(struct spool_upload *upload, struct spool_object *object)
{
	uint8_t digest[SPOOL_DIGEST_BYTES];
	enum err e = sealer_finish(upload->sealer);

	if (e != ERR_OK)
		return e;
	if (EVP_DigestFinal_ex(upload->plain, upload->object.plain_digest,
	    NULL) != 1 ||
	    EVP_DigestFinal_ex(upload->sealed, digest, NULL) != 1)
		return ERR_CRYPTO;
	hex_encode(upload->object.object, digest, sizeof(digest));
	*object = upload->object;
	return ERR_OK;
}

/* --- under its object id -------------------------------------------------- */

/* "ab" of an object id, and the rest stays its whole name below. */
static void
spool_folder_name(char name[static SPOOL_FOLDER_SIZE], const char *object)
{
	name[0] = object[0];
	name[1] = object[1];
	name[2] = '\0';
}

static enum err
spool_rename(struct spool_upload *upload, int folder)
{
	if (renameat(upload->spool->incoming, upload->name, folder,
	    upload->object.object) != 0)
		return spool_fail("rename", upload->name);
	upload->is_temporary = false;
	/*
	 * A name that may not outlive a power cut is no promise: it goes again,
	 * as nothing refers to it yet.
	 */
	if (fsync(folder) != 0) {
		enum err e = spool_fail("sync the folder of",
		    upload->object.object);

		(void)unlinkat(folder, upload->object.object, 0);
		return e;
	}
	return ERR_OK;
}

enum err
spool_upload_commit(struct spool_upload *upload)
{
	char name[SPOOL_FOLDER_SIZE];
	int folder = -1;
	enum err e;

	/* A failed fsync is never tried again on the same descriptor. */
	if (fsync(upload->descriptor) != 0)
		return spool_fail("sync", upload->name);
	spool_folder_name(name, upload->object.object);
	e = spool_folder_open(upload->spool->folder, name, &folder);
	if (e == ERR_OK)
		e = spool_rename(upload, folder);
	if (folder >= 0)
		(void)close(folder);
	return e;
}

void
spool_upload_free(struct spool_upload *upload)
{
	if (upload == NULL)
		return;
	sealer_free(upload->sealer);
	EVP_MD_CTX_free(upload->plain);
	EVP_MD_CTX_free(upload->sealed);
	if (upload->descriptor >= 0)
		(void)close(upload->descriptor);
	if (upload->is_temporary &&
	    unlinkat(upload->spool->incoming, upload->name, 0) != 0)
		log_errno("sealed folder: cannot remove file=%s", upload->name);
	free(upload);
}

/* The folder of an object, or -1 with errno. */
static int
spool_object_folder(struct spool *spool, const char *object)
{
	char name[SPOOL_FOLDER_SIZE];

	spool_folder_name(name, object);
	return openat(spool->folder, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NOFOLLOW);
}

enum err
spool_object_open(struct spool *spool, const char *object, int *descriptor,
    uint64_t *size)
{
	int folder = spool_object_folder(spool, object);
	struct stat status;
	enum err e = ERR_OK;

	*descriptor = folder < 0 ? -1 : openat(folder, object,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*descriptor < 0)
		e = errno == ENOENT ? ERR_OBJECT_NOT_FOUND :
		    spool_fail("open", object);
	else if (fstat(*descriptor, &status) != 0)
		e = spool_fail("look at", object);
	else if (!S_ISREG(status.st_mode))
		e = ERR_OBJECT_NOT_FOUND;
	else
		*size = (uint64_t)status.st_size;
	if (e != ERR_OK && *descriptor >= 0) {
		(void)close(*descriptor);
		*descriptor = -1;
	}
	if (folder >= 0)
		(void)close(folder);
	return e;
}

enum err
spool_object_remove(struct spool *spool, const char *object)
{
	int folder = spool_object_folder(spool, object);
	enum err e = ERR_OK;

	if (folder < 0)
		return errno == ENOENT ? ERR_OK : spool_fail("open", object);
	if (unlinkat(folder, object, 0) != 0) {
		if (errno != ENOENT)
			e = spool_fail("remove", object);
	} else if (fsync(folder) != 0) {
		e = spool_fail("sync the folder of", object);
	}
	(void)close(folder);
	return e;
}

/* --- the sweep ------------------------------------------------------------ */

struct spool_sweep {
	int64_t before_s;
	spool_is_wanted *is_wanted;
	void *context;
};

/* A file of ours without a row goes; what is not of ours is left alone. */
static enum err
spool_sweep_object(struct spool *spool, int folder, const char *name,
    void *context)
{
	const struct spool_sweep *sweep = context;
	bool is_wanted = true;
	struct stat status;
	enum err e;

	if (!object_id_is_valid(name, strlen(name)) || fstatat(folder, name,
	    &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
	    (int64_t)status.st_ctim.tv_sec >= sweep->before_s)
		return ERR_OK;
	e = sweep->is_wanted(sweep->context, name, &is_wanted);
	if (e != ERR_OK || is_wanted)
		return e;
	log_warning("removed a sealed file that the books do not know "
	    "object=%s", name);
	return spool_object_remove(spool, name);
}

static enum err
spool_sweep_folder(struct spool *spool, int folder, const char *name,
    void *context)
{
	enum err e;
	int below;

	if (strlen(name) != SPOOL_FOLDER_SIZE - 1)
		return ERR_OK;
	below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	if (below < 0)
		return ERR_OK;
	e = spool_folder_visit(spool, below, spool_sweep_object, context);
	(void)close(below);
	return e;
}

enum err
spool_sweep(struct spool *spool, int64_t before_s,
    spool_is_wanted *is_wanted, void *context)
{
	struct spool_sweep sweep = { before_s, is_wanted, context };

	return spool_folder_visit(spool, spool->folder, spool_sweep_folder,
	    &sweep);
}

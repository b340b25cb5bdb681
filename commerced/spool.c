/* The folder of sealed files.  A name below sealed/ab/ is either absent or a
 * whole file: what is being written has a name of its own in incoming/.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commerced/folder.h"
#include "commerced/spool.h"
#include "commerced/spool_writer.h"
#include "common/log.h"
#include "common/sealed_seal.h"

#define BEGIN_BYTES (8 * 1024 * 1024)	/* worth going to the disk */
#define SPOOL_FOLDER_SIZE 3	/* "ab" and a NUL */

struct spool {
	int folder;		/* STATE/sealed */
	int incoming;
	unsigned writers_max;
	atomic_uint writers;
};

struct spool_upload {
	struct spool *spool;
	struct sealer *sealer;
	EVP_MD_CTX *plain;
	EVP_MD_CTX *sealed;
	struct spool_writer *writer;	/* NULL: there are enough of them */
	struct spool_object object;
	uint64_t size_max;
	uint64_t begun;			/* bytes that go to the disk already */
	struct folder_file file;
};

/* --- the folder ----------------------------------------------------------- */

static unsigned
writers_max(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 1 ? (unsigned)cores : 1;
}

static enum err
spool_open_as(const char *state, bool is_owner, struct spool **out)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	enum err e;

	*out = NULL;
	if (spool == NULL)
		return ERR_NO_MEMORY;
	spool->writers_max = writers_max();
	e = folder_open_pair(state, "sealed", &spool->folder,
	    &spool->incoming);
	if (e == ERR_OK && is_owner)
		e = folder_remove_leftovers(spool->incoming);
	if (e == ERR_OK)
		*out = spool;
	else
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

/* Each piece once into the digest and once to the file. */
static enum err
spool_write(void *context, const uint8_t *bytes, size_t size)
{
	struct spool_upload *upload = context;
	uint64_t waiting;
	enum err e;

	if (EVP_DigestUpdate(upload->sealed, bytes, size) != 1)
		return ERR_CRYPTO;
	upload->object.sealed_size += size;
	e = folder_file_write(&upload->file, bytes, size);
	waiting = upload->object.sealed_size - upload->begun;
	/* Without a thread of its own, the event thread is not to wait. */
	if (e || upload->writer == NULL || waiting < BEGIN_BYTES)
		return e;
	folder_file_begin_sync(&upload->file, upload->begun, waiting);
	upload->begun += waiting;
	return ERR_OK;
}

/* The sealer's sink. */
static enum err
spool_sink(void *context, const uint8_t *bytes, size_t size)
{
	struct spool_upload *upload = context;

	return upload->writer == NULL ? spool_write(upload, bytes, size) :
	    spool_writer_put(upload->writer, bytes, size);
}

/* More threads than cores would gain nothing. */
static enum err
spool_writer_begin(struct spool_upload *upload)
{
	struct spool *spool = upload->spool;
	enum err e = ERR_OK;

	if (atomic_fetch_add(&spool->writers, 1) < spool->writers_max)
		e = spool_writer_new(spool_write, upload, &upload->writer);
	if (upload->writer == NULL)
		atomic_fetch_sub(&spool->writers, 1);
	return e;
}

/* The thread is gone when this returns. */
static void
spool_writer_leave(struct spool_upload *upload)
{
	if (upload->writer == NULL)
		return;
	spool_writer_free(upload->writer);
	upload->writer = NULL;
	atomic_fetch_sub(&upload->spool->writers, 1);
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
	upload->file.descriptor = -1;
	e = spool_digest_new(&upload->plain);
	if (e == ERR_OK)
		e = spool_digest_new(&upload->sealed);
	if (e == ERR_OK)
		e = folder_file_begin(&upload->file, spool->incoming);
	if (e == ERR_OK)
		e = spool_writer_begin(upload);
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

	if (e == ERR_OK && upload->writer != NULL)
		e = spool_writer_end(upload->writer);
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

enum err
spool_upload_commit(struct spool_upload *upload)
{
	char name[SPOOL_FOLDER_SIZE];
	int folder = -1;
	enum err e;

	e = folder_file_sync(&upload->file);
	if (e != ERR_OK)
		return e;
	spool_folder_name(name, upload->object.object);
	e = folder_open(upload->spool->folder, name, &folder);
	if (e == ERR_OK)
		e = folder_file_rename(&upload->file, folder,
		    upload->object.object);
	if (folder >= 0)
		(void)close(folder);
	return e;
}

void
spool_upload_free(struct spool_upload *upload)
{
	if (upload == NULL)
		return;
	spool_writer_leave(upload);
	sealer_free(upload->sealer);
	EVP_MD_CTX_free(upload->plain);
	EVP_MD_CTX_free(upload->sealed);
	folder_file_clear(&upload->file);
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
	enum err e;

	*descriptor = -1;
	if (folder < 0)
		return errno == ENOENT ? ERR_OBJECT_NOT_FOUND :
		    folder_fail("open", object);
	e = folder_open_file(folder, object, descriptor, size);
	(void)close(folder);
	return e == ERR_NOT_FOUND ? ERR_OBJECT_NOT_FOUND : e;
}

enum err
spool_object_remove(struct spool *spool, const char *object)
{
	int folder = spool_object_folder(spool, object);
	enum err e;

	if (folder < 0)
		return errno == ENOENT ? ERR_OK : folder_fail("open", object);
	e = folder_remove(folder, object);
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
spool_sweep_object(void *context, int folder, const char *name)
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
	return folder_remove(folder, name);
}

static enum err
spool_sweep_folder(void *context, int folder, const char *name)
{
	enum err e;
	int below;

	if (strlen(name) != SPOOL_FOLDER_SIZE - 1)
		return ERR_OK;
	below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	if (below < 0)
		return ERR_OK;
	e = folder_visit(below, spool_sweep_object, context);
	(void)close(below);
	return e;
}

enum err
spool_sweep(struct spool *spool, int64_t before_s,
    spool_is_wanted *is_wanted, void *context)
{
	struct spool_sweep sweep = { before_s, is_wanted, context };

	return folder_visit(spool->folder, spool_sweep_folder, &sweep);
}

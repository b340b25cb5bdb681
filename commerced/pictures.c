#include "commerced/pictures.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commerced/folder.h"
#include "commerced/media/excerpt.h"
#include "commerced/media/picture.h"
#include "common/log.h"

struct pictures {
	int folder;		/* STATE/pictures */
	int incoming;
};

struct pictures_upload {
	struct pictures *pictures;
	struct folder_file file;
	size_t size;
};

enum err
pictures_open(const char *state, struct pictures **out)
{
	struct pictures *pictures = calloc(1, sizeof(*pictures));
	enum err e;

	*out = NULL;
	if (pictures == NULL)
		return ERR_NO_MEMORY;
	e = folder_open_pair(state, "pictures", &pictures->folder,
	    &pictures->incoming);
	if (e == ERR_OK)
		e = folder_remove_leftovers(pictures->incoming);
	if (e == ERR_OK)
		*out = pictures;
	else
		pictures_close(pictures);
	return e;
}

void
pictures_close(struct pictures *pictures)
{
	if (pictures == NULL)
		return;
	if (pictures->incoming >= 0)
		(void)close(pictures->incoming);
	if (pictures->folder >= 0)
		(void)close(pictures->folder);
	free(pictures);
}

/* --- uploads -------------------------------------------------------------- */

enum err
pictures_upload_begin(struct pictures *pictures, struct pictures_upload **out)
{
	struct pictures_upload *upload = calloc(1, sizeof(*upload));
	enum err e;

	*out = NULL;
	if (upload == NULL)
		return ERR_NO_MEMORY;
	upload->pictures = pictures;
	e = folder_file_begin(&upload->file, pictures->incoming);
	if (e == ERR_OK)
		*out = upload;
	else
		pictures_upload_free(upload);
	return e;
}

enum err
pictures_upload_write(struct pictures_upload *upload, const void *bytes,
    size_t size)
{
	upload->size += size;
	return folder_file_write(&upload->file, bytes, size);
}

static enum err
check_bytes(const uint8_t *bytes, size_t size, enum picture_kind kind,
    const char *declared, struct picture *out, const char **reason)
{
	struct picture_facts picture = { 0 };
	struct excerpt_facts excerpt = { 0 };
	const char *media_type = NULL;
	enum err e = ERR_INTERNAL;

	switch (kind) {
	case PICTURE_COVER:
		e = picture_check(bytes, size, declared, &picture, reason);
		media_type = picture.media_type;
		break;
	case PICTURE_PREVIEW:
		e = excerpt_check(bytes, size, declared, &excerpt, reason);
		media_type = excerpt.media_type;
		break;
	case PICTURE_KIND__COUNT:
		break;
	}
	if (e != ERR_OK)
		return e;
	(void)stpncpy(out->media_type, media_type, MEDIA_TYPE_MAX);
	out->size = (int64_t)size;
	return EVP_Digest(bytes, size, out->digest, NULL, EVP_sha256(),
	    NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}

enum err
pictures_upload_check(struct pictures_upload *upload, enum picture_kind kind,
    const char *declared, struct picture *out, const char **reason)
{
	void *bytes;
	enum err e;

	*reason = "It is empty.";
	if (upload->size == 0)
		return ERR_PICTURE_MALFORMED;
	/* Ours alone, and so never shorter than it was. */
	bytes = mmap(NULL, upload->size, PROT_READ, MAP_PRIVATE,
	    upload->file.descriptor, 0);
	if (bytes == MAP_FAILED)
		return folder_fail("map", upload->file.name);
	e = check_bytes(bytes, upload->size, kind, declared, out, reason);
	(void)munmap(bytes, upload->size);
	return e;
}

enum err
pictures_upload_commit(struct pictures_upload *upload, const struct uuid *id)
{
	char name[UUID_TEXT_SIZE];

	uuid_text(name, id);
	return folder_file_commit(&upload->file, upload->pictures->folder,
	    name);
}

void
pictures_upload_free(struct pictures_upload *upload)
{
	if (upload == NULL)
		return;
	folder_file_clear(&upload->file);
	free(upload);
}

/* --- pictures ------------------------------------------------------------- */

enum err
pictures_open_file(struct pictures *pictures, const struct uuid *id,
    int *descriptor, uint64_t *size)
{
	char name[UUID_TEXT_SIZE];

	uuid_text(name, id);
	return folder_open_file(pictures->folder, name, descriptor, size);
}

enum err
pictures_remove(struct pictures *pictures, const struct uuid *id)
{
	char name[UUID_TEXT_SIZE];

	uuid_text(name, id);
	return folder_remove(pictures->folder, name);
}

struct sweep {
	int64_t before_s;
	pictures_is_wanted *is_wanted;
	void *context;
};

/* A file of ours without a row goes; what is not of ours is left alone. */
static enum err
sweep_one(void *context, int folder, const char *name)
{
	const struct sweep *sweep = context;
	bool is_wanted = true;
	struct stat status;
	struct uuid id;
	enum err e;

	if (uuid_parse(&id, name) != ERR_OK || fstatat(folder,
	    name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode) ||
	    (int64_t)status.st_ctim.tv_sec >= sweep->before_s)
		return ERR_OK;
	e = sweep->is_wanted(sweep->context, &id, &is_wanted);
	if (e != ERR_OK || is_wanted)
		return e;
	log_warning("removed a picture that the books do not know file=%s",
	    name);
	return folder_remove(folder, name);
}

enum err
pictures_sweep(struct pictures *pictures, int64_t before_s,
    pictures_is_wanted *is_wanted, void *context)
{
	struct sweep sweep = { before_s, is_wanted, context };

	return folder_visit(pictures->folder, sweep_one, &sweep);
}

/* The books beside the list of the storage service, both in order of object
 * ids, page by page.
 *
 * The list comes first and the books after it: what is stored meanwhile is in
 * the books before it is in the list, so that it is no orphan; and whatever
 * else seems wrong is asked for once more before it is told.
 */
#include "commerced/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/audit_storage.h"
#include "common/log.h"
#include "common/secret.h"

#define AUDIT_ROWS 64

enum audit_count { AUDIT_OBJECTS, AUDIT_MISSING, AUDIT_WRONG_SIZE,
	AUDIT_ORPHANED, AUDIT_DAMAGED, AUDIT_SAMPLED, AUDIT_SENT_AGAIN,
	AUDIT__COUNT };

static const char *const audit_names[AUDIT__COUNT] = {
	[AUDIT_OBJECTS] = "objects",
	[AUDIT_MISSING] = "missing",
	[AUDIT_WRONG_SIZE] = "wrong-size",
	[AUDIT_ORPHANED] = "orphaned",
	[AUDIT_DAMAGED] = "damaged",
	[AUDIT_SAMPLED] = "sampled",
	[AUDIT_SENT_AGAIN] = "sent-again",
};

struct audit {
	struct master_keys *master_keys;
	struct push_sender sender;
	uint64_t counts[AUDIT__COUNT];
	/* a sample of those that agree: each with the same chance */
	struct kept_version *sample;
	size_t sample_max, sample_count;
	uint64_t agreeing;
};

/* --- what was found ------------------------------------------------------- */

/* Send it again where that can be; what came of it, in the line. */
static const char *
audit_repair(struct audit *audit, const struct kept_version *version,
    bool is_damaged)
{
	enum err e;

	e = audit_send(&audit->sender, version, is_damaged);
	if (e == ERR_OK) {
		audit->counts[AUDIT_SENT_AGAIN]++;
		return "sent-again";
	}
	return e == ERR_OBJECT_NOT_FOUND ? "not-held-here" : "not-sent";
}

static void
audit_tell(struct audit *audit, enum audit_count what,
    const struct kept_version *version, const char *more)
{
	char id[UUID_TEXT_SIZE];

	audit->counts[what]++;
	uuid_text(id, &version->version_id);
	printf("%s object=%s version=%s sealed_size=%" PRId64 "%s repair=%s\n",
	    audit_names[what], version->object, id, version->sealed_size,
	    more, audit_repair(audit, version, what == AUDIT_DAMAGED));
}

/* Not in the list, or there with another size: is it still so? */
static enum err
audit_suspect(struct audit *audit, const struct kept_version *version)
{
	bool is_stored = false;
	char more[48] = "";
	int64_t size;
	enum err e;

	e = audit_size(&audit->sender, version->object, &size);
	if (e != ERR_OK || size == version->sealed_size)
		return e;
	e = publish_object_is_stored(audit->sender.shop, version->object,
	    &is_stored);
	if (e != ERR_OK || !is_stored)
		return e;
	if (size >= 0)
		(void)snprintf(more, sizeof(more), " stored_size=%" PRId64,
		    size);
	audit_tell(audit, size >= 0 ? AUDIT_WRONG_SIZE : AUDIT_MISSING,
	    version, more);
	return ERR_OK;
}

/* Never deleted from here: the books may be those of an old copy. */
static enum err
audit_orphan(struct audit *audit, const char *object)
{
	int64_t size;
	enum err e = audit_size(&audit->sender, object, &size);

	if (e != ERR_OK || size < 0)
		return e;
	audit->counts[AUDIT_ORPHANED]++;
	printf("%s object=%s sealed_size=%" PRId64 "\n",
	    audit_names[AUDIT_ORPHANED], object, size);
	return ERR_OK;
}

/* Keep it for the sample, or instead of another one, or not. */
static void
audit_agree(struct audit *audit, const struct kept_version *version)
{
	uint64_t random;

	audit->agreeing++;
	if (audit->sample_count < audit->sample_max) {
		audit->sample[audit->sample_count++] = *version;
		return;
	}
	secret_random(&random, sizeof(random));
	random %= audit->agreeing;
	if (random < audit->sample_max)
		audit->sample[random] = *version;
}

/* --- the comparison ------------------------------------------------------- */

/* An entry of the list; NULL behind the last, or where it makes no sense. */
static const char *
audit_entry(const json_t *objects, size_t i, int64_t *size)
{
	const json_t *entry = json_array_get(objects, i);
	const char *object = json_string_value(json_object_get(entry,
	    "object"));

	*size = json_integer_value(json_object_get(entry, "sealed_size"));
	return object != NULL && object_id_is_valid(object, strlen(object)) ?
	    object : NULL;
}

/* One version of the books; *i is the first entry not looked at yet. */
static enum err
audit_version(struct audit *audit, const struct kept_version *version,
    const json_t *objects, size_t *i)
{
	enum err e = ERR_OK;
	const char *object;
	int64_t size = 0;
	int order = 1;

	while (e == ERR_OK && (object = audit_entry(objects, *i, &size)) !=
	    NULL && (order = strcmp(object, version->object)) < 0) {
		e = audit_orphan(audit, object);
		++*i;
	}
	if (e == ERR_OK && order == 0)
		++*i;
	if (e != ERR_OK || version->state != VERSION_STORED)
		return e;
	audit->counts[AUDIT_OBJECTS]++;
	if (order == 0 && size == version->sealed_size) {
		audit_agree(audit, version);
		return ERR_OK;
	}
	return audit_suspect(audit, version);
}

/* A page of the list with the books behind after, up to last ("": all). */
static enum err
audit_page(struct audit *audit, const json_t *objects, const char *after,
    const char *last)
{
	struct kept_version versions[AUDIT_ROWS];
	char position[OBJECT_ID_LENGTH + 1];
	size_t count = AUDIT_ROWS, i = 0;
	const char *object;
	enum err e = ERR_OK;
	int64_t size;

	(void)snprintf(position, sizeof(position), "%s", after);
	while (e == ERR_OK && count == AUDIT_ROWS) {
		e = publish_versions(audit->sender.shop, position, versions,
		    AUDIT_ROWS, &count);
		for (size_t k = 0; e == ERR_OK && k < count; k++) {
			if (last[0] != '\0' &&
			    strcmp(versions[k].object, last) > 0) {
				count = 0;
				break;
			}
			e = audit_version(audit, &versions[k], objects, &i);
			memcpy(position, versions[k].object,
			    sizeof(position));
		}
	}
	for (; e == ERR_OK && (object = audit_entry(objects, i, &size)) !=
	    NULL; i++)
		e = audit_orphan(audit, object);
	if (e == ERR_OK && i < json_array_size(objects)) {
		log_error("audit: the list of the storage service makes no "
		    "sense");
		e = ERR_UNREACHABLE;
	}
	return e;
}

static enum err
audit_compare(struct audit *audit)
{
	char after[OBJECT_ID_LENGTH + 1] = "", last[OBJECT_ID_LENGTH + 1];
	const char *next;
	json_t *page;
	enum err e;

	do {
		e = audit_list(&audit->sender, after, &page);
		if (e != ERR_OK)
			return e;
		next = json_string_value(json_object_get(page, "next"));
		(void)snprintf(last, sizeof(last), "%s",
		    next != NULL ? next : "");
		/* It goes on, or there is no end of it. */
		if (last[0] != '\0' && strcmp(last, after) <= 0)
			e = ERR_UNREACHABLE;
		else
			e = audit_page(audit, json_object_get(page,
			    "objects"), after, last);
		memcpy(after, last, sizeof(after));
		json_decref(page);
	} while (e == ERR_OK && after[0] != '\0');
	return e;
}

/* --- the sample ----------------------------------------------------------- */

static bool
audit_is_damage(enum err e)
{
	return e == ERR_SEALED_HEADER || e == ERR_SEALED_NO_MATCH ||
	    e == ERR_SEALED_MAC || e == ERR_SEALED_PAYLOAD ||
	    e == ERR_SEALED_TRUNCATED || e == ERR_RANGE_NOT_SATISFIABLE;
}

static enum err
audit_open_sample(struct audit *audit)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < audit->sample_count; i++) {
		const struct kept_version *version = &audit->sample[i];
		uint64_t chunk = 0, chunks = 0;
		char more[64];

		e = audit_sample(&audit->sender, version, &chunk, &chunks);
		log_info("audit: sampled object=%s chunk=%" PRIu64 " of=%"
		    PRIu64 ": %s", version->object, chunk, chunks,
		    err_text(e));
		audit->counts[AUDIT_SAMPLED]++;
		(void)snprintf(more, sizeof(more), " chunk=%" PRIu64 " of=%"
		    PRIu64, chunk, chunks);
		if (e == ERR_OBJECT_NOT_FOUND) {
			e = audit_suspect(audit, version);
		} else if (audit_is_damage(e)) {
			audit_tell(audit, AUDIT_DAMAGED, version, more);
			e = ERR_OK;
		}
	}
	return e;
}

/* --- all of it ------------------------------------------------------------ */

static enum err
audit_open(struct audit *audit, const struct settings *settings)
{
	struct shop_options options = {
		.state_path = settings->state,
		.commerce_id = settings->commerce_id,
		.currency = settings->currency,
		.storage_origin = settings->storage_origin,
		.is_reader = true,
	};
	enum err e;

	e = keys_load(settings->master_keys, &audit->master_keys);
	if (e == ERR_OK)
		e = signing_keys_load(settings->signing_keys,
		    &options.signing_keys);
	options.master_keys = audit->master_keys;
	if (e == ERR_OK)
		e = shop_open(&options, &audit->sender.shop);
	if (e == ERR_OK)
		e = spool_open_beside(settings->state, &audit->sender.spool);
	if (e == ERR_OK)
		e = storage_client_new(settings->storage_connect_to,
		    &audit->sender.client);
	audit->sender.piece_bytes = (uint64_t)settings->push_piece_bytes;
	return e;
}

static void
audit_close(struct audit *audit)
{
	storage_client_free(audit->sender.client);
	spool_close(audit->sender.spool);
	shop_close(audit->sender.shop);
	keys_free(audit->master_keys);
	free(audit->sample);
}

/* The last line; the exit status. */
static int
audit_tell_sums(const struct audit *audit)
{
	for (size_t i = 0; i < AUDIT__COUNT; i++)
		printf("%s%s=%" PRIu64, i > 0 ? " " : "", audit_names[i],
		    audit->counts[i]);
	putchar('\n');
	if (fflush(stdout) != 0)
		return EXIT_FAILURE;
	return audit->counts[AUDIT_MISSING] + audit->counts[AUDIT_WRONG_SIZE] +
	    audit->counts[AUDIT_ORPHANED] + audit->counts[AUDIT_DAMAGED] == 0 ?
	    EXIT_SUCCESS : AUDIT_EXIT_FOUND;
}

int
audit_command(const struct settings *settings, int64_t sample)
{
	struct audit audit = { 0 };
	int status = EXIT_FAILURE;
	enum err e;

	audit.sample_max = (size_t)sample;
	audit.sample = calloc((size_t)sample + 1, sizeof(*audit.sample));
	e = audit.sample == NULL ? ERR_NO_MEMORY :
	    storage_client_global_init();
	if (e == ERR_OK) {
		e = audit_open(&audit, settings);
		if (e == ERR_OK)
			e = audit_compare(&audit);
		if (e == ERR_OK)
			e = audit_open_sample(&audit);
		audit_close(&audit);
		storage_client_global_cleanup();
	}
	if (e == ERR_OK)
		status = audit_tell_sums(&audit);
	else
		log_error("audit: not done: %s", err_text(e));
	return status;
}

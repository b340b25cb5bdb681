/* Questions to the storage service, one after the other. */
#include <inttypes.h>
#include <string.h>

#include "commerced/audit_storage.h"
#include "commerced/shop/access.h"
#include "common/log.h"
#include "common/sealed_open.h"
#include "common/secret.h"

#define WAIT_MS INT64_C(3600000)	/* the client itself gives up sooner */

static void
audit_wait(const struct push_sender *sender, struct storage_answer *answer)
{
	while (!storage_client_wait(sender->client, WAIT_MS, answer))
		;
}

/* What was not expected, in the log. */
static enum err
audit_refused(const char *what, const struct storage_answer *answer)
{
	log_error("audit: cannot %s status=%d slug=%s: %s", what,
	    answer->status, answer->slug, answer->reason);
	return ERR_UNREACHABLE;
}

/* --- the list ------------------------------------------------------------- */

enum err
audit_list(const struct push_sender *sender, const char *after,
    json_t **page)
{
	const struct storage_range all = { 0 };
	struct storage_request request;
	struct storage_answer answer;
	enum err e;

	*page = NULL;
	e = access_storage_request(sender->shop, TOKEN_LIST_OBJECTS,
	    after[0] != '\0' ? after : NULL, &request);
	if (e == ERR_OK)
		e = storage_client_get(sender->client, request.url,
		    request.token, &all, NULL);
	secret_wipe(&request, sizeof(request));
	if (e != ERR_OK)
		return e;
	audit_wait(sender, &answer);
	if (answer.result == ERR_OK && answer.status == 200)
		*page = json_loadb(answer.body, answer.body_size, 0, NULL);
	return *page != NULL ? ERR_OK : audit_refused("list the objects",
	    &answer);
}

/* --- one object ----------------------------------------------------------- */

enum err
audit_size(const struct push_sender *sender, const char *object,
    int64_t *size)
{
	struct storage_request request;
	struct storage_answer answer;
	enum err e;

	*size = -1;
	e = access_storage_request(sender->shop, TOKEN_PUT, object, &request);
	if (e == ERR_OK)
		e = storage_client_head(sender->client, request.url,
		    request.token, NULL);
	secret_wipe(&request, sizeof(request));
	if (e != ERR_OK)
		return e;
	audit_wait(sender, &answer);
	if (answer.result != ERR_OK ||
	    (answer.status != 200 && answer.status != 404))
		return audit_refused("ask for an object", &answer);
	if (answer.status == 200 && answer.is_complete)
		*size = answer.upload_offset;
	return ERR_OK;
}

/* Until the slot's object is there. */
static enum err
audit_push(const struct push_sender *sender, struct push_slot *slot)
{
	struct storage_answer answer;
	enum push_outcome outcome;
	enum err e;

	do {
		e = push_send(sender, slot);
		if (e != ERR_OK)
			return e;
		audit_wait(sender, &answer);
		outcome = push_slot_take(slot, &answer);
	} while (outcome == PUSH_GOES_ON);
	return outcome == PUSH_IS_DONE ? ERR_OK :
	    audit_refused("send an object again", &answer);
}

enum err
audit_send(const struct push_sender *sender,
    const struct kept_version *version, bool is_damaged)
{
	/* What is there counts for nothing; the last piece replaces it. */
	struct push_slot slot = { .kind = PUSH_STORE,
	    .step = is_damaged ? PUSH_STEP_PIECE : PUSH_STEP_WHOLE };

	memcpy(slot.push.object, version->object, sizeof(slot.push.object));
	slot.push.sealed_size = version->sealed_size;
	return audit_push(sender, &slot);
}

/* --- a sample ------------------------------------------------------------- */

struct audit_source {
	const struct push_sender *sender;
	const char *object;
};

static enum err
audit_fetch(void *context, const struct sealed_span *span, opener_sink *sink,
    void *sink_context)
{
	const struct audit_source *source = context;
	const struct push_sender *sender = source->sender;
	const struct storage_range range = { .from = span->offset,
	    .size = (size_t)span->size };
	struct storage_request request;
	struct storage_answer answer;
	enum err e;

	e = access_storage_request(sender->shop, TOKEN_GET, source->object,
	    &request);
	if (e == ERR_OK)
		e = storage_client_get(sender->client, request.url,
		    request.token, &range, NULL);
	secret_wipe(&request, sizeof(request));
	if (e != ERR_OK)
		return e;
	audit_wait(sender, &answer);
	if (answer.result == ERR_OK && answer.status == 404)
		return ERR_OBJECT_NOT_FOUND;
	if (answer.result != ERR_OK || answer.status != 206)
		return audit_refused("fetch a range", &answer);
	/* Shorter than it said it would be. */
	if (answer.body_size != range.size)
		return ERR_SEALED_TRUNCATED;
	return sink(sink_context, (const uint8_t *)answer.body,
	    answer.body_size);
}

/* Its tag was right; what it says is nobody's business. */
static enum err
audit_discard(void *context, const uint8_t *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	(void)size;
	return ERR_OK;
}

static struct sealed_want
audit_draw(const struct kept_version *version, uint64_t *chunk,
    uint64_t *chunks)
{
	struct sealed_want want = { .sink = audit_discard };
	uint64_t size = (uint64_t)version->size, random;

	*chunks = size == 0 ? 1 :
	    (size + SEALED_CHUNK_BYTES - 1) / SEALED_CHUNK_BYTES;
	secret_random(&random, sizeof(random));
	*chunk = random % *chunks;
	want.from = *chunk * SEALED_CHUNK_BYTES;
	want.size = size - want.from < SEALED_CHUNK_BYTES ?
	    size - want.from : SEALED_CHUNK_BYTES;
	return want;
}

enum err
audit_sample(const struct push_sender *sender,
    const struct kept_version *version, uint64_t *chunk, uint64_t *chunks)
{
	const struct sealed_want want = audit_draw(version, chunk, chunks);
	struct audit_source context = { sender, version->object };
	const struct sealed_source source = { .fetch = audit_fetch,
	    .context = &context,
	    .sealed_size = (uint64_t)version->sealed_size };
	uint8_t identity[SEALED_IDENTITY_BYTES];
	struct sealed_head head = { 0 };
	enum err e;

	e = publish_download_key(sender->shop, version, identity);
	if (e == ERR_OK)
		e = sealed_source_head(&source, identity, &head);
	if (e == ERR_OK)
		e = sealed_source_read(&source, &head, &want);
	secret_wipe(identity, sizeof(identity));
	secret_wipe(&head, sizeof(head));
	return e;
}

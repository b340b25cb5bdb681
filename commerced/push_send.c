/* PUT of a file or of a piece, HEAD, DELETE. */
#include <unistd.h>

#include "commerced/push_send.h"
#include "commerced/shop/access.h"
#include "common/secret.h"

/* The file, or the piece of it that is next; asks first for a large one. */
static enum err
push_send_file(const struct push_sender *sender, struct push_slot *slot,
    const struct storage_request *request)
{
	uint64_t piece = sender->piece_bytes;
	struct storage_body body = { .from = slot->offset };
	enum err e = spool_object_open(sender->spool, slot->push.object,
	    &body.descriptor, &body.total);

	if (e != ERR_OK)
		return e;
	if (slot->step == PUSH_STEP_WHOLE && body.total > piece)
		slot->step = PUSH_STEP_ASK;
	if (slot->step == PUSH_STEP_ASK) {
		(void)close(body.descriptor);
		return storage_client_head(sender->client, request->url,
		    request->token, slot);
	}
	if (slot->step == PUSH_STEP_PIECE && body.from >= body.total) {
		(void)close(body.descriptor);
		return ERR_IO;		/* shorter than the books say */
	}
	body.to = body.total - body.from > piece ? body.from + piece :
	    body.total;
	return storage_client_put(sender->client, request->url,
	    request->token, &body, slot);
}

enum err
push_send(const struct push_sender *sender, struct push_slot *slot)
{
	bool is_put = slot->kind == PUSH_STORE;
	struct storage_request request;
	enum err e;

	e = access_storage_request(sender->shop,
	    is_put ? TOKEN_PUT : TOKEN_DELETE, slot->push.object, &request);
	if (e != ERR_OK)
		return e;
	if (is_put)
		e = push_send_file(sender, slot, &request);
	else
		e = storage_client_delete(sender->client, request.url,
		    request.token, slot);
	secret_wipe(&request, sizeof(request));
	return e;
}

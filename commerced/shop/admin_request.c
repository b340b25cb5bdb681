#include "commerced/shop/admin_request.h"

#include <stdio.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/purchase.h"

#define SCOPE_SIZE 129		/* method and path */

/* A row without its reference, whose scope is text. */
static enum err
admin_request_row(const struct admin_request *request,
    char scope[static SCOPE_SIZE], struct admin_key *key)
{
	int length = snprintf(scope, SCOPE_SIZE, "%s %s", request->method,
	    request->path);

	if (length < 0 || length >= SCOPE_SIZE)
		return ERR_OUT_OF_RANGE;
	*key = (struct admin_key){ .scope = scope,
	    .key = request->idempotency_key };
	memcpy(key->request_hash, request->request_hash, REQUEST_HASH_BYTES);
	return idempotency_key_check(key->key, strlen(key->key));
}

enum err
admin_request_find(struct shop_transaction *tx,
    const struct admin_request *request, int64_t *reference)
{
	char scope[SCOPE_SIZE];
	struct admin_key key;
	bool found = false;
	enum err e;

	*reference = 0;
	e = admin_request_row(request, scope, &key);
	if (!e)
		e = db_admin_key_forget(tx->db,
		    tx->now_ms - IDEMPOTENCY_ADMIN_S * 1000);
	if (!e)
		e = db_admin_key_get(tx->db, &key, &found);
	if (e || !found)
		return e;
	if (memcmp(key.request_hash, request->request_hash,
	    REQUEST_HASH_BYTES) != 0)
		return ERR_IDEMPOTENCY_KEY_REUSED;
	*reference = key.reference;
	return ERR_OK;
}

enum err
admin_request_remember(struct shop_transaction *tx,
    const struct admin_request *request, int64_t reference)
{
	char scope[SCOPE_SIZE];
	struct admin_key key;
	enum err e;

	e = admin_request_row(request, scope, &key);
	key.reference = reference;
	return e ? e : db_admin_key_add(tx->db, &key, tx->now_ms);
}

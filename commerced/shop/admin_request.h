/* Requests of the shop's people that are made once (api.md, Idempotency-Key),
 * remembered for 24 hours.
 */
#ifndef COMMERCED_SHOP_ADMIN_REQUEST_H
#define COMMERCED_SHOP_ADMIN_REQUEST_H

#include "commerced/model.h"
#include "commerced/shop/shop.h"

#define IDEMPOTENCY_ADMIN_S (INT64_C(24) * 3600)

/* Texts are borrowed until done(). */
struct admin_request {
	const char *method;		/* with path and key the scope */
	const char *path;
	const char *idempotency_key;
	uint8_t request_hash[REQUEST_HASH_BYTES];
};

/*
 * Was it made before?  *reference is what was remembered, or 0.
 * ERR_OUT_OF_RANGE (form of the key), ERR_IDEMPOTENCY_KEY_REUSED.
 */
enum err admin_request_find(struct shop_transaction *tx,
    const struct admin_request *request, int64_t *reference);

/* It made what reference, above 0, stands for. */
enum err admin_request_remember(struct shop_transaction *tx,
    const struct admin_request *request, int64_t reference);

#endif

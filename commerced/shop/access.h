/* Media access information: URL, security token and download key
 * (docs/protocol.md, sections 1 to 3), made on the calling thread from a read.
 */
#ifndef COMMERCED_SHOP_ACCESS_H
#define COMMERCED_SHOP_ACCESS_H

#include "commerced/model.h"
#include "commerced/shop/purchase.h"
#include "commerced/shop/shop.h"
#include "common/sealed_header.h"

#define ACCESS_URL_SIZE (TOKEN_TARGET_MAX + 300)
#define STORAGE_TOKEN_LIFETIME_S INT64_C(600)	/* PUT, DELETE, LIST */

struct access {
	struct file file;
	int64_t expires_s;
	char *url;
	char token[TOKEN_LENGTH + 1];
	char download_key[SEALED_IDENTITY_TEXT_SIZE];
};

struct access_list {
	struct access *entries;
	size_t count;
};

/* Wipes tokens and keys. */
void access_list_clear(struct access_list *list);

/*
 * For every file of those of the items that the account owns, in the items'
 * order; what it does not own is left out.  count at most
 * PURCHASE_ITEMS_MAX.  ERR_CRYPTO, ERR_KEY_FILE (a master key is missing;
 * logged).
 */
enum err access_for_items(struct shop *shop, int64_t account,
    const struct uuid *items, size_t count, struct access_list *out);

/*
 * For what a purchase bought, as far as it is still owned.  Right after the
 * sale, with what the sale gave; else sale is NULL.
 */
enum err access_for_purchase(struct shop *shop,
    const struct purchase *purchase, const struct sale *sale,
    struct access_list *out);

/*
 * For one file, the newest stored version (version 0), or an older one back
 * to that which was bought.  One entry.  ERR_NOT_FOUND when the account does
 * not own it or has no such version.
 */
enum err access_for_file(struct shop *shop, int64_t account,
    const struct uuid *file, int64_t version, struct access_list *out);

/* commerced's own requests to the storage service. */
struct storage_request {
	char url[ACCESS_URL_SIZE];
	char token[TOKEN_LENGTH + 1];
};

/*
 * method PUT (grant "publish"), DELETE ("withdraw") or GET ("audit") of
 * object, or LIST ("audit"), where object is where to go on after, or NULL.
 * ERR_CRYPTO,
 * ERR_MALFORMED_URL.
 */
enum err access_storage_request(struct shop *shop, enum token_method method,
    const char *object, struct storage_request *out);

#endif

#include "commerced/shop/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/library.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/purchase.h"
#include "common/encoding.h"
#include "common/hmac.h"
#include "common/secret.h"

#define GRANT_BYTES 16

static void
access_clear(struct access *access)
{
	file_clear(&access->file);
	free(access->url);
	secret_wipe(access, sizeof(*access));
}

void
access_list_clear(struct access_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		access_clear(&list->entries[i]);
	free(list->entries);
	*list = (struct access_list){ 0 };
}

/*
 * One for each account and file: the entitlement's random seed, and the file.
 * Nobody who does not know the seed can tell it from 16 random bytes, and a
 * sale writes one row however many files an item has.
 */
static enum err
access_grant(const struct owned_file *owned, char text[static GRANT_ID_MAX])
{
	const struct hmac_part parts[] = {
		{ owned->grant_seed, GRANT_SEED_BYTES },
		{ owned->file.id.bytes, UUID_BYTES },
	};
	uint8_t hash[HMAC_BYTES];
	enum err e = sha256_digest(hash, parts, 2);

	if (e)
		return e;
	base64url_encode(text, hash, GRANT_BYTES);
	return ERR_OK;
}

/* Unix seconds: long enough for a slow line (protocol.md, section 2). */
static int64_t
access_expiry(const struct shop *shop, int64_t sealed_size)
{
	const struct shop_options *options = &shop->options;
	int64_t lifetime_s = options->access_base_s;

	if (options->access_rate_bytes_s > 0)
		lifetime_s += sealed_size / options->access_rate_bytes_s;
	if (lifetime_s > options->access_max_s)
		lifetime_s = options->access_max_s;
	return shop_now_ms(shop) / 1000 + lifetime_s;
}

/* Build a URL, of the origin of the moment, and sign it with its key. */
static enum err
access_sign(struct shop *shop, enum token_method method,
    struct token_url *parts, struct storage_request *out)
{
	const struct signing_key *key;
	enum err e;

	parts->commerce_id = shop->options.commerce_id;
	(void)pthread_rwlock_rdlock(&shop->keys_lock);
	parts->origin = shop->storage_origin;
	key = signing_keys_first(shop->keys, parts->commerce_id);
	parts->key_id = key->key_id;
	e = token_url_build(out->url, sizeof(out->url), parts);
	if (!e)
		e = token_issue(out->token, key, method, out->url);
	(void)pthread_rwlock_unlock(&shop->keys_lock);
	return e;
}

static enum err
access_fill_url(struct shop *shop, const struct owned_file *owned,
    struct access *out)
{
	char grant[GRANT_ID_MAX], name[FILE_NAME_MAX + 1];
	struct token_url parts = { .resource = TOKEN_MEDIA,
	    .object = owned->file.object, .grant = grant, .name = name };
	struct storage_request signed_url;
	enum err e;

	out->expires_s = access_expiry(shop, owned->file.sealed_size);
	parts.expires_s = out->expires_s;
	(void)snprintf(name, sizeof(name), "%s.age", owned->file.name);
	e = access_grant(owned, grant);
	if (!e)
		e = access_sign(shop, TOKEN_GET, &parts, &signed_url);
	if (e)
		return e;
	out->url = strdup(signed_url.url);
	memcpy(out->token, signed_url.token, sizeof(out->token));
	secret_wipe(&signed_url, sizeof(signed_url));
	return out->url == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* Takes owned->file over. */
static enum err
access_fill(struct shop *shop, struct owned_file *owned, struct access *out)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	enum err e;

	e = access_fill_url(shop, owned, out);
	if (e)
		return e;
	e = keys_download_key(identity, shop_master_keys(shop),
	    owned->file.master_key, &owned->file.version_id);
	if (!e)
		sealed_identity_text(out->download_key, identity);
	secret_wipe(identity, sizeof(identity));
	out->file = owned->file;
	owned->file = (struct file){ 0 };
	return e;
}

static enum err
access_list_fill(struct shop *shop, struct owned_files *owned,
    struct access_list *out)
{
	enum err e = ERR_OK;

	out->entries = calloc(owned->count == 0 ? 1 : owned->count,
	    sizeof(*out->entries));
	if (out->entries == NULL)
		return ERR_NO_MEMORY;
	for (; !e && out->count < owned->count; out->count++)
		e = access_fill(shop, &owned->files[out->count],
		    &out->entries[out->count]);
	if (e)
		access_list_clear(out);
	return e;
}

enum err
access_for_items(struct shop *shop, int64_t account,
    const struct uuid *items, size_t count, struct access_list *out)
{
	struct owned_files owned = { 0 };
	struct db *db;
	enum err e;

	access_list_clear(out);
	if (count > PURCHASE_ITEMS_MAX)
		return ERR_OUT_OF_RANGE;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	for (size_t i = 0; !e && i < count; i++)
		e = db_library_item(db, account, &items[i], &owned);
	reader_return(shop, db);
	if (!e)
		e = access_list_fill(shop, &owned, out);
	db_owned_files_clear(&owned);
	return e;
}

/* What a sale gave, if all of it is remembered. */
static bool
access_recall(struct shop *shop, const struct purchase *purchase,
    const struct sale *sale, struct owned_files *out)
{
	bool is_whole = sale->is_plain;

	for (size_t i = 0; is_whole && i < purchase->line_count; i++)
		is_whole = sale_files_get(shop->sale_files,
		    &purchase->lines[i].item, sale->sequence,
		    sale->grant_seeds[i], out);
	if (!is_whole)
		db_owned_files_clear(out);
	return is_whole;
}

/* The same from the database, to be remembered if it still is as it was. */
static enum err
access_read_sale(struct shop *shop, const struct purchase *purchase,
    const struct sale *sale, struct owned_files *out)
{
	int64_t sequence = 0;
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_sequence_get(db, &sequence);
	for (size_t i = 0; !e && i < purchase->line_count; i++) {
		const struct uuid *item = &purchase->lines[i].item;
		const size_t before = out->count;

		e = db_library_item(db, purchase->account, item, out);
		if (!e && sale->is_plain && sequence == sale->sequence)
			sale_files_put(shop->sale_files, item, sequence,
			    out->files + before, out->count - before);
	}
	reader_return(shop, db);
	return e;
}

static enum err
access_for_sale(struct shop *shop, const struct purchase *purchase,
    const struct sale *sale, struct access_list *out)
{
	struct owned_files owned = { 0 };
	enum err e = ERR_OK;

	access_list_clear(out);
	if (!access_recall(shop, purchase, sale, &owned))
		e = access_read_sale(shop, purchase, sale, &owned);
	if (!e)
		e = access_list_fill(shop, &owned, out);
	db_owned_files_clear(&owned);
	return e;
}

enum err
access_for_purchase(struct shop *shop, const struct purchase *purchase,
    const struct sale *sale, struct access_list *out)
{
	struct uuid items[PURCHASE_ITEMS_MAX];
	size_t count = 0;

	if (sale != NULL)
		return access_for_sale(shop, purchase, sale, out);
	for (size_t i = 0; i < purchase->line_count &&
	    count < PURCHASE_ITEMS_MAX; i++) {
		if (purchase->lines[i].status == PURCHASE_PAID)
			items[count++] = purchase->lines[i].item;
	}
	return access_for_items(shop, purchase->account, items, count, out);
}

enum err
access_for_file(struct shop *shop, int64_t account, const struct uuid *file,
    int64_t version, struct access_list *out)
{
	struct owned_files owned = { 0 };
	struct db *db;
	enum err e;

	access_list_clear(out);
	if (version < 0)
		return ERR_NOT_FOUND;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_library_file(db, account, file, version, &owned);
	reader_return(shop, db);
	if (!e)
		e = access_list_fill(shop, &owned, out);
	db_owned_files_clear(&owned);
	return e;
}

enum err
access_storage_request(struct shop *shop, enum token_method method,
    const char *object, struct storage_request *out)
{
	struct token_url parts = { .resource = TOKEN_OBJECT,
	    .object = object,
	    .expires_s = shop_now_ms(shop) / 1000 + STORAGE_TOKEN_LIFETIME_S };

	switch (method) {
	case TOKEN_PUT:
		parts.grant = "publish";
		break;
	case TOKEN_DELETE:
		parts.grant = "withdraw";
		break;
	case TOKEN_LIST_OBJECTS:
		parts.grant = "audit";
		parts.resource = TOKEN_LIST;
		parts.object = NULL;
		parts.after = object;
		break;
	case TOKEN_GET:
		parts.grant = "audit";
		parts.resource = TOKEN_MEDIA;
		break;
	}
	return access_sign(shop, method, &parts, out);
}

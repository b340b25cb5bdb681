#include "commerced/shop/session.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/accounts.h"
#include "commerced/shop/cursor.h"
#include "commerced/shop/internal.h"
#include "common/encoding.h"
#include "common/hmac.h"
#include "common/secret.h"

#define SESSION_TOKEN_BYTES 32

static struct session_use *
session_use_slot(struct shop *shop, int64_t session)
{
	return &shop->uses.slots[(uint64_t)session % SESSION_USES];
}

static void
session_use_note(struct shop *shop, int64_t session, int64_t now_ms)
{
	struct session_use *slot = session_use_slot(shop, session);

	(void)pthread_mutex_lock(&shop->uses.lock);
	*slot = (struct session_use){ .session = session, .used_ms = now_ms };
	(void)pthread_mutex_unlock(&shop->uses.lock);
}

/* Bring used_ms up to what we saw since the database was told. */
static void
session_use_refine(struct shop *shop, struct session *session)
{
	const struct session_use *slot = session_use_slot(shop,
	    session->number);

	(void)pthread_mutex_lock(&shop->uses.lock);
	if (slot->session == session->number &&
	    slot->used_ms > session->used_ms)
		session->used_ms = slot->used_ms;
	(void)pthread_mutex_unlock(&shop->uses.lock);
}

/* Most recently used first; of two at once the one that began later. */
static int
session_compare(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	if (x->used_ms != y->used_ms)
		return x->used_ms > y->used_ms ? -1 : 1;
	return (y->number > x->number) - (y->number < x->number);
}

/* The live sessions of an account, ordered. */
static enum err
session_rows_get(struct shop *shop, struct db *db, int64_t account,
    struct session_rows *out)
{
	enum err e;

	e = db_session_list(db, account, shop_now_ms(shop), out);
	for (size_t i = 0; i < out->count; i++)
		session_use_refine(shop, &out->sessions[i]);
	qsort(out->sessions, out->count, sizeof(out->sessions[0]),
	    session_compare);
	return e;
}

/* End what leaves no room for one more. */
static enum err
session_make_room(struct shop_transaction *tx, int64_t account)
{
	struct session sessions[SESSIONS_MAX];
	struct session_rows rows = { .sessions = sessions,
	    .capacity = SESSIONS_MAX };
	enum err e;

	e = db_session_forget_expired(tx->db, account, tx->now_ms);
	if (!e)
		e = session_rows_get(tx->shop, tx->db, account, &rows);
	for (size_t i = SESSIONS_MAX - 1; !e && i < rows.count; i++)
		e = db_session_end(tx->db, account, &sessions[i].id,
		    tx->now_ms);
	return e;
}

static enum err
session_token_hash(uint8_t hash[static DB_TOKEN_HASH_BYTES],
    const uint8_t token[static SESSION_TOKEN_BYTES])
{
	const struct hmac_part part = { token, SESSION_TOKEN_BYTES };

	return sha256_digest(hash, &part, 1);
}

/* The row, and a token that no other session begins like. */
static enum err
session_add(struct shop_transaction *tx, struct session *session,
    uint8_t token[static SESSION_TOKEN_BYTES])
{
	uint8_t hash[DB_TOKEN_HASH_BYTES];
	bool is_taken;
	enum err e;

	do {
		is_taken = false;
		shop_random(tx->shop, token, SESSION_TOKEN_BYTES);
		e = session_token_hash(hash, token);
		if (!e)
			e = db_session_add(tx->db, session, hash, &is_taken);
	} while (!e && is_taken);
	return e;
}

enum err
session_begin(struct shop_transaction *tx, int64_t account,
    struct session_start *out)
{
	uint8_t token[SESSION_TOKEN_BYTES];
	enum err e;

	e = session_make_room(tx, account);
	if (e)
		return e;
	out->session = (struct session){
		.id = shop_uuid(tx->shop, tx->now_ms),
		.account = account,
		.created_ms = tx->now_ms,
		.used_ms = tx->now_ms,
		.expires_ms = tx->now_ms +
		    tx->shop->options.session_lifetime_s * 1000
	};
	e = session_add(tx, &out->session, token);
	if (!e)
		base64url_encode(out->token, token, sizeof(token));
	secret_wipe(token, sizeof(token));
	return e;
}

enum err
session_authenticate(struct shop *shop, const char *token, size_t length,
    struct session *out)
{
	uint8_t bytes[SESSION_TOKEN_BYTES], hash[DB_TOKEN_HASH_BYTES];
	int64_t now_ms = shop_now_ms(shop);
	struct db *db;
	enum err e;

	*out = (struct session){ 0 };
	if (base64url_decode(bytes, sizeof(bytes), token, length))
		return ERR_SESSION_EXPIRED;
	e = session_token_hash(hash, bytes);
	secret_wipe(bytes, sizeof(bytes));
	if (e)
		return e;
	e = readers_borrow(&shop->authenticators, &db);
	if (e)
		return e;
	e = db_session_by_token(db, hash, out);
	readers_return(&shop->authenticators, db);
	if (e == ERR_NOT_FOUND || (!e && out->expires_ms <= now_ms))
		e = ERR_SESSION_EXPIRED;
	if (e)
		*out = (struct session){ 0 };
	else
		session_use_note(shop, out->number, now_ms);
	return e;
}

bool
session_wants_touch(const struct shop *shop, const struct session *session)
{
	return shop_now_ms(shop) - session->used_ms >= SESSION_TOUCH_S * 1000;
}

enum err
session_touch(struct shop_transaction *tx, const struct session *session)
{
	return db_session_touch(tx->db, session->number, tx->now_ms,
	    tx->now_ms + tx->shop->options.session_lifetime_s * 1000);
}

enum err
session_end(struct shop_transaction *tx, int64_t account,
    const struct uuid *session)
{
	return db_session_end(tx->db, account, session, tx->now_ms);
}

/* Those after the place that cursor names; out->next when some are left. */
static enum err
session_page_cut(const struct session_rows *rows, size_t limit,
    const struct session *after, struct session_page *out)
{
	struct cursor cursor = { .kind = CURSOR_SESSIONS };
	const struct session *last;
	size_t i = 0;

	while (after != NULL && i < rows->count &&
	    session_compare(&rows->sessions[i], after) <= 0)
		i++;
	while (i < rows->count && out->count < limit)
		out->sessions[out->count++] = rows->sessions[i++];
	if (i == rows->count || out->count == 0)
		return ERR_OK;
	last = &out->sessions[out->count - 1];
	cursor.numbers[0] = last->used_ms;
	cursor.numbers[1] = last->number;
	return cursor_encode(&cursor, &out->next);
}

enum err
session_list(struct shop *shop, int64_t account, size_t limit,
    const char *cursor, struct session_page *out)
{
	struct session sessions[SESSIONS_MAX];
	struct session_rows rows = { .sessions = sessions,
	    .capacity = SESSIONS_MAX };
	struct cursor place = { 0 };
	struct session after = { 0 };
	struct db *db;
	enum err e;

	out->count = 0;
	out->next = NULL;
	if (cursor != NULL) {
		e = cursor_decode(cursor, CURSOR_SESSIONS, &place);
		if (e)
			return e;
	}
	after.used_ms = place.numbers[0];
	after.number = place.numbers[1];
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = session_rows_get(shop, db, account, &rows);
	if (e == ERR_OK)
		e = session_page_cut(&rows, limit,
		    cursor != NULL ? &after : NULL, out);
	reader_return(shop, db);
	return e;
}

#include "commerced/db/accounts.h"

#include <endian.h>
#include <string.h>

#include "commerced/db/query.h"

static void
query_password(struct query *query, const struct password_row *password)
{
	query_int(query, password->n_log2);
	query_int(query, password->r);
	query_int(query, password->p);
	query_bytes(query, password->salt, sizeof(password->salt));
	query_bytes(query, password->hash, sizeof(password->hash));
}

enum err
db_account_add(struct db *db, const struct account *account,
    const struct password_row *password)
{
	struct query query;

	query_begin(&query, db, STMT_ACCOUNT_ADD);
	query_int(&query, account->number);
	query_uuid(&query, &account->id);
	query_text(&query, account->email);
	query_password(&query, password);
	query_int(&query, account->created_ms);
	return query_run(&query);
}

enum err
db_account_get(struct db *db, int64_t number, struct account *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct account){ 0 };
	query_begin(&query, db, STMT_ACCOUNT_GET);
	query_int(&query, number);
	found = query_next(&query);
	if (found) {
		out->number = row_int(&query);
		out->id = row_uuid(&query);
		row_text_into(&query, out->email, sizeof(out->email));
		out->balance_minor = row_int(&query);
		out->created_ms = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

/* The one row of a query for credentials. */
static enum err
db_credentials_read(struct query *query, int64_t *number,
    struct password_row *out)
{
	*number = 0;
	*out = (struct password_row){ 0 };
	if (query_next(query)) {
		*number = row_int(query);
		out->n_log2 = row_int(query);
		out->r = row_int(query);
		out->p = row_int(query);
		row_bytes(query, out->salt, sizeof(out->salt));
		row_bytes(query, out->hash, sizeof(out->hash));
	}
	return query_end(query);
}

enum err
db_credentials_by_email(struct db *db, const char *email, int64_t *number,
    struct password_row *out)
{
	struct query query;

	query_begin(&query, db, STMT_CREDENTIALS_BY_EMAIL);
	query_text(&query, email);
	return db_credentials_read(&query, number, out);
}

enum err
db_credentials_get(struct db *db, int64_t *number, struct password_row *out)
{
	struct query query;

	query_begin(&query, db, STMT_CREDENTIALS_GET);
	query_int(&query, *number);
	return db_credentials_read(&query, number, out);
}

/* The hash in two: the row's number, and what the row keeps. */
static void
query_token(struct query *query,
    const uint8_t hash[static DB_TOKEN_HASH_BYTES])
{
	uint64_t number;

	memcpy(&number, hash, sizeof(number));
	query_int(query, (int64_t)be64toh(number));
	query_bytes(query, hash + sizeof(number),
	    DB_TOKEN_HASH_BYTES - sizeof(number));
}

enum err
db_session_add(struct db *db, struct session *session,
    const uint8_t token_hash[static DB_TOKEN_HASH_BYTES], bool *is_taken)
{
	struct query query;

	query_begin(&query, db, STMT_SESSION_ADD);
	query_token(&query, token_hash);
	query_int(&query, session->account);
	query_uuid(&query, &session->id);
	query_int(&query, session->created_ms);
	query_int(&query, session->expires_ms);
	*is_taken = !query_next(&query);
	session->number = *is_taken ? 0 : row_int(&query);
	return query_run(&query);
}

static void
db_session_read(struct query *query, struct session *out)
{
	out->number = row_int(query);
	out->id = row_uuid(query);
	out->account = row_int(query);
	out->created_ms = row_int(query);
	out->used_ms = row_int(query);
	out->expires_ms = row_int(query);
}

enum err
db_session_by_token(struct db *db,
    const uint8_t token_hash[static DB_TOKEN_HASH_BYTES], struct session *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct session){ 0 };
	query_begin(&query, db, STMT_SESSION_BY_TOKEN);
	query_token(&query, token_hash);
	found = query_next(&query);
	if (found)
		db_session_read(&query, out);
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_session_touch(struct db *db, int64_t number, int64_t used_ms,
    int64_t expires_ms)
{
	struct query query;

	query_begin(&query, db, STMT_SESSION_TOUCH);
	query_int(&query, number);
	query_int(&query, used_ms);
	query_int(&query, expires_ms);
	return query_run(&query);
}

enum err
db_session_list(struct db *db, int64_t account, int64_t now_ms,
    struct session_rows *out)
{
	struct query query;

	out->count = 0;
	query_begin(&query, db, STMT_SESSION_LIST);
	query_int(&query, account);
	query_int(&query, now_ms);
	while (out->count < out->capacity && query_next(&query))
		db_session_read(&query, &out->sessions[out->count++]);
	return query_end(&query);
}

enum err
db_session_end(struct db *db, int64_t account, const struct uuid *id,
    int64_t now_ms)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_SESSION_END);
	query_int(&query, account);
	query_uuid(&query, id);
	query_int(&query, now_ms);
	found = query_next(&query);
	if (found)
		(void)query_next(&query);	/* done at its end only */
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_session_forget_expired(struct db *db, int64_t account, int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_SESSION_FORGET_EXPIRED);
	query_int(&query, account);
	query_int(&query, now_ms);
	return query_run(&query);
}

enum err
db_session_end_others(struct db *db, int64_t account, int64_t session)
{
	struct query query;

	query_begin(&query, db, STMT_SESSION_END_OTHERS);
	query_int(&query, account);
	query_int(&query, session);
	return query_run(&query);
}

enum err
db_account_by_id(struct db *db, const struct uuid *id, int64_t *number)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_ACCOUNT_BY_ID);
	query_uuid(&query, id);
	found = query_next(&query);
	*number = found ? row_int(&query) : 0;
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_account_set_email(struct db *db, int64_t account, const char *email)
{
	struct query query;

	query_begin(&query, db, STMT_ACCOUNT_SET_EMAIL);
	query_int(&query, account);
	query_text(&query, email);
	return query_run(&query);
}

enum err
db_account_set_password(struct db *db, int64_t account,
    const struct password_row *password)
{
	struct query query;

	query_begin(&query, db, STMT_ACCOUNT_SET_PASSWORD);
	query_int(&query, account);
	query_password(&query, password);
	return query_run(&query);
}

enum err
db_reset_code_set(struct db *db,
    const uint8_t lookup[static DB_RESET_LOOKUP_BYTES],
    const struct reset_row *row)
{
	struct query query;

	query_begin(&query, db, STMT_RESET_CODE_SET);
	query_int(&query, row->account);
	query_bytes(&query, lookup, DB_RESET_LOOKUP_BYTES);
	query_int(&query, row->expires_ms);
	return query_run(&query);
}

enum err
db_reset_code_get(struct db *db,
    const uint8_t lookup[static DB_RESET_LOOKUP_BYTES], struct reset_row *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct reset_row){ 0 };
	query_begin(&query, db, STMT_RESET_CODE_GET);
	query_bytes(&query, lookup, DB_RESET_LOOKUP_BYTES);
	found = query_next(&query);
	if (found) {
		out->account = row_int(&query);
		out->expires_ms = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_reset_code_remove(struct db *db, int64_t account)
{
	struct query query;

	query_begin(&query, db, STMT_RESET_CODE_REMOVE);
	query_int(&query, account);
	return query_run(&query);
}

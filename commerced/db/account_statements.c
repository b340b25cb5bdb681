/* The texts of the statements of the connection, the ledger and accounts. */
#include "commerced/db/statements.h"

const char *const account_sql[STMT_CATALOGUE] = {
	[STMT_APPLICATION_ID] = "PRAGMA application_id",
	[STMT_TABLE_COUNT] = "SELECT count(*) FROM sqlite_schema",
	[STMT_SCHEMA_VERSION] = "PRAGMA user_version",
	[STMT_JOURNAL_MODE] = "PRAGMA journal_mode",
	[STMT_TABLE_NAMES] =
	    "SELECT json_group_array(name) FROM sqlite_schema"
	    " WHERE type = 'table'",
	/* Of the tables in ?1, those not in ?2, and what refers to them. */
	[STMT_FOREIGN_KEY_CHECK] =
	    "WITH touched (name) AS (SELECT value FROM json_each(?1)"
	    " UNION SELECT name FROM sqlite_schema WHERE name NOT IN"
	    " (SELECT value FROM json_each(?2)))"
	    " SELECT c.\"table\" FROM sqlite_schema s"
	    " CROSS JOIN pragma_foreign_key_check(s.name) c"
	    " WHERE s.type = 'table' AND (s.name IN touched OR EXISTS"
	    " (SELECT 1 FROM pragma_foreign_key_list(s.name) f"
	    " WHERE f.\"table\" COLLATE NOCASE IN touched)) LIMIT 1",
	[STMT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[STMT_BEGIN_READ] = "BEGIN",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_SAVEPOINT] = "SAVEPOINT job",
	[STMT_SAVEPOINT_RELEASE] = "RELEASE job",
	[STMT_SAVEPOINT_UNDO] = "ROLLBACK TO job",

	[STMT_SHOP_GET] =
	    "SELECT commerce_id, currency FROM shop WHERE id = 1",
	[STMT_SHOP_ADD] =
	    "INSERT INTO shop (id, commerce_id, currency, created_ms)"
	    " VALUES (1, ?1, ?2, ?3)",
	[STMT_SEQUENCE_GET] = "SELECT sequence FROM shop WHERE id = 1",
	[STMT_SEQUENCE_NEXT] =
	    "UPDATE shop SET sequence = sequence + 1 WHERE id = 1"
	    " RETURNING sequence",
	[STMT_LEDGER_ACCOUNT_ADD] =
	    "INSERT INTO ledger_account (kind) VALUES (3)",
	[STMT_BALANCE_ADD] =
	    "INSERT INTO holding (account, kind, key, balance)"
	    " VALUES (?1, 0, 0, 0)",
	[STMT_BALANCE_GET] =
	    "SELECT balance FROM holding WHERE account = ?1 AND kind = 0"
	    " AND key = 0",
	[STMT_BALANCE_CHANGE] =
	    "UPDATE holding SET balance = balance + ?2"
	    " WHERE account = ?1 AND kind = 0 AND key = 0",
	[STMT_TRANSFER_ADD] =
	    "INSERT INTO transfer (at_ms, debit_account, credit_account,"
	    " amount, kind, reference) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_ADMIN_KEY_GET] =
	    "SELECT request_hash, reference FROM admin_key"
	    " WHERE scope = ?1 AND key = ?2",
	[STMT_ADMIN_KEY_ADD] =
	    "INSERT INTO admin_key (scope, key, request_hash, reference,"
	    " created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
	[STMT_ADMIN_KEY_FORGET] =
	    "DELETE FROM admin_key WHERE created_ms <= ?1",

	[STMT_ACCOUNT_ADD] =
	    "INSERT INTO account (id, uuid, email, password_n_log2,"
	    " password_r, password_p, password_salt, password_hash, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STMT_ACCOUNT_GET] =
	    "SELECT a.id, a.uuid, a.email, b.balance, a.created_ms"
	    " FROM account a JOIN account_balance b ON b.account = a.id"
	    " WHERE a.id = ?1",
	[STMT_CREDENTIALS_BY_EMAIL] =
	    "SELECT id, password_n_log2, password_r, password_p,"
	    " password_salt, password_hash FROM account WHERE email = ?1",
	[STMT_CREDENTIALS_GET] =
	    "SELECT id, password_n_log2, password_r, password_p,"
	    " password_salt, password_hash FROM account WHERE id = ?1",
	[STMT_SESSION_ADD] =
	    "INSERT INTO session (id, token_hash, account, uuid, created_ms,"
	    " used_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)"
	    " ON CONFLICT (id) DO NOTHING RETURNING id",
	[STMT_SESSION_BY_TOKEN] =
	    "SELECT id, uuid, account, created_ms, used_ms, expires_ms"
	    " FROM session WHERE id = ?1 AND token_hash = ?2",
	[STMT_SESSION_TOUCH] =
	    "UPDATE session SET used_ms = ?2, expires_ms = ?3"
	    " WHERE id = ?1 AND expires_ms > ?2 AND expires_ms <= ?3",
	[STMT_SESSION_LIST] =
	    "SELECT id, uuid, account, created_ms, used_ms, expires_ms"
	    " FROM session WHERE account = ?1 AND expires_ms > ?2",
	[STMT_SESSION_END] =
	    "DELETE FROM session WHERE account = ?1 AND uuid = ?2"
	    " AND expires_ms > ?3 RETURNING id",
	[STMT_SESSION_FORGET_EXPIRED] =
	    "DELETE FROM session WHERE account = ?1 AND expires_ms <= ?2",
	[STMT_ACCOUNT_BY_ID] = "SELECT id FROM account WHERE uuid = ?1",
	[STMT_ACCOUNT_SET_EMAIL] =
	    "UPDATE account SET email = ?2 WHERE id = ?1",
	[STMT_ACCOUNT_SET_PASSWORD] =
	    "UPDATE account SET password_n_log2 = ?2, password_r = ?3,"
	    " password_p = ?4, password_salt = ?5, password_hash = ?6"
	    " WHERE id = ?1",
	[STMT_SESSION_END_OTHERS] =
	    "DELETE FROM session WHERE account = ?1 AND id <> ?2",
	[STMT_RESET_CODE_SET] =
	    "INSERT INTO reset_code (account, lookup, expires_ms)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT (account) DO UPDATE"
	    " SET lookup = excluded.lookup, expires_ms = excluded.expires_ms",
	[STMT_RESET_CODE_GET] =
	    "SELECT account, expires_ms FROM reset_code WHERE lookup = ?1",
	[STMT_RESET_CODE_REMOVE] =
	    "DELETE FROM reset_code WHERE account = ?1",

	[STMT_PERSON_FORGET] =
	    "DELETE FROM completion WHERE account = ?1",
	    "DELETE FROM holding WHERE account = ?1",
	    "DELETE FROM reset_code WHERE account = ?1",
	    "DELETE FROM session WHERE account = ?1",
	    "DELETE FROM account WHERE id = ?1",
	[STMT_PERSON_OWNED] =
	    "SELECT i.uuid, i.title, e.source, e.created_ms FROM entitlement e"
	    " JOIN item i ON i.id = e.item WHERE e.account = ?1"
	    " ORDER BY e.created_ms, e.item",
	/* What came is positive, what went is negative. */
	[STMT_PERSON_TRANSFERS] =
	    "SELECT at_ms, kind, CASE WHEN credit_account = ?1 THEN amount"
	    " ELSE -amount END FROM transfer"
	    " WHERE debit_account = ?1 OR credit_account = ?1 ORDER BY id",
	[STMT_PERSON_KEYS] =
	    "SELECT key FROM purchase_key WHERE account = ?1 ORDER BY key",
	[STMT_PERSON_CLAIMS] =
	    "SELECT kind, reference, claimed_ms FROM claim"
	    " WHERE claimed_by = ?1 ORDER BY id",
	[STMT_PERSON_REFUNDS] =
	    "SELECT p.id, r.amount, r.reason, r.created_ms FROM purchase p"
	    " JOIN refund r ON r.purchase = p.id WHERE p.account = ?1"
	    " ORDER BY r.id",
	[STMT_PERSON_RESET] =
	    "SELECT expires_ms FROM reset_code WHERE account = ?1"
};

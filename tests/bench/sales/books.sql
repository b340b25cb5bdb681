-- A shop of setting('items') items and setting('accounts') accounts, each with
-- money and a session, out of one that has a single item with one file.  Run by
-- fill.c; the daemon must not run.

PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -400000;
BEGIN;

CREATE TEMP TABLE made AS
	WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
		WHERE n < max(setting('accounts'), setting('items')))
	SELECT n FROM n;

CREATE TEMP TABLE today AS
	SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS ms;

INSERT INTO item (id, uuid, kind, state, title, creator, genre, price,
	created_ms, published_ms)
	SELECT item.id + n, randomblob(16),
	kind, state, title || ' ' || n, creator, genre, price, created_ms,
	published_ms FROM item, made WHERE n < setting('items');
INSERT INTO version (id, uuid, file, number, state, size, plain_hash, object,
	sealed_size, master_key, created_ms, stored_sequence)
	SELECT v.id + n, randomblob(16), v.file + n, v.number, v.state, v.size,
	v.plain_hash, randomblob(32), v.sealed_size, v.master_key,
	v.created_ms, v.stored_sequence
	FROM version v, made WHERE n < setting('items');
INSERT INTO file (id, uuid, item, name, media_type, stored_version)
	SELECT f.id + n, randomblob(16), f.item + n, f.name, f.media_type,
	f.stored_version + n FROM file f, made WHERE n < setting('items');

INSERT INTO ledger_account (id, kind)
	SELECT 1000 + n, 3 FROM made WHERE n <= setting('accounts');
INSERT INTO holding (account, kind, key, balance)
	SELECT 1000 + n, 0, 0, 1000000000 FROM made
	WHERE n <= setting('accounts');
INSERT INTO transfer (at_ms, debit_account, credit_account, amount, kind,
	reference)
	SELECT ms, 1, 1000 + n, 1000000000, 1, n FROM made, today
	WHERE n <= setting('accounts');
INSERT INTO account (id, uuid, email, password_n_log2, password_r, password_p,
	password_salt, password_hash, created_ms)
	SELECT 1000 + n, randomblob(16), 'buyer-' || n || '@example.com',
	14, 8, 5, zeroblob(16), zeroblob(32), ms FROM made, today
	WHERE n <= setting('accounts');
-- The token of account n is SHA-256 of session-n.  Used so late that no
-- request of the next day is the first in an hour, which would be noted.
INSERT INTO session (id, account, uuid, token_hash, created_ms, used_ms,
	expires_ms)
	SELECT number(hash), 1000 + n, randomblob(16), substr(hash, 9), ms,
	ms + 86400000, ms + 2592000000
	FROM (SELECT n, sha256(sha256('session-' || n)) AS hash FROM made),
	today WHERE n <= setting('accounts') ORDER BY 1;

COMMIT;
PRAGMA journal_mode = WAL;

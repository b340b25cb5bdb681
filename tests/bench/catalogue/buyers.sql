-- See at.sql.

BEGIN;
-- Who buys, with a gift code of 100,000 each.  The session token of account n
-- is SHA-256 of session-n; used so late that none is noted as the first in an
-- hour.
CREATE TEMP TABLE buyer AS
	WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
	WHERE n < (SELECT accounts FROM at))
	SELECT n AS n, 1000 + n AS account FROM n;
INSERT INTO ledger_account (id, kind) SELECT account, 3 FROM buyer;
INSERT INTO holding (account, kind, key, balance)
	SELECT account, 0, 0, 100000 - (SELECT coalesce(sum(i.price), 0) FROM k
	JOIN item i ON i.id = 10 * zipf(k.k * accounts + CASE (n - 1) * back
	% accounts WHEN 0 THEN accounts ELSE (n - 1) * back % accounts END,
	19, items / 10) - k.k) FROM buyer, at;
INSERT INTO account (id, uuid, email, password_n_log2, password_r, password_p,
	password_salt, password_hash, created_ms)
	SELECT account, uuid(now - 94608000000 + n, n, 20),
	'buyer-' || n || '@example.com', 14, 8, 5, zeroblob(16), zeroblob(32),
	now - 94608000000 + n FROM buyer, at;
INSERT INTO session (id, account, uuid, token_hash, created_ms, used_ms,
	expires_ms)
	SELECT number(hash), account, uuid(now, n, 21), substr(hash, 9), now,
	now + 86400000, now + 2592000000 FROM (SELECT n, account,
	sha256(sha256('session-' || n)) AS hash FROM buyer), at ORDER BY 1;
INSERT INTO gift_batch (id, uuid, amount, count, master_key, created_ms)
	SELECT 1 + n / 1000, uuid(now - 94608000000 + n, n, 23), 100000, 1000,
	'1', now - 94608000000 FROM buyer, at WHERE n % 1000 = 0 OR n = 1;
INSERT INTO gift_code (id, batch, position, lookup, redeemed_by, redeemed_ms)
	SELECT n, 1 + n / 1000, n % 1000, hash(n, 24), account,
	now - 94608000000 FROM buyer, at;
INSERT INTO transfer (id, at_ms, debit_account, credit_account, amount, kind,
	reference)
	SELECT n, now - 94608000000, 1, account, 100000, 1, n FROM buyer, at;

-- The last account's code is one of a batch that is not full.
UPDATE gift_batch SET count = (SELECT count(*) FROM gift_code c
	WHERE c.batch = gift_batch.id) WHERE id = 1
	OR id = (SELECT max(id) FROM gift_batch);
COMMIT;

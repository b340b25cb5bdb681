-- A session is found by its token in one tree: id is what the first 8 bytes of
-- the token's SHA-256 say as a signed number, most significant byte first, and
-- token_hash the other 24.  Of two with the same id, which no shop will see,
-- one has to sign in again.
CREATE TABLE session_kept (
	id INTEGER PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES account (id),
	uuid BLOB NOT NULL CHECK (length(uuid) = 16),
	token_hash BLOB NOT NULL CHECK (length(token_hash) = 24),
	created_ms INTEGER NOT NULL,
	used_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
) STRICT;
WITH RECURSIVE digit (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM digit
		WHERE n < 16)
INSERT OR IGNORE INTO session_kept (id, account, uuid, token_hash, created_ms,
	used_ms, expires_ms)
	SELECT (SELECT sum((instr('0123456789ABCDEF',
			substr(hex(token_hash), n, 1)) - 1) << (64 - 4 * n))
		FROM digit) AS number,
	account, uuid, substr(token_hash, 9), created_ms, used_ms, expires_ms
	FROM session ORDER BY number;
DROP TABLE session;
ALTER TABLE session_kept RENAME TO session;
CREATE UNIQUE INDEX session_by_account ON session (account, uuid);

PRAGMA user_version = 14;

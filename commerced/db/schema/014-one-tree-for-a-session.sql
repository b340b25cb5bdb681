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
-- Digit by digit: << and | bind alike, from the left.  The limit keeps SQLite
-- from making the digits anew for each of them.
INSERT OR IGNORE INTO session_kept (id, account, uuid, token_hash, created_ms,
	used_ms, expires_ms)
	SELECT
	instr(d, substr(h, 1, 1)) << 4 | instr(d, substr(h, 2, 1)) << 4 |
	instr(d, substr(h, 3, 1)) << 4 | instr(d, substr(h, 4, 1)) << 4 |
	instr(d, substr(h, 5, 1)) << 4 | instr(d, substr(h, 6, 1)) << 4 |
	instr(d, substr(h, 7, 1)) << 4 | instr(d, substr(h, 8, 1)) << 4 |
	instr(d, substr(h, 9, 1)) << 4 | instr(d, substr(h, 10, 1)) << 4 |
	instr(d, substr(h, 11, 1)) << 4 | instr(d, substr(h, 12, 1)) << 4 |
	instr(d, substr(h, 13, 1)) << 4 | instr(d, substr(h, 14, 1)) << 4 |
	instr(d, substr(h, 15, 1)) << 4 | instr(d, substr(h, 16, 1)) AS number,
	account, uuid, substr(token_hash, 9), created_ms, used_ms, expires_ms
	FROM (SELECT *, hex(substr(token_hash, 1, 8)) AS h,
		'123456789ABCDEF' AS d FROM session LIMIT -1)
	ORDER BY number;
DROP TABLE session;
ALTER TABLE session_kept RENAME TO session;
CREATE UNIQUE INDEX session_by_account ON session (account, uuid);

PRAGMA user_version = 14;

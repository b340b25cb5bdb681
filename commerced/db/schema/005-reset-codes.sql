-- A code with which an account gets a new password, once; a new one takes the
-- place of the one before.  lookup: HMAC of the code, which is kept nowhere.
CREATE TABLE reset_code (
	account INTEGER PRIMARY KEY REFERENCES account (id),
	lookup BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
	expires_ms INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 5;

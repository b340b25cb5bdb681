-- The books.  id is inside and joins; uuid is the outward name.  Amounts are
-- minor units of the shop's one currency, 0 to 10^12; times are Unix
-- milliseconds; states are the numbers of the enums in commerced/model.h.
-- No index without a statement that needs it; no secret anywhere.

-- One row.  sequence counts what changes the files that a sale gives: each
-- version stored, each file taken off.  An entitlement keeps the number of its
-- day, and so which version was bought can be told without a row for each file.
CREATE TABLE shop (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	commerce_id TEXT NOT NULL,
	currency TEXT NOT NULL CHECK (length(currency) = 3),
	created_ms INTEGER NOT NULL,
	sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0)
) STRICT;

-- Who can be debited and credited: 1 gift-issue, 2 sales, 3 a buyer.  Buyers'
-- balances are kept here too, as their transfers make them; the other two
-- are sums, so that no sale meets a bound.
CREATE TABLE ledger_account (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
	balance INTEGER CHECK (balance BETWEEN 0 AND 1000000000000),
	CHECK ((kind = 3) = (balance IS NOT NULL))
) STRICT;
INSERT INTO ledger_account (id, kind) VALUES (1, 1), (2, 2);

-- kind: 1 gift code redeemed (reference: gift_code.id), 2 sale (purchase.id).
CREATE TABLE transfer (
	id INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	debit_account INTEGER NOT NULL REFERENCES ledger_account (id),
	credit_account INTEGER NOT NULL REFERENCES ledger_account (id),
	amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
	kind INTEGER NOT NULL CHECK (kind > 0),
	reference INTEGER NOT NULL,
	CHECK (debit_account <> credit_account)
) STRICT;
CREATE TRIGGER transfer_is_never_changed BEFORE UPDATE ON transfer
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- The person; the ledger keeps the number when the person goes.
CREATE TABLE account (
	id INTEGER PRIMARY KEY REFERENCES ledger_account (id),
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	email TEXT NOT NULL UNIQUE,
	password_n_log2 INTEGER NOT NULL CHECK (password_n_log2 BETWEEN 1 AND 24),
	password_r INTEGER NOT NULL CHECK (password_r BETWEEN 1 AND 64),
	password_p INTEGER NOT NULL CHECK (password_p BETWEEN 1 AND 64),
	password_salt BLOB NOT NULL CHECK (length(password_salt) = 16),
	password_hash BLOB NOT NULL CHECK (length(password_hash) = 32),
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES account (id),
	uuid BLOB NOT NULL CHECK (length(uuid) = 16),
	token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
	created_ms INTEGER NOT NULL,
	used_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	UNIQUE (account, uuid)
) STRICT;

-- sold_sequence: shop.sequence at the last sale; 0: never sold.
CREATE TABLE item (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 7),
	state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
	title TEXT NOT NULL COLLATE NOCASE CHECK (title <> ''),
	creator TEXT NOT NULL COLLATE NOCASE CHECK (creator <> ''),
	genre TEXT COLLATE NOCASE CHECK (genre <> ''),
	released TEXT CHECK (length(released) = 10),
	price INTEGER NOT NULL CHECK (price BETWEEN 0 AND 1000000000000),
	created_ms INTEGER NOT NULL,
	published_ms INTEGER NOT NULL DEFAULT 0,
	sold_sequence INTEGER NOT NULL DEFAULT 0,
	description TEXT CHECK (description <> '')
) STRICT;
CREATE INDEX item_by_publication ON item (published_ms);
CREATE INDEX item_by_title ON item (title);
CREATE INDEX item_by_creator ON item (creator);
CREATE INDEX item_by_price ON item (price);

CREATE VIRTUAL TABLE item_search USING fts5 (
	title, creator, genre, description,
	content = 'item', content_rowid = 'id',
	prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

-- stored_version: the newest stored one; what buyers get.
-- removed_sequence: shop.sequence when it was taken off.
CREATE TABLE file (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	item INTEGER NOT NULL REFERENCES item (id),
	name TEXT NOT NULL CHECK (name <> ''),
	media_type TEXT NOT NULL,
	stored_version INTEGER REFERENCES version (id),
	removed_sequence INTEGER,
	UNIQUE (item, name)
) STRICT;

-- state: 0 pending, 1 stored, 2 deleting, 3 deleted.  stored_sequence is kept
-- for good.  bought: newest when somebody bought.  local: its sealed file lies
-- in STATE/sealed.  master_key: the id of the key, not the key.
CREATE TABLE version (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	file INTEGER NOT NULL REFERENCES file (id),
	number INTEGER NOT NULL CHECK (number > 0),
	state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
	size INTEGER NOT NULL CHECK (size >= 0),
	plain_hash BLOB NOT NULL CHECK (length(plain_hash) = 32),
	object BLOB NOT NULL UNIQUE CHECK (length(object) = 32),
	sealed_size INTEGER NOT NULL CHECK (sealed_size > size),
	master_key TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	stored_sequence INTEGER,
	bought INTEGER NOT NULL DEFAULT 0 CHECK (bought IN (0, 1)),
	local INTEGER NOT NULL DEFAULT 1 CHECK (local IN (0, 1)),
	attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	not_before_ms INTEGER NOT NULL DEFAULT 0,
	UNIQUE (file, number),
	CHECK (state <> 0 OR stored_sequence IS NULL),
	CHECK (state <> 1 OR stored_sequence IS NOT NULL)
) STRICT;
CREATE INDEX version_pending ON version (not_before_ms) WHERE state = 0;
CREATE INDEX version_deleting ON version (not_before_ms) WHERE state = 2;
CREATE INDEX version_stored_local ON version (local)
	WHERE state = 1 AND local = 1;

-- id is the receipt's number: SQLite gives the greatest plus one, rows are
-- never deleted, and a rolled back savepoint gives its number back.
-- status: 0 paid, 1 part-refunded, 2 refunded.
CREATE TABLE purchase (
	id INTEGER PRIMARY KEY CHECK (id > 0),
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	account INTEGER NOT NULL REFERENCES ledger_account (id),
	status INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2),
	created_ms INTEGER NOT NULL,
	total INTEGER NOT NULL CHECK (total BETWEEN 0 AND 1000000000000)
) STRICT;
CREATE INDEX purchase_by_account ON purchase (account);
CREATE TRIGGER purchase_is_never_deleted BEFORE DELETE ON purchase
BEGIN SELECT raise(ABORT, 'receipts are kept'); END;

CREATE TABLE purchase_line (
	purchase INTEGER NOT NULL REFERENCES purchase (id),
	position INTEGER NOT NULL,
	item INTEGER NOT NULL REFERENCES item (id),
	title TEXT NOT NULL,
	price INTEGER NOT NULL CHECK (price BETWEEN 0 AND 1000000000000),
	deducted INTEGER NOT NULL DEFAULT 0 CHECK (deducted BETWEEN 0 AND price),
	status INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 2)),
	PRIMARY KEY (purchase, position)
) STRICT, WITHOUT ROWID;

-- Remembered for good.
CREATE TABLE purchase_key (
	account INTEGER NOT NULL REFERENCES ledger_account (id),
	key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
	request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
	purchase INTEGER NOT NULL REFERENCES purchase (id),
	PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;

-- What an account owns now; a row goes when it ends.  source: 1 a paid line,
-- 2 a gift, 3 a fulfilment.  grant_seed: random; with a file's uuid it makes
-- the grant id that URLs carry.  BETWEEN: for a list of three SQLite makes a
-- table, and drops it, at each INSERT.
CREATE TABLE entitlement (
	account INTEGER NOT NULL REFERENCES account (id),
	item INTEGER NOT NULL REFERENCES item (id),
	source INTEGER NOT NULL CHECK (source BETWEEN 1 AND 3),
	purchase INTEGER REFERENCES purchase (id),
	created_ms INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	grant_seed BLOB NOT NULL CHECK (length(grant_seed) = 16),
	PRIMARY KEY (account, item),
	CHECK (source <> 1 OR purchase IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- The newest version that the account has downloaded whole.
CREATE TABLE completion (
	account INTEGER NOT NULL REFERENCES account (id),
	file INTEGER NOT NULL REFERENCES file (id),
	version INTEGER NOT NULL REFERENCES version (id),
	completed_ms INTEGER NOT NULL,
	PRIMARY KEY (account, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE gift_batch (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
	count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 1000),
	expires_ms INTEGER,
	master_key TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;

-- lookup: HMAC of the code, which is itself kept nowhere.
CREATE TABLE gift_code (
	id INTEGER PRIMARY KEY,
	batch INTEGER NOT NULL REFERENCES gift_batch (id),
	position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 999),
	lookup BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
	redeemed_by INTEGER REFERENCES ledger_account (id),
	redeemed_ms INTEGER,
	CHECK ((redeemed_by IS NULL) = (redeemed_ms IS NULL))
) STRICT;

-- Requests of the shop's people, remembered for 24 hours.  scope: method and
-- path; reference: what was made, by its id.
CREATE TABLE admin_key (
	scope TEXT NOT NULL,
	key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
	request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
	created_ms INTEGER NOT NULL,
	reference INTEGER NOT NULL,
	PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = 1128680526;
PRAGMA user_version = 1;

-- What an account holds, in one tree: all that a sale reads and writes of a
-- buyer is on one page, or on two.  The migration runs without foreign keys,
-- which are checked when it has ended.

-- kind: 0 money (key 0), as the account's transfers make it; 1 an idempotency
-- key, remembered for good; 2 a purchase (its id), so that an account's are
-- found; 3 an entitlement (to the item), what it owns now: the row goes when
-- that ends.  source: 1 a paid line, 2 a gift, 3 a fulfilment.  sequence:
-- shop.sequence of its day.  grant_seed: random; with a file's uuid it makes
-- the grant id that URLs carry.
--
-- Keys of kinds are of several tables, which no foreign key can say: who
-- inserts has just read what it refers to, or has just made it.
CREATE TABLE holding (
	account INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	key ANY NOT NULL,
	balance INTEGER,
	purchase INTEGER REFERENCES purchase (id),
	request_hash BLOB,
	source INTEGER,
	created_ms INTEGER,
	sequence INTEGER,
	grant_seed BLOB,
	PRIMARY KEY (account, kind, key),
	CHECK ((CASE kind
		WHEN 0 THEN key = 0
			AND balance BETWEEN 0 AND 1000000000000
		WHEN 1 THEN typeof(key) = 'text'
			AND length(key) BETWEEN 1 AND 64
			AND length(request_hash) = 32
			AND purchase IS NOT NULL
		WHEN 2 THEN typeof(key) = 'integer' AND key > 0
		WHEN 3 THEN typeof(key) = 'integer'
			AND source BETWEEN 1 AND 3
			AND (source <> 1 OR purchase IS NOT NULL)
			AND created_ms IS NOT NULL
			AND sequence IS NOT NULL
			AND length(grant_seed) = 16
		END) IS TRUE)
) STRICT, WITHOUT ROWID;
INSERT INTO holding (account, kind, key, balance, purchase, request_hash,
	source, created_ms, sequence, grant_seed)
	SELECT l.id, 0, 0, l.balance, NULL, NULL, NULL, NULL, NULL, NULL
	FROM ledger_account l JOIN account a ON a.id = l.id
	UNION ALL SELECT account, 1, key, NULL, purchase, request_hash, NULL,
	NULL, NULL, NULL FROM purchase_key
	UNION ALL SELECT p.account, 2, p.id, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL FROM purchase p JOIN account a ON a.id = p.account
	UNION ALL SELECT account, 3, item, NULL, purchase, NULL, source,
	created_ms, sequence, grant_seed FROM entitlement
	ORDER BY 1, 2, 3;
DROP TABLE purchase_key;
DROP TABLE entitlement;

-- The numbers that money moves between: 1 gift-issue, 2 sales, and buyers',
-- which are kept, and given to nobody else, when the person goes.
CREATE TABLE ledger_account_kept (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3)
) STRICT;
INSERT INTO ledger_account_kept SELECT id, kind FROM ledger_account;
DROP TABLE ledger_account;
ALTER TABLE ledger_account_kept RENAME TO ledger_account;

-- As they were, but without REFERENCES for the accounts, which would read a
-- page that nothing else of a sale needs.  A transfer changes the balance of
-- its buyer, and there is none without a row for it.
CREATE TABLE transfer_kept (
	id INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	debit_account INTEGER NOT NULL CHECK (debit_account > 0),
	credit_account INTEGER NOT NULL CHECK (credit_account > 0),
	amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
	kind INTEGER NOT NULL CHECK (kind > 0),
	reference INTEGER NOT NULL,
	CHECK (debit_account <> credit_account)
) STRICT;
INSERT INTO transfer_kept SELECT * FROM transfer;
DROP TABLE transfer;
ALTER TABLE transfer_kept RENAME TO transfer;
CREATE TRIGGER transfer_is_never_changed BEFORE UPDATE ON transfer
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- id is the receipt's number: SQLite gives the greatest plus one, rows are
-- never deleted, and a rolled back savepoint gives its number back.
-- status: 0 paid, 1 part-refunded, 2 refunded.  is_gift: see claim.
CREATE TABLE purchase_kept (
	id INTEGER PRIMARY KEY CHECK (id > 0),
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	account INTEGER NOT NULL CHECK (account > 0),
	status INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2),
	created_ms INTEGER NOT NULL,
	total INTEGER NOT NULL CHECK (total BETWEEN 0 AND 1000000000000),
	seller INTEGER REFERENCES seller (id),
	is_gift INTEGER NOT NULL DEFAULT 0 CHECK (is_gift IN (0, 1))
) STRICT;
INSERT INTO purchase_kept SELECT * FROM purchase;
DROP TABLE purchase;
ALTER TABLE purchase_kept RENAME TO purchase;
CREATE INDEX purchase_by_time ON purchase (created_ms);
CREATE TRIGGER purchase_is_never_deleted BEFORE DELETE ON purchase
BEGIN SELECT raise(ABORT, 'receipts are kept'); END;

-- A person takes along what it holds.
CREATE TRIGGER account_holds_nothing BEFORE DELETE ON account
WHEN EXISTS (SELECT 1 FROM holding WHERE account = OLD.id)
BEGIN SELECT raise(ABORT, 'the account still holds something'); END;

-- For those who read.
CREATE VIEW account_balance AS SELECT account, balance
	FROM holding WHERE kind = 0;
CREATE VIEW purchase_key AS SELECT account, key, request_hash, purchase
	FROM holding WHERE kind = 1;
CREATE VIEW account_purchase AS SELECT account, key AS purchase
	FROM holding WHERE kind = 2;
CREATE VIEW entitlement AS SELECT account, key AS item, source, purchase,
	created_ms, sequence, grant_seed FROM holding WHERE kind = 3;

PRAGMA user_version = 10;

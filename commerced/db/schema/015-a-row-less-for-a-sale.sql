-- Rows of holding lie where their account does, on a page of its own for each
-- sale, and full pages there are evened out with their neighbours: what a sale
-- adds to it is kept short.  What was asked is remembered with the purchase,
-- which comes after the one before; and a purchase is listed by its key, of
-- which each has one, not by a row of its own as well.
--
-- request_hash: NULL where the person, and so the key, has gone before.
ALTER TABLE purchase ADD COLUMN request_hash BLOB
	CHECK (length(request_hash) = 32);
UPDATE purchase SET request_hash = (SELECT h.request_hash FROM holding h
	WHERE h.account = purchase.account AND h.kind = 1
	AND h.purchase = purchase.id);

DROP VIEW account_balance;
DROP VIEW purchase_key;
DROP VIEW account_purchase;
DROP VIEW entitlement;
DROP TRIGGER account_holds_nothing;

-- kind: 0 money (key 0), as the account's transfers make it; 1 an idempotency
-- key and its purchase, remembered for good; 3 an entitlement (to the item),
-- what it owns now: the row goes when that ends.  The rest is as it was, but
-- for REFERENCES of purchase, which is never deleted: it was looked up for each
-- row right after it had been made.
CREATE TABLE holding_kept (
	account INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	key ANY NOT NULL,
	balance INTEGER,
	purchase INTEGER,
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
			AND purchase IS NOT NULL
		WHEN 3 THEN typeof(key) = 'integer'
			AND source BETWEEN 1 AND 3
			AND (source <> 1 OR purchase IS NOT NULL)
			AND created_ms IS NOT NULL
			AND sequence IS NOT NULL
			AND length(grant_seed) = 16
		END) IS TRUE)
) STRICT, WITHOUT ROWID;
INSERT INTO holding_kept (account, kind, key, balance, purchase, source,
	created_ms, sequence, grant_seed)
	SELECT account, kind, key, balance, purchase, source, created_ms,
	sequence, grant_seed FROM holding WHERE kind <> 2 ORDER BY 1, 2, 3;
DROP TABLE holding;
ALTER TABLE holding_kept RENAME TO holding;

CREATE TRIGGER account_holds_nothing BEFORE DELETE ON account
WHEN EXISTS (SELECT 1 FROM holding WHERE account = OLD.id)
BEGIN SELECT raise(ABORT, 'the account still holds something'); END;

CREATE VIEW account_balance AS SELECT account, balance
	FROM holding WHERE kind = 0;
CREATE VIEW purchase_key AS SELECT account, key, purchase
	FROM holding WHERE kind = 1;
CREATE VIEW account_purchase AS SELECT account, purchase
	FROM holding WHERE kind = 1;
CREATE VIEW entitlement AS SELECT account, key AS item, source, purchase,
	created_ms, sequence, grant_seed FROM holding WHERE kind = 3;

PRAGMA user_version = 15;

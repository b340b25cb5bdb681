-- Who sells, refunds by line, and codes that give items.

-- As the configuration said when something was sold; a row for each change.
-- tax_rate: hundredths of a percent, contained in the prices.
CREATE TABLE seller (
	id INTEGER PRIMARY KEY,
	legal_name TEXT NOT NULL CHECK (legal_name <> ''),
	tax_id TEXT CHECK (tax_id <> ''),
	tax_rate INTEGER NOT NULL CHECK (tax_rate BETWEEN 0 AND 10000)
) STRICT;
INSERT INTO seller (id, legal_name, tax_rate)
	SELECT 1, commerce_id, 0 FROM shop;

ALTER TABLE purchase ADD COLUMN seller INTEGER REFERENCES seller (id);
UPDATE purchase SET seller = 1;
-- 1: bought for somebody else; see claim.
ALTER TABLE purchase ADD COLUMN is_gift INTEGER NOT NULL DEFAULT 0
	CHECK (is_gift IN (0, 1));

-- Money back for some lines of a purchase: one transfer of kind 3, whose
-- reference is this id, unless they cost nothing.
CREATE TABLE refund (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	purchase INTEGER NOT NULL REFERENCES purchase (id),
	amount INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 1000000000000),
	reason TEXT NOT NULL CHECK (reason <> ''),
	created_ms INTEGER NOT NULL
) STRICT;
ALTER TABLE purchase_line ADD COLUMN refund INTEGER REFERENCES refund (id);

-- What a claim code stands for.  kind as entitlement.source: 2 a gift, 3 a
-- fulfilment.  sequence: shop.sequence when it was made, as of what was sold
-- then.  lookup: HMAC of the code, which is itself kept nowhere.
CREATE TABLE claim (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	kind INTEGER NOT NULL CHECK (kind IN (2, 3)),
	purchase INTEGER UNIQUE REFERENCES purchase (id),
	reference TEXT,
	master_key TEXT NOT NULL,
	lookup BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
	sequence INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER,
	claimed_by INTEGER REFERENCES ledger_account (id),
	claimed_ms INTEGER,
	CHECK ((kind = 2) = (purchase IS NOT NULL)),
	CHECK ((claimed_by IS NULL) = (claimed_ms IS NULL))
) STRICT;

-- granted: 1 when the claim made the entitlement; 0 when it was not claimed,
-- or when who claimed it had the item already, or the gift was refunded.
CREATE TABLE claim_item (
	claim INTEGER NOT NULL REFERENCES claim (id),
	position INTEGER NOT NULL,
	item INTEGER NOT NULL REFERENCES item (id),
	granted INTEGER NOT NULL DEFAULT 0 CHECK (granted IN (0, 1)),
	PRIMARY KEY (claim, position)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;

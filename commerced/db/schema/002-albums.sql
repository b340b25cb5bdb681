-- What albums and bundles contain, and what was deducted for it.

-- An entitlement is to the album alone; what that gives is read off here, so
-- that what is added later belongs to those who have it.  until_sequence is
-- shop.sequence when it was taken out: those who bought before keep it.  The
-- greatest integer: it is in it now.
CREATE TABLE item_content (
	container INTEGER NOT NULL REFERENCES item (id),
	item INTEGER NOT NULL REFERENCES item (id),
	position INTEGER NOT NULL,
	until_sequence INTEGER NOT NULL DEFAULT 9223372036854775807,
	PRIMARY KEY (container, item),
	CHECK (container <> item)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_content_by_item ON item_content (item);

-- The same down to two levels, each pair once with its longest way: made from
-- item_content when that changes, so that reads need no walk.
CREATE TABLE item_inside (
	container INTEGER NOT NULL REFERENCES item (id),
	item INTEGER NOT NULL REFERENCES item (id),
	until_sequence INTEGER NOT NULL,
	PRIMARY KEY (container, item),
	CHECK (container <> item)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_inside_by_item ON item_inside (item);

-- A line of an album became cheaper by what another line had paid.  That one
-- cannot be refunded alone.
CREATE TABLE deduction (
	purchase INTEGER NOT NULL,
	position INTEGER NOT NULL,
	paid_purchase INTEGER NOT NULL,
	paid_position INTEGER NOT NULL,
	amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
	PRIMARY KEY (purchase, position, paid_purchase, paid_position),
	FOREIGN KEY (purchase, position)
		REFERENCES purchase_line (purchase, position),
	FOREIGN KEY (paid_purchase, paid_position)
		REFERENCES purchase_line (purchase, position),
	CHECK (paid_purchase < purchase)
) STRICT, WITHOUT ROWID;
CREATE INDEX deduction_by_paid_line ON deduction
	(paid_purchase, paid_position);

PRAGMA user_version = 2;

-- Since when something is in an album: whoever owns it when an album comes into
-- it gets what that contains then and later, not what had left it before.  What
-- comes again begins a stay of its own.  Both are numbers of shop.sequence; 0:
-- before this was kept, as if always.  Columns of the keys first: SQLite 3.40
-- else finds NULL in others where there is none (PRAGMA integrity_check).
CREATE TABLE item_stay (
	container INTEGER NOT NULL REFERENCES item (id),
	item INTEGER NOT NULL REFERENCES item (id),
	since_sequence INTEGER NOT NULL,
	position INTEGER NOT NULL,
	until_sequence INTEGER NOT NULL DEFAULT 9223372036854775807,
	PRIMARY KEY (container, item, since_sequence),
	UNIQUE (container, item, until_sequence),
	CHECK (container <> item),
	CHECK (since_sequence < until_sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO item_stay
	SELECT container, item, 0, position, until_sequence FROM item_content;
DROP TABLE item_content;
ALTER TABLE item_stay RENAME TO item_content;
CREATE INDEX item_content_by_item ON item_content (item);

-- Of two levels: since the later of the two, until the earlier; which comes
-- first is open, for who owned the album in between owns it still.  Of those
-- that end together the one that began first.
DROP TABLE item_inside;
CREATE TABLE item_inside (
	container INTEGER NOT NULL REFERENCES item (id),
	item INTEGER NOT NULL REFERENCES item (id),
	until_sequence INTEGER NOT NULL,
	since_sequence INTEGER NOT NULL,
	PRIMARY KEY (container, item, until_sequence),
	CHECK (container <> item)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_inside_by_item ON item_inside (item);
INSERT INTO item_inside
	SELECT container, item, until_sequence, 0 FROM item_content
	UNION SELECT a.container, b.item,
		min(a.until_sequence, b.until_sequence), 0
	FROM item_content a JOIN item_content b ON b.container = a.item
	WHERE b.item <> a.container;

PRAGMA user_version = 12;

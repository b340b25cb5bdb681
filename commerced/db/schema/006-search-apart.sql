-- Search moves to a database of its own, which follows the items by the number
-- of their last change.
DROP TABLE item_search;
DROP INDEX item_by_facet;
-- Popularity is the search index's order; a sale writes to one tree less.
DROP INDEX item_sales_by_count;

ALTER TABLE item ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_by_change ON item (change);
CREATE TRIGGER item_is_new AFTER INSERT ON item
BEGIN UPDATE item SET change = (SELECT max(change) + 1 FROM item)
	WHERE id = NEW.id; END;
CREATE TRIGGER item_has_changed AFTER UPDATE OF kind, state, title, creator,
	genre, released, price, published_ms, description ON item
BEGIN UPDATE item SET change = (SELECT max(change) + 1 FROM item)
	WHERE id = NEW.id; END;

-- Random, another one at each start: whether the index is of these books.
ALTER TABLE shop ADD COLUMN search_era BLOB
	CHECK (search_era IS NULL OR length(search_era) = 16);

-- Browsing by kind and by genre, the newest first.
CREATE INDEX item_by_kind ON item (kind, published_ms);
CREATE INDEX item_by_genre ON item (genre, published_ms);

PRAGMA user_version = 6;

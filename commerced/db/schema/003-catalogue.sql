-- How often an item was sold, for the order by popularity: a narrow table, since
-- each sale writes to it.
CREATE TABLE item_sales (
	item INTEGER PRIMARY KEY REFERENCES item (id),
	sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0)
) STRICT;
INSERT INTO item_sales (item) SELECT id FROM item;
UPDATE item_sales SET sold = l.sold FROM
	(SELECT item, count(*) AS sold FROM purchase_line GROUP BY item) l
	WHERE l.item = item_sales.item;
CREATE INDEX item_sales_by_count ON item_sales (sold);
CREATE TRIGGER item_is_not_sold_yet AFTER INSERT ON item
BEGIN INSERT INTO item_sales (item) VALUES (NEW.id); END;
CREATE TRIGGER item_is_sold_once_more AFTER INSERT ON purchase_line
BEGIN UPDATE item_sales SET sold = sold + 1 WHERE item = NEW.item; END;

-- All that facets look at, in the order in which they group.
CREATE INDEX item_by_facet ON item (state, kind, creator, genre, released);

PRAGMA user_version = 3;

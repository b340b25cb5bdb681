-- Sales and refunds of some days, and of one item after the other.
CREATE INDEX purchase_by_time ON purchase (created_ms);
CREATE INDEX refund_by_time ON refund (created_ms);

-- In the row that a sale writes to anyway.
ALTER TABLE item_sales ADD COLUMN paid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item_sales ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item_sales ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0;
UPDATE item_sales SET paid = l.paid, returned = l.returned,
	refunded = l.refunded FROM
	(SELECT item, sum(price - deducted) AS paid,
	sum(refund IS NOT NULL) AS returned,
	sum((refund IS NOT NULL) * (price - deducted)) AS refunded
	FROM purchase_line GROUP BY item) l
	WHERE l.item = item_sales.item;
DROP TRIGGER item_is_sold_once_more;
CREATE TRIGGER item_is_sold_once_more AFTER INSERT ON purchase_line
BEGIN UPDATE item_sales SET sold = sold + 1,
	paid = paid + (NEW.price - NEW.deducted) WHERE item = NEW.item; END;
CREATE TRIGGER item_is_returned AFTER UPDATE OF refund ON purchase_line
WHEN OLD.refund IS NULL AND NEW.refund IS NOT NULL
BEGIN UPDATE item_sales SET returned = returned + 1,
	refunded = refunded + (NEW.price - NEW.deducted)
	WHERE item = NEW.item; END;

PRAGMA user_version = 9;

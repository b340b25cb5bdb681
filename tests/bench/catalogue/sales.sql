-- See at.sql.

BEGIN;
INSERT OR IGNORE INTO seller (id, legal_name, tax_rate)
	VALUES (1, 'bench', 0);

-- What was bought, over three years.
CREATE TEMP TABLE sale AS
	WITH RECURSIVE p (p) AS (SELECT setting('first') UNION ALL
	SELECT p + 1 FROM p WHERE p < setting('last'))
	SELECT p AS p, 1001 + p * 7919 % accounts AS account,
	10 * zipf(p, 19, items / 10) - (p - 1) / accounts AS item,
	now - 94608000000 + p * (94600000000 / purchases) AS ms FROM p, at;
INSERT INTO purchase (id, uuid, account, created_ms, total, seller,
	request_hash)
	SELECT p, uuid(ms, p, 25), account, ms, price, 1, hash(p, 28)
	FROM sale JOIN item ON item.id = sale.item;
INSERT INTO purchase_line (purchase, position, item, title, price)
	SELECT p, 0, item, title, price
	FROM sale JOIN item ON item.id = sale.item;
UPDATE item_sales SET sold = item_sales.sold + l.sold,
	paid = item_sales.paid + l.paid FROM (SELECT sale.item AS item,
	count(*) AS sold, sum(price) AS paid
	FROM sale JOIN item ON item.id = sale.item GROUP BY 1) l
	WHERE l.item = item_sales.item;
INSERT INTO transfer (id, at_ms, debit_account, credit_account, amount, kind,
	reference)
	SELECT accounts + p, ms, account, 2, price, 2, p
	FROM at, sale JOIN item ON item.id = sale.item;

-- The same by account, as that tree is.
CREATE TEMP TABLE owner AS SELECT account, p, item FROM sale ORDER BY account;
INSERT INTO holding (account, kind, key, purchase)
	SELECT account, 1, substr(hex(uuid(p, p, 27)), 1, 24), p FROM owner;
INSERT INTO holding (account, kind, key, source, purchase, created_ms,
	sequence, grant_seed)
	SELECT account, 3, item, 1, p, now - 94608000000 + p * (94600000000
	/ purchases), items, uuid(p, p, 26) FROM owner, at;
COMMIT;

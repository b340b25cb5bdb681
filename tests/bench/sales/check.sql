-- What must be true after the sales of a run.  acked: the accounts and keys of
-- all requests that were answered with 201.  One line for each fault.

CREATE TEMP TABLE acked (account INTEGER, key TEXT);
.mode tabs
.import acked acked

SELECT 'an acknowledged sale is missing: ' || count(*) FROM acked a
	LEFT JOIN purchase_key k ON k.account = a.account AND k.key = a.key
	WHERE k.key IS NULL HAVING count(*) > 0;
SELECT 'sales that nobody was told of: ' ||
	((SELECT count(*) FROM purchase_key) - (SELECT count(*) FROM acked))
	WHERE (SELECT count(*) FROM purchase_key) <>
	(SELECT count(*) FROM (SELECT DISTINCT account, key FROM acked));
SELECT 'keys and purchases are not one to one' WHERE
	(SELECT count(*) FROM purchase) <>
	(SELECT count(DISTINCT purchase) FROM purchase_key);
SELECT 'receipt numbers have gaps' WHERE
	(SELECT count(*) FROM purchase) <> (SELECT max(id) FROM purchase);
SELECT 'sales of items are not the lines' WHERE
	(SELECT sum(sold) FROM item_sales) <>
	(SELECT count(*) FROM purchase_line);
SELECT 'lines and entitlements differ' WHERE
	(SELECT count(*) FROM entitlement) <>
	(SELECT count(*) FROM purchase_line);
SELECT 'sales are not paid for exactly once' WHERE
	(SELECT sum(amount) FROM transfer WHERE kind = 2) <>
	(SELECT sum(total) FROM purchase) OR
	(SELECT count(*) FROM transfer WHERE kind = 2) <>
	(SELECT count(*) FROM purchase);
SELECT 'balances that are not the sum of transfers: ' || count(*)
	FROM account_balance a LEFT JOIN (SELECT account, sum(amount) AS amount
	FROM (SELECT credit_account AS account, amount FROM transfer UNION ALL
	SELECT debit_account, -amount FROM transfer) GROUP BY account) t
	ON t.account = a.account
	WHERE a.balance <> coalesce(t.amount, 0) HAVING count(*) > 0;
SELECT 'purchases of accounts are not the purchases' WHERE EXISTS
	(SELECT account, id FROM purchase
	EXCEPT SELECT account, purchase FROM account_purchase) OR
	(SELECT count(*) FROM account_purchase) <>
	(SELECT count(*) FROM purchase);
SELECT * FROM pragma_foreign_key_check LIMIT 1;

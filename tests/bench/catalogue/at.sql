-- What the other files of this folder share: the books of a large shop, made out
-- of new ones by fill, with the functions of words.c.  The daemon must not run.
--
--	items.sql	setting('items') items, a file each
--	buyers.sql	setting('accounts') accounts, no multiple of 7919
--	sales.sql	setting('purchases') purchases for each account, up to 10,
--			of one item each: those from the setting('first')-th to
--			the setting('last')-th
--
-- Purchase p, counted from 1, is of account 1000 + 1 + p * 7919 % accounts, so
-- that who buys next is as good as random; an account's k-th is of an item with
-- the number 10 * x - k, so that none has one twice.

PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -1000000;
CREATE TEMP TABLE at AS SELECT setting('items') AS items,
	setting('accounts') AS accounts,
	setting('accounts') * setting('purchases') AS purchases,
	CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS now,
	inverse(7919, setting('accounts')) AS back;
CREATE TEMP TABLE k (k INTEGER PRIMARY KEY);
INSERT INTO k WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n
	WHERE n + 1 < setting('purchases')) SELECT n FROM n;

-- See at.sql.

BEGIN;
-- What is sold.  3% cannot be bought: drafts, withdrawn, not yet released.
INSERT INTO item (id, uuid, kind, state, title, creator, genre, released,
	price, created_ms, published_ms, sold_sequence, description)
	WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
	WHERE n < (SELECT items FROM at))
	SELECT n, uuid(now - 94608000000 + n, n, 1),
	CASE WHEN n % 50 = 0 THEN 1 WHEN chance(n, 2) < 0.7 THEN 0
	ELSE 2 + CAST(chance(n, 3) * 6 AS INTEGER) END,
	CASE WHEN chance(n, 4) < 0.01 THEN 0 WHEN chance(n, 4) < 0.02 THEN 2
	ELSE 1 END,
	words(n, 5, 1, 5), words(zipf(n, 6, 1 + items / 15), 7, 2, 3),
	CASE WHEN chance(n, 8) < 0.9 THEN words(zipf(n, 9, 200), 10, 1, 2) END,
	CASE WHEN chance(n, 11) < 0.01 THEN '9999-01-01'
	WHEN chance(n, 11) < 0.8 THEN date(1262304000 +
	CAST(chance(n, 12) * 500000000 AS INTEGER), 'unixepoch') END,
	1 + CAST(chance(n, 13) * 1999 AS INTEGER),
	now - 94608000000 + n,
	CASE WHEN chance(n, 4) < 0.01 THEN 0 ELSE now - 94608000000 + n * 90000
	% 94000000000 END, items,
	CASE WHEN chance(n, 14) < 0.4 THEN words(n, 15, 5, 80) END
	FROM n, at;
INSERT INTO file (id, uuid, item, name, media_type, stored_version)
	SELECT id, uuid(created_ms, id, 16), id, 'file-' || id || '.ogg',
	'audio/ogg', id FROM item;
INSERT INTO version (id, uuid, file, number, state, size, plain_hash, object,
	sealed_size, master_key, created_ms, stored_sequence, bought, local)
	SELECT id, uuid(created_ms, id, 17), id, 1, 1, 3000000 + id,
	hash(id, 18), hash(id, 22), 3001000 + id, '1', created_ms, id, 1, 0
	FROM item;
INSERT INTO item_content (container, item, position, since_sequence)
	SELECT i.id, i.id + c.k + 1, c.k, 0 FROM item i, k c, at
	WHERE i.id % 50 = 0 AND i.id + c.k + 1 <= items;
INSERT INTO item_inside (container, item, since_sequence, until_sequence)
	SELECT container, item, since_sequence, until_sequence
	FROM item_content;
UPDATE shop SET sequence = (SELECT items FROM at);
COMMIT;

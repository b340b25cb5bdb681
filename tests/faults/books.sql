-- What must be true of a shop's books at any time, and of what it answered.
-- Every SELECT gives a row for each thing that is wrong: "what: about whom".
-- Knows the schema and nothing of commerced.  check-books.sh runs it, with the
-- marks in mark (word, a, b, c, d): its head says what they are.

-- What accounts are due: lines paid and not refunded; of gifts and fulfilments
-- claimed, what was not owned already.
CREATE TEMP VIEW due AS
	SELECT p.account, l.item, 1 AS source, p.id AS purchase
	FROM purchase p JOIN account a ON a.id = p.account
	JOIN purchase_line l ON l.purchase = p.id
	WHERE p.is_gift = 0 AND l.status = 0
	UNION ALL
	SELECT c.claimed_by, i.item, c.kind, c.purchase
	FROM claim c JOIN account a ON a.id = c.claimed_by
	JOIN claim_item i ON i.claim = c.id AND i.granted = 1
	WHERE NOT EXISTS (SELECT 1 FROM purchase_line l
		WHERE l.purchase = c.purchase AND l.item = i.item
		AND l.status <> 0);

-- What is in what, albums in bundles too, since and until when.
CREATE TEMP VIEW inside AS
	SELECT container, item, min(since_sequence) AS since_sequence,
		until_sequence FROM (
		SELECT container, item, since_sequence, until_sequence
		FROM item_content
		UNION ALL
		SELECT above.container, below.item,
			max(above.since_sequence, below.since_sequence),
			min(above.until_sequence, below.until_sequence)
		FROM item_content above JOIN item_content below
		ON below.container = above.item
		WHERE below.item <> above.container
		AND below.until_sequence > above.since_sequence)
	GROUP BY container, item, until_sequence;

-- The files of what accounts are due, albums expanded.
CREATE TEMP VIEW given AS
	SELECT DISTINCT o.account, f.uuid AS file FROM (
		SELECT d.account, d.item, e.sequence AS since FROM due d
		JOIN entitlement e USING (account, item)
		UNION ALL
		SELECT d.account, n.item, max(e.sequence, n.since_sequence)
		FROM due d JOIN entitlement e USING (account, item)
		JOIN inside n ON n.container = d.item
		AND n.until_sequence > e.sequence) o
	JOIN file f ON f.item = o.item AND f.stored_version IS NOT NULL
	AND (f.removed_sequence IS NULL OR f.removed_sequence > o.since);

CREATE TEMP VIEW moved AS
	SELECT account, sum(amount) AS amount FROM (
		SELECT credit_account AS account, amount FROM transfer
		UNION ALL
		SELECT debit_account, -amount FROM transfer)
	GROUP BY account;

-- --- the books alone ---------------------------------------------------------

SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check
	WHERE integrity_check <> 'ok';
SELECT 'foreign keys: ' || "table" FROM pragma_foreign_key_check;

SELECT 'a balance is not what the ledger says: ' || a.id
	FROM account a LEFT JOIN account_balance b ON b.account = a.id
	LEFT JOIN moved m ON m.account = a.id
	WHERE b.balance IS NOT coalesce(m.amount, 0);
SELECT 'who has gone has money: ' || m.account FROM moved m
	WHERE m.account > 2 AND m.amount <> 0
	AND m.account NOT IN (SELECT id FROM account);
SELECT 'who has gone holds something: ' || account FROM holding
	WHERE account NOT IN (SELECT id FROM account);
SELECT 'the ledger names nobody: ' || account FROM moved
	WHERE account NOT IN (SELECT id FROM ledger_account);
SELECT 'a purchase is of nobody: ' || id FROM purchase
	WHERE account NOT IN (SELECT id FROM ledger_account WHERE kind = 3);

SELECT 'a receipt number is missing: ' || count(*) || ' to ' || max(id)
	FROM purchase HAVING count(*) <> max(id);
SELECT 'a total is not that of its lines: ' || p.id FROM purchase p
	LEFT JOIN (SELECT purchase, sum(price - deducted) AS total
		FROM purchase_line GROUP BY purchase) l ON l.purchase = p.id
	WHERE p.total IS NOT l.total;
SELECT 'a purchase is not paid once: ' || p.id FROM purchase p
	LEFT JOIN (SELECT reference, debit_account, sum(amount) AS amount,
		count(*) AS count FROM transfer
		WHERE kind = 2 AND credit_account = 2
		GROUP BY reference) t ON t.reference = p.id
	WHERE p.total IS NOT coalesce(t.amount, 0) OR t.count > 1
	OR t.debit_account <> p.account;
SELECT 'a sale is in the ledger and nowhere else: ' || id FROM transfer
	WHERE kind = 2 AND reference NOT IN (SELECT id FROM purchase);
SELECT 'a key was charged twice, or none was: receipt ' || p.id
	FROM purchase p JOIN account a ON a.id = p.account
	LEFT JOIN purchase_key k ON k.purchase = p.id
	GROUP BY p.id HAVING count(k.key) <> 1;
SELECT 'a key names no purchase of its account: ' || k.key
	FROM purchase_key k LEFT JOIN purchase p ON p.id = k.purchase
	WHERE p.account IS NOT k.account;
SELECT 'an account lacks a purchase: ' || account || ' ' || id
	FROM (SELECT p.account, p.id FROM purchase p
	JOIN account a ON a.id = p.account
	EXCEPT SELECT account, purchase FROM account_purchase);
SELECT 'an account has a purchase of another: ' || account || ' ' || purchase
	FROM (SELECT account, purchase FROM account_purchase
	EXCEPT SELECT account, id FROM purchase);
SELECT 'the id of a receipt tells another time: ' || id FROM purchase
	WHERE hex(substr(uuid, 1, 6)) <> format('%012X', created_ms);
SELECT 'sales of an item are not its lines: ' || s.item FROM item_sales s
	LEFT JOIN (SELECT item, count(*) AS sold,
		sum(price - deducted) AS paid, sum(status = 2) AS returned,
		sum((status = 2) * (price - deducted)) AS refunded
		FROM purchase_line GROUP BY item) l ON l.item = s.item
	WHERE (s.sold, s.paid, s.returned, s.refunded) <>
	(coalesce(l.sold, 0), coalesce(l.paid, 0), coalesce(l.returned, 0),
	coalesce(l.refunded, 0));
SELECT 'a receipt has no seller, or a gift no code: ' || p.id
	FROM purchase p LEFT JOIN claim c ON c.purchase = p.id
	GROUP BY p.id HAVING p.seller IS NULL OR p.is_gift <> count(c.id);

SELECT 'what was paid or claimed gives nothing: ' || account || ' ' || item
	FROM (SELECT * FROM due EXCEPT
	SELECT account, item, source, purchase FROM entitlement);
SELECT 'something is owned that nobody paid or claimed: ' || account || ' '
	|| item FROM (SELECT account, item, source, purchase FROM entitlement
	EXCEPT SELECT * FROM due);
SELECT 'an album does not give what it contains: ' || container || ' ' || item
	FROM (SELECT * FROM inside EXCEPT
	SELECT container, item, since_sequence, until_sequence
	FROM item_inside);
SELECT 'an album gives what it does not contain: ' || container || ' ' || item
	FROM (SELECT container, item, since_sequence, until_sequence
	FROM item_inside EXCEPT SELECT * FROM inside);
SELECT 'a claim gives without being claimed: ' || c.id
	FROM claim c JOIN claim_item i ON i.claim = c.id
	WHERE c.claimed_by IS NULL AND i.granted = 1;

SELECT 'a deduction is not what the line says: ' || l.purchase
	FROM purchase_line l LEFT JOIN deduction d
	ON d.purchase = l.purchase AND d.position = l.position
	GROUP BY l.purchase, l.position
	HAVING l.deducted <> coalesce(sum(d.amount), 0);
SELECT 'what was deducted was paid back: ' || d.paid_purchase FROM deduction d
	JOIN purchase_line l ON l.purchase = d.purchase
	AND l.position = d.position
	JOIN purchase_line paid ON paid.purchase = d.paid_purchase
	AND paid.position = d.paid_position
	WHERE l.status = 0 AND paid.status <> 0;
SELECT 'a refund is not that of its lines: ' || r.id FROM refund r
	LEFT JOIN (SELECT purchase, refund, sum(price - deducted) AS amount
		FROM purchase_line WHERE status = 2
		GROUP BY purchase, refund) l
	ON l.purchase = r.purchase AND l.refund = r.id
	WHERE r.amount IS NOT l.amount;
SELECT 'a refund is not paid back once: ' || r.id FROM refund r
	JOIN purchase p ON p.id = r.purchase
	LEFT JOIN (SELECT reference, credit_account, sum(amount) AS amount,
		count(*) AS count FROM transfer
		WHERE kind = 3 AND debit_account = 2
		GROUP BY reference) t ON t.reference = r.id
	WHERE r.amount IS NOT coalesce(t.amount, 0) OR t.count > 1
	OR t.credit_account <> p.account;
SELECT 'money came back without a refund: ' || id FROM transfer
	WHERE kind = 3 AND reference NOT IN (SELECT id FROM refund);
SELECT 'a line is refunded without a refund: ' || purchase
	FROM purchase_line WHERE (status = 2) <> (refund IS NOT NULL);
SELECT 'a receipt has not the status of its lines: ' || p.id
	FROM purchase p JOIN purchase_line l ON l.purchase = p.id
	GROUP BY p.id HAVING p.status <> CASE sum(l.status = 2)
	WHEN 0 THEN 0 WHEN count(*) THEN 2 ELSE 1 END;

SELECT 'a redeemed code was not credited once: ' || c.id FROM gift_code c
	JOIN gift_batch b ON b.id = c.batch
	LEFT JOIN (SELECT reference, credit_account, sum(amount) AS amount
		FROM transfer WHERE kind = 1 AND debit_account = 1
		GROUP BY reference) t ON t.reference = c.id
	WHERE coalesce(t.amount, 0) <> b.amount * (c.redeemed_by IS NOT NULL)
	OR t.credit_account IS NOT c.redeemed_by;
SELECT 'a credit has no code: ' || id FROM transfer
	WHERE kind = 1 AND reference NOT IN (SELECT id FROM gift_code);

-- --- what was answered -------------------------------------------------------

SELECT 'an account is missing: ' || a FROM mark WHERE word = 'registered'
	AND a NOT IN (SELECT email FROM account);
SELECT 'gift codes are missing: ' || max(CAST(a AS INTEGER)) FROM mark
	WHERE word = 'issued'
	HAVING max(CAST(a AS INTEGER)) > (SELECT count(*) FROM gift_code);
SELECT 'codes redeemed are missing: ' || s.a FROM mark s
	WHERE s.word = 'redeemed' AND CAST(s.b AS INTEGER) >
	(SELECT count(*) FROM account o JOIN gift_code c
	ON c.redeemed_by = o.id WHERE o.email = s.a);
SELECT 'uploads are missing: ' || max(CAST(a AS INTEGER)) FROM mark
	WHERE word = 'uploaded'
	HAVING max(CAST(a AS INTEGER)) > (SELECT count(*) FROM version);
SELECT 'an upload that was accepted is missing: ' || a FROM mark
	WHERE word = 'kept' AND a NOT IN
	(SELECT lower(hex(object)) FROM version WHERE state IN (0, 1));

SELECT 'a sale that was answered is missing: ' || s.a FROM mark s
	WHERE s.word = 'paid' AND s.b IS NULL
	AND s.a NOT IN (SELECT key FROM purchase_key);
SELECT 'a sale that was answered is missing: ' || key FROM (
	SELECT a AS key, b, c, d FROM mark
	WHERE word = 'paid' AND b IS NOT NULL
	EXCEPT SELECT k.key, lower(hex(o.uuid)), lower(hex(p.uuid)),
		p.id || '/' || p.total
	FROM purchase_key k JOIN purchase p ON p.id = k.purchase
	JOIN account o ON o.id = k.account);
SELECT 'nobody asked for the purchase: ' || key FROM purchase_key
	WHERE EXISTS (SELECT 1 FROM mark)
	AND key NOT IN (SELECT a FROM mark WHERE word = 'paying');
SELECT 'more was bought than was asked for: ' || lower(hex(o.uuid))
	FROM account o JOIN (SELECT account, count(*) AS count FROM purchase
		GROUP BY account) p ON p.account = o.id
	JOIN (SELECT b, count(DISTINCT a) AS count FROM mark
		WHERE word = 'paying' AND b IS NOT NULL GROUP BY b) s
	ON s.b = lower(hex(o.uuid))
	WHERE p.count > s.count;

SELECT 'a refund that was answered is missing: ' || key FROM (
	SELECT a AS key, b, c, d FROM mark WHERE word = 'refunded'
	EXCEPT SELECT k.key, lower(hex(p.uuid)), lower(hex(r.uuid)),
		CAST(r.amount AS TEXT)
	FROM admin_key k JOIN refund r ON r.id = k.reference
	JOIN purchase p ON p.id = r.purchase
	WHERE k.scope LIKE '%/refund');
SELECT 'more was refunded than was asked for: ' || lower(hex(p.uuid))
	FROM purchase p JOIN (SELECT purchase, count(*) AS count FROM refund
		GROUP BY purchase) r ON r.purchase = p.id
	LEFT JOIN (SELECT b, count(DISTINCT a) AS count FROM mark
		WHERE word = 'refunding' GROUP BY b) s
	ON s.b = lower(hex(p.uuid))
	WHERE EXISTS (SELECT 1 FROM mark)
	AND r.count > coalesce(s.count, 0);

SELECT 'a code that was redeemed is not: ' || code FROM (
	SELECT a AS code, b, c FROM mark WHERE word = 'took'
	EXCEPT SELECT lower(hex(c.lookup)), lower(hex(o.uuid)),
		CAST(b.amount AS TEXT)
	FROM gift_code c JOIN gift_batch b ON b.id = c.batch
	JOIN account o ON o.id = c.redeemed_by);
SELECT 'a code was redeemed by who did not ask: ' || code FROM (
	SELECT lower(hex(c.lookup)) AS code, lower(hex(o.uuid))
	FROM gift_code c JOIN account o ON o.id = c.redeemed_by
	WHERE EXISTS (SELECT 1 FROM mark WHERE word = 'taking')
	EXCEPT SELECT a, b FROM mark WHERE word = 'taking');
SELECT 'a code of gifts or fulfilments is missing: ' || code FROM (
	SELECT a AS code, b FROM mark WHERE word = 'gave'
	EXCEPT SELECT lower(hex(c.lookup)), lower(hex(coalesce(p.uuid, c.uuid)))
	FROM claim c LEFT JOIN purchase p ON p.id = c.purchase);
SELECT 'a claim that was answered is missing: ' || code FROM (
	SELECT a AS code, b FROM mark WHERE word = 'claimed'
	EXCEPT SELECT lower(hex(c.lookup)), lower(hex(o.uuid))
	FROM claim c JOIN account o ON o.id = c.claimed_by);
SELECT 'a code was claimed twice: ' || a FROM mark WHERE word = 'claimed'
	GROUP BY a HAVING count(DISTINCT b) > 1;
SELECT 'a code was claimed by who did not ask: ' || code FROM (
	SELECT lower(hex(c.lookup)) AS code, lower(hex(o.uuid))
	FROM claim c JOIN account o ON o.id = c.claimed_by
	WHERE EXISTS (SELECT 1 FROM mark WHERE word = 'claiming')
	EXCEPT SELECT a, b FROM mark WHERE word = 'claiming');
SELECT 'more fulfilments than were asked for: ' || count(*) FROM claim
	WHERE kind = 3 AND EXISTS (SELECT 1 FROM mark)
	HAVING count(*) > (SELECT count(DISTINCT a) FROM mark
	WHERE word = 'giving');

-- --- what the daemon says is owned -------------------------------------------

SELECT 'the library lacks a file: ' || account || ' ' || file FROM (
	SELECT lower(hex(o.uuid)) AS account, lower(hex(g.file)) AS file
	FROM given g JOIN account o ON o.id = g.account
	WHERE lower(hex(o.uuid)) IN (SELECT a FROM mark WHERE word = 'reads')
	EXCEPT SELECT a, b FROM mark WHERE word = 'owns');
SELECT 'the library has a file too many: ' || account || ' ' || file FROM (
	SELECT a AS account, b AS file FROM mark WHERE word = 'owns'
	EXCEPT SELECT lower(hex(o.uuid)), lower(hex(g.file))
	FROM given g JOIN account o ON o.id = g.account);

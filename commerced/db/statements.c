#include "commerced/db/statements.h"

#include "commerced/db/fragments.h"

static const char *const books_sql[STMT_SEARCH_API] = {
	[STMT_APPLICATION_ID] = "PRAGMA application_id",
	[STMT_TABLE_COUNT] = "SELECT count(*) FROM sqlite_schema",
	[STMT_SCHEMA_VERSION] = "PRAGMA user_version",
	[STMT_JOURNAL_MODE] = "PRAGMA journal_mode",
	[STMT_FOREIGN_KEY_CHECK] = "PRAGMA foreign_key_check",
	[STMT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[STMT_BEGIN_READ] = "BEGIN",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_SAVEPOINT] = "SAVEPOINT job",
	[STMT_SAVEPOINT_RELEASE] = "RELEASE job",
	[STMT_SAVEPOINT_UNDO] = "ROLLBACK TO job",

	[STMT_SHOP_GET] =
	    "SELECT commerce_id, currency FROM shop WHERE id = 1",
	[STMT_SHOP_ADD] =
	    "INSERT INTO shop (id, commerce_id, currency, created_ms)"
	    " VALUES (1, ?1, ?2, ?3)",
	[STMT_SEQUENCE_GET] = "SELECT sequence FROM shop WHERE id = 1",
	[STMT_SEQUENCE_NEXT] =
	    "UPDATE shop SET sequence = sequence + 1 WHERE id = 1"
	    " RETURNING sequence",
	[STMT_LEDGER_ACCOUNT_ADD] =
	    "INSERT INTO ledger_account (kind) VALUES (3)",
	[STMT_BALANCE_ADD] =
	    "INSERT INTO holding (account, kind, key, balance)"
	    " VALUES (?1, 0, 0, 0)",
	[STMT_BALANCE_GET] =
	    "SELECT balance FROM holding WHERE account = ?1 AND kind = 0"
	    " AND key = 0",
	[STMT_BALANCE_CHANGE] =
	    "UPDATE holding SET balance = balance + ?2"
	    " WHERE account = ?1 AND kind = 0 AND key = 0",
	[STMT_TRANSFER_ADD] =
	    "INSERT INTO transfer (at_ms, debit_account, credit_account,"
	    " amount, kind, reference) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_ADMIN_KEY_GET] =
	    "SELECT request_hash, reference FROM admin_key"
	    " WHERE scope = ?1 AND key = ?2",
	[STMT_ADMIN_KEY_ADD] =
	    "INSERT INTO admin_key (scope, key, request_hash, reference,"
	    " created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
	[STMT_ADMIN_KEY_FORGET] =
	    "DELETE FROM admin_key WHERE created_ms <= ?1",

	[STMT_ACCOUNT_ADD] =
	    "INSERT INTO account (id, uuid, email, password_n_log2,"
	    " password_r, password_p, password_salt, password_hash, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STMT_ACCOUNT_GET] =
	    "SELECT a.id, a.uuid, a.email, b.balance, a.created_ms"
	    " FROM account a JOIN account_balance b ON b.account = a.id"
	    " WHERE a.id = ?1",
	[STMT_CREDENTIALS_BY_EMAIL] =
	    "SELECT id, password_n_log2, password_r, password_p,"
	    " password_salt, password_hash FROM account WHERE email = ?1",
	[STMT_CREDENTIALS_GET] =
	    "SELECT id, password_n_log2, password_r, password_p,"
	    " password_salt, password_hash FROM account WHERE id = ?1",
	[STMT_SESSION_ADD] =
	    "INSERT INTO session (account, uuid, token_hash, created_ms,"
	    " used_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
	[STMT_SESSION_BY_TOKEN] =
	    "SELECT id, uuid, account, created_ms, used_ms, expires_ms"
	    " FROM session WHERE token_hash = ?1",
	[STMT_SESSION_TOUCH] =
	    "UPDATE session SET used_ms = ?2, expires_ms = ?3"
	    " WHERE id = ?1 AND expires_ms > ?2 AND expires_ms <= ?3",
	[STMT_SESSION_LIST] =
	    "SELECT id, uuid, account, created_ms, used_ms, expires_ms"
	    " FROM session WHERE account = ?1 AND expires_ms > ?2",
	[STMT_SESSION_END] =
	    "DELETE FROM session WHERE account = ?1 AND uuid = ?2"
	    " AND expires_ms > ?3 RETURNING id",
	[STMT_SESSION_FORGET_EXPIRED] =
	    "DELETE FROM session WHERE account = ?1 AND expires_ms <= ?2",
	[STMT_ACCOUNT_BY_ID] = "SELECT id FROM account WHERE uuid = ?1",
	[STMT_ACCOUNT_SET_EMAIL] =
	    "UPDATE account SET email = ?2 WHERE id = ?1",
	[STMT_ACCOUNT_SET_PASSWORD] =
	    "UPDATE account SET password_n_log2 = ?2, password_r = ?3,"
	    " password_p = ?4, password_salt = ?5, password_hash = ?6"
	    " WHERE id = ?1",
	[STMT_SESSION_END_OTHERS] =
	    "DELETE FROM session WHERE account = ?1 AND id <> ?2",
	[STMT_RESET_CODE_SET] =
	    "INSERT INTO reset_code (account, lookup, expires_ms)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT (account) DO UPDATE"
	    " SET lookup = excluded.lookup, expires_ms = excluded.expires_ms",
	[STMT_RESET_CODE_GET] =
	    "SELECT account, expires_ms FROM reset_code WHERE lookup = ?1",
	[STMT_RESET_CODE_REMOVE] =
	    "DELETE FROM reset_code WHERE account = ?1",

	[STMT_PERSON_FORGET] =
	    "DELETE FROM completion WHERE account = ?1",
	    "DELETE FROM holding WHERE account = ?1",
	    "DELETE FROM reset_code WHERE account = ?1",
	    "DELETE FROM session WHERE account = ?1",
	    "DELETE FROM account WHERE id = ?1",
	[STMT_PERSON_OWNED] =
	    "SELECT i.uuid, i.title, e.source, e.created_ms FROM entitlement e"
	    " JOIN item i ON i.id = e.item WHERE e.account = ?1"
	    " ORDER BY e.created_ms, e.item",
	/* What came is positive, what went is negative. */
	[STMT_PERSON_TRANSFERS] =
	    "SELECT at_ms, kind, CASE WHEN credit_account = ?1 THEN amount"
	    " ELSE -amount END FROM transfer"
	    " WHERE debit_account = ?1 OR credit_account = ?1 ORDER BY id",
	[STMT_PERSON_KEYS] =
	    "SELECT key FROM purchase_key WHERE account = ?1 ORDER BY key",
	[STMT_PERSON_CLAIMS] =
	    "SELECT kind, reference, claimed_ms FROM claim"
	    " WHERE claimed_by = ?1 ORDER BY id",
	[STMT_PERSON_REFUNDS] =
	    "SELECT p.id, r.amount, r.reason, r.created_ms FROM purchase p"
	    " JOIN refund r ON r.purchase = p.id WHERE p.account = ?1"
	    " ORDER BY r.id",
	[STMT_PERSON_RESET] =
	    "SELECT expires_ms FROM reset_code WHERE account = ?1",

	[STMT_ITEM_ADD] =
	    "INSERT INTO item (uuid, kind, state, title, creator, genre,"
	    " description, released, price, created_ms)"
	    " VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STMT_ITEM_GET] =
	    "SELECT " ITEM_COLUMNS " FROM item WHERE item.uuid = ?1",
	[STMT_ITEM_CHANGE] =
	    "UPDATE item SET kind = ?2, title = ?3, creator = ?4, genre = ?5,"
	    " description = ?6, released = ?7, price = ?8 WHERE id = ?1",
	[STMT_ITEM_SET_STATE] =
	    "UPDATE item SET state = ?2, published_ms = ?3 WHERE id = ?1",
	[STMT_ITEM_OWNED] =
	    "SELECT 1 FROM entitlement WHERE account = ?1 AND item = ?2",
	[STMT_ITEM_OWNED_INSIDE] =
	    "SELECT 1 FROM item_inside n CROSS JOIN entitlement e"
	    " ON e.account = ?1 AND e.item = +n.container"
	    " AND e.sequence < n.until_sequence WHERE n.item = ?2 LIMIT 1",
	[STMT_FILES_FOR_SALE] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value JOIN version v ON v.id = f.stored_version"
	    " WHERE f.removed_sequence IS NULL ORDER BY j.key, f.id",
	[STMT_FILES_NEWEST] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value" NEWEST_VERSION " WHERE " FILE_IS_LISTED
	    " ORDER BY j.key, f.id",
	[STMT_FILES_NOT_READY] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value" NEWEST_VERSION " WHERE " FILE_IS_LISTED
	    " AND (f.stored_version IS NULL OR f.removed_sequence IS NOT NULL)"
	    " ORDER BY j.key, f.id",

	[STMT_ITEM_LIST] =
	ITEM_PAGES("(item.published_ms, item.id) < (?6, ?7)",
	    "item.published_ms DESC, item.id DESC"),
	ITEM_PAGES("(item.title, item.id) > (?6, ?7)",
	    "item.title, item.id"),
	ITEM_PAGES("(item.creator, item.id) > (?6, ?7)",
	    "item.creator, item.id"),
	ITEM_PAGES("(item.price, item.id) > (?6, ?7)",
	    "item.price, item.id"),
	ITEM_PAGES("?6 IS NOT NULL AND item.id < ?7",
	    "item.id DESC"),
	[STMT_ITEM_LIST_POPULAR] = ITEM_POPULAR_PAGE,
	[STMT_ITEM_COUNT_GENRE] =
	    "SELECT count(*) FROM (SELECT 1 FROM item WHERE genre = ?1"
	    " LIMIT ?2)",
	[STMT_ITEM_COUNT_KIND] =
	    "SELECT count(*) FROM (SELECT 1 FROM item WHERE kind = ?1"
	    " LIMIT ?2)",

	[STMT_ERA_GET] =
	    "SELECT search_era FROM shop WHERE search_era IS NOT NULL",
	[STMT_ERA_SET] = "UPDATE shop SET search_era = ?1 WHERE id = 1",
	[STMT_CHANGE_LAST] = "SELECT coalesce(max(change), 0) FROM item",
	[STMT_PURCHASE_LAST] = "SELECT coalesce(max(id), 0) FROM purchase",
	[STMT_SOLD_LIST] =
	    "SELECT item, sold FROM item_sales WHERE item > ?1"
	    " ORDER BY item LIMIT ?2",
	[STMT_ITEM_GET_NUMBER] =
	    "SELECT " ITEM_COLUMNS " FROM item WHERE item.id = ?1",
	[STMT_ITEM_GET_CHANGED] =
	    "SELECT " ITEM_COLUMNS ", item.change FROM item"
	    " WHERE item.change > ?1 ORDER BY item.change LIMIT 1",
	[STMT_ITEMS_LISTED] =
	    "SELECT j.key, " ITEM_COLUMNS OF_EACH_ITEM " item"
	    " ON item.id = j.value WHERE ?2 OR (item.state = 1"
	    " AND (item.released IS NULL OR item.released <= ?3))",

	[STMT_CONTENTS_LIST] =
	    "SELECT j.key, i.uuid" OF_EACH_ITEM " item_content c"
	    " ON c.container = j.value JOIN item i ON i.id = c.item"
	    " WHERE " IS_IN_NOW("c") " ORDER BY j.key, c.position",
	[STMT_CONTENTS_TAKE_OUT] =
	    "UPDATE item_content AS c SET until_sequence = ?2"
	    " WHERE c.container = ?1 AND " IS_IN_NOW("c"),
	[STMT_CONTENTS_PUT_IN] =
	    "INSERT INTO item_content (container, item, position,"
	    " since_sequence) SELECT ?1, i.id, ?3, coalesce("
	    "(SELECT c.since_sequence FROM item_content c"
	    " WHERE c.container = ?1 AND c.item = i.id"
	    " AND c.until_sequence = ?4), ?4)"
	    " FROM item i WHERE i.uuid = ?2 AND i.id <> ?1"
	    " ON CONFLICT (container, item, since_sequence) DO UPDATE SET"
	    " position = excluded.position,"
	    " until_sequence = excluded.until_sequence",
	/* Of ?1 and of what contains it. */
	[STMT_INSIDE_FORGET] =
	    "DELETE FROM item_inside WHERE container IN "
	    ITEM_AND_CONTAINERS,
	[STMT_INSIDE_MAKE] =
	    "INSERT INTO item_inside (container, item, since_sequence,"
	    " until_sequence) SELECT container, item, min(since), until FROM "
	    INSIDE_OF_TWO_LEVELS " GROUP BY container, item, until",
	/* What has nothing to give, of what is in it now. */
	[STMT_CONTENTS_EMPTY] =
	    "SELECT i.uuid FROM item_inside n JOIN item i ON i.id = n.item"
	    " WHERE n.container = ?1 AND " IS_IN_NOW("n")
	    " AND NOT EXISTS (SELECT 1 FROM file f WHERE f.item = i.id"
	    " AND f.removed_sequence IS NULL"
	    " AND f.stored_version IS NOT NULL)"
	    " AND NOT EXISTS (SELECT 1 FROM item_content c"
	    " WHERE c.container = i.id AND " IS_IN_NOW("c") ")"
	    " ORDER BY i.id",
	/* A way of three steps, as every cycle has one, from ?1 or from what
	 * is on sale and contains it. */
	[STMT_CONTENTS_TOO_DEEP] =
	    "SELECT 1 FROM (SELECT ?1 AS id UNION"
	    " SELECT n.container FROM item_inside n"
	    " JOIN item i ON i.id = n.container"
	    " WHERE n.item = ?1 AND i.state = 1 AND " IS_IN_NOW("n") ") top"
	    " CROSS JOIN item_content a ON a.container = top.id"
	    " AND " IS_IN_NOW("a")
	    " CROSS JOIN item_content b ON b.container = a.item"
	    " AND " IS_IN_NOW("b")
	    " CROSS JOIN item_content c ON c.container = b.item"
	    " AND " IS_IN_NOW("c") " LIMIT 1",
	/* Is it on sale, or part of what is?  Sold, or part of what was? */
	[STMT_ITEM_OFFER] =
	    "SELECT max(i.state = 1), max(i.sold_sequence > 0) FROM item i"
	    " WHERE i.id = ?1 OR i.id IN (SELECT n.container"
	    " FROM item_inside n WHERE n.item = ?1 AND " IS_IN_NOW("n") ")",
	[STMT_ITEM_IS_INSIDE] =
	    "SELECT 1 FROM item_inside n WHERE n.container = ?1"
	    " AND n.item = ?2 AND " IS_IN_NOW("n"),
	/* Gifts, claims and what was free have no line with a price here. */
	[STMT_DEDUCTION_LIST] =
	    "SELECT l.purchase, l.position, min(i.price,"
	    " l.price - l.deducted) AS amount FROM item_inside n"
	    " CROSS JOIN entitlement e ON e.account = ?1"
	    " AND e.item = +n.item AND e.source = 1"
	    " JOIN item i ON i.id = n.item"
	    " JOIN purchase_line l ON l.purchase = e.purchase"
	    " AND l.item = n.item AND l.status = 0"
	    " WHERE n.container = ?2 AND " IS_IN_NOW("n")
	    " AND min(i.price, l.price - l.deducted) > 0"
	    " ORDER BY l.purchase, l.position",
	[STMT_DEDUCTION_ADD] =
	    "INSERT INTO deduction (purchase, position, paid_purchase,"
	    " paid_position, amount) VALUES (?1, ?2, ?3, ?4, ?5)",

	[STMT_FILE_BY_NAME] =
	    "SELECT id, uuid, media_type, removed_sequence IS NOT NULL,"
	    " stored_version IS NOT NULL FROM file"
	    " WHERE item = ?1 AND name = ?2",
	[STMT_FILE_ADD] =
	    "INSERT INTO file (uuid, item, name, media_type)"
	    " VALUES (?1, ?2, ?3, ?4)",
	[STMT_FILE_SET_MEDIA_TYPE] =
	    "UPDATE file SET media_type = ?2 WHERE id = ?1",
	[STMT_FILE_GET_NEWEST] =
	    "SELECT " FILE_COLUMNS " FROM file f JOIN item i ON i.id = f.item"
	    NEWEST_VERSION " WHERE i.uuid = ?1 AND f.name = ?2 AND "
	    FILE_IS_LISTED,
	[STMT_VERSION_NEWEST] =
	    "SELECT number, state, size, plain_hash FROM version"
	    " WHERE file = ?1 ORDER BY number DESC LIMIT 1",
	[STMT_VERSION_ADD] =
	    "INSERT INTO version (uuid, file, number, size, plain_hash,"
	    " object, sealed_size, master_key, created_ms, duration_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0))",
	[STMT_VERSION_SET_DURATION] =
	    "UPDATE version SET duration_ms = nullif(?3, 0)"
	    " WHERE file = ?1 AND number = ?2 AND duration_ms IS NULL",
	[STMT_FILE_REMOVE] =
	    "UPDATE file SET removed_sequence = ?2"
	    " WHERE id = ?1 AND removed_sequence IS NULL",
	[STMT_FILE_SET_STORED] =
	    "UPDATE file SET stored_version = (SELECT v.id FROM version v"
	    " WHERE v.file = file.id AND v.state = 1"
	    " ORDER BY v.number DESC LIMIT 1),"
	    " removed_sequence = CASE WHEN ?2 THEN NULL"
	    " ELSE removed_sequence END WHERE id = ?1",
	/* Kept: what somebody bought, and what owners have as the newest. */
	[STMT_VERSIONS_LET_GO] =
	    "UPDATE version SET state = 2, attempts = 0, not_before_ms = 0"
	    " WHERE file = ?1 AND (state = 0 OR (state = 1 AND bought = 0"
	    " AND NOT EXISTS (SELECT 1 FROM file f"
	    " JOIN item i ON i.id = f.item WHERE f.id = ?1"
	    " AND f.stored_version = version.id AND i.sold_sequence > 0)))",
	[STMT_FILES_STORED_BESIDE] =
	    "SELECT (SELECT count(*) FROM file WHERE item = ?1 AND id <> ?2"
	    " AND removed_sequence IS NULL AND stored_version IS NOT NULL)"
	    " + (SELECT count(*) FROM item_content c"
	    " WHERE c.container = ?1 AND " IS_IN_NOW("c") ")",
	[STMT_VERSION_GET] =
	    "SELECT file, state FROM version WHERE id = ?1",
	[STMT_VERSION_STORED] =
	    "UPDATE version SET state = 1, stored_sequence = ?2"
	    " WHERE id = ?1 AND state = 0",
	[STMT_VERSION_DELETED] =
	    "UPDATE version SET state = 3, local = 0"
	    " WHERE id = ?1 AND state = 2",
	[STMT_VERSION_DROPPED] =
	    "UPDATE version SET local = 0 WHERE id = ?1 AND state = 1",
	[STMT_VERSION_FAILED] =
	    "UPDATE version SET attempts = attempts + 1, not_before_ms = ?2"
	    " WHERE id = ?1 AND state IN (0, 2)",
	[STMT_PUSH_STORE] =
	    "SELECT id, uuid, object, sealed_size, attempts, not_before_ms,"
	    " local FROM version WHERE state = 0"
	    " ORDER BY not_before_ms, id LIMIT ?1",
	[STMT_PUSH_DELETE] =
	    "SELECT id, uuid, object, sealed_size, attempts, not_before_ms,"
	    " local FROM version WHERE state = 2"
	    " ORDER BY not_before_ms, id LIMIT ?1",
	[STMT_PUSH_DROP] =
	    "SELECT id, uuid, object, sealed_size, attempts, 0, local"
	    " FROM version WHERE state = 1 AND local = 1"
	    " ORDER BY id LIMIT ?1",
	[STMT_PUSH_BACKLOG] =
	    "SELECT (SELECT count(*) FROM version WHERE state = 0)"
	    " + (SELECT count(*) FROM version WHERE state = 2),"
	    " (SELECT min(created_ms) FROM version WHERE state = 0)",
	[STMT_OBJECT_IS_LOCAL] =
	    "SELECT local FROM version WHERE object = ?1",
	[STMT_OBJECT_IS_STORED] =
	    "SELECT state = 1 FROM version WHERE object = ?1",
	[STMT_VERSIONS_AFTER] =
	    "SELECT uuid, object, size, sealed_size, state, local, master_key"
	    " FROM version WHERE object > ?1 AND state <> 3"
	    " ORDER BY object LIMIT ?2",

	[STMT_PICTURE_GET] =
	    "SELECT uuid, media_type, size, digest, changed_ms FROM picture"
	    " WHERE item = ?1 AND kind = ?2",
	[STMT_PICTURE_SET] =
	    "INSERT OR REPLACE INTO picture (item, kind, uuid, media_type,"
	    " size, digest, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STMT_PICTURE_REMOVE] =
	    "DELETE FROM picture WHERE item = ?1 AND kind = ?2",
	[STMT_PICTURE_IS_SHOWN] = "SELECT 1 FROM picture WHERE uuid = ?1",

	[STMT_BUYER_GET] =
	    "SELECT b.balance, k.purchase, k.request_hash FROM holding b"
	    " LEFT JOIN holding k ON k.account = ?1 AND k.kind = 1 AND"
	    " k.key = ?2 WHERE b.account = ?1 AND b.kind = 0 AND b.key = 0",
	[STMT_PURCHASE_KEY_ADD] =
	    "INSERT INTO holding (account, kind, key, request_hash, purchase)"
	    " VALUES (?1, 1, ?2, ?3, ?4)",
	[STMT_ITEM_FOR_SALE] =
	    "SELECT " SALE_COLUMNS " FROM item WHERE uuid = ?1 AND state = 1"
	    " AND (released IS NULL OR released <= ?2)",
	[STMT_PURCHASE_ADD] =
	    "INSERT INTO purchase (uuid, account, created_ms, total, seller,"
	    " is_gift) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_PURCHASE_NOTE] =
	    "INSERT INTO holding (account, kind, key) VALUES (?1, 2, ?2)",
	[STMT_PURCHASE_LINE_ADD] =
	    "INSERT INTO purchase_line (purchase, position, item, title,"
	    " price, deducted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_ITEM_SALES_ADD] =
	    "UPDATE item_sales SET sold = sold + 1, paid = paid + ?2"
	    " WHERE item = ?1",
	[STMT_ENTITLEMENT_ADD] =
	    "INSERT INTO holding (account, kind, key, source, purchase,"
	    " created_ms, sequence, grant_seed)"
	    " VALUES (?1, 3, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STMT_VERSIONS_BOUGHT] = MARK_VERSIONS(ITEM_AND_CONTENTS("?1")),
	[STMT_ITEM_SOLD] = MARK_ITEMS(ITEM_AND_CONTENTS("?1")),
	[STMT_VERSIONS_KEPT] = MARK_VERSIONS(ITEM_AND_ALL_INSIDE("?1")),
	[STMT_ITEM_KEPT] = MARK_ITEMS(ITEM_AND_ALL_INSIDE("?1")),
	[STMT_PURCHASE_BY_NUMBER] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.id = ?1",
	[STMT_PURCHASE_GET] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.uuid = ?1 AND p.account = ?2",
	[STMT_PURCHASE_LINES] =
	    "SELECT i.uuid, l.title, l.price, l.deducted, l.status"
	    " FROM purchase_line l JOIN item i ON i.id = l.item"
	    " WHERE l.purchase = ?1 ORDER BY l.position",
	[STMT_PURCHASE_LIST] =
	    "SELECT " PURCHASE_COLUMNS " FROM account_purchase o"
	    " CROSS JOIN purchase p ON p.id = o.purchase"
	    " JOIN seller s ON s.id = p.seller"
	    " WHERE o.account = ?1 AND o.purchase < ?2"
	    " ORDER BY o.purchase DESC LIMIT ?3",

	[STMT_PURCHASE_GET_ANY] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.uuid = ?1",
	[STMT_PURCHASE_SET_STATUS] =
	    "UPDATE purchase SET status = ?2 WHERE id = ?1",
	[STMT_SELLER_FIND] =
	    "SELECT id FROM seller WHERE legal_name = ?1 AND tax_id IS ?2"
	    " AND tax_rate = ?3",
	[STMT_SELLER_ADD] =
	    "INSERT INTO seller (legal_name, tax_id, tax_rate)"
	    " VALUES (?1, ?2, ?3)",

	[STMT_REFUND_ADD] =
	    "INSERT INTO refund (uuid, purchase, amount, reason, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[STMT_REFUND_GET] =
	    "SELECT uuid, purchase, amount, reason, created_ms FROM refund"
	    " WHERE id = ?1",
	[STMT_REFUND_ITEMS] =
	    "SELECT i.uuid FROM purchase_line l JOIN item i ON i.id = l.item"
	    " WHERE l.purchase = ?1 AND l.refund = ?2 ORDER BY l.position",
	[STMT_LINE_IS_DEDUCTED] =
	    "SELECT 1 FROM deduction d JOIN purchase_line l"
	    " ON l.purchase = d.purchase AND l.position = d.position"
	    " WHERE d.paid_purchase = ?1 AND d.paid_position = ?2"
	    " AND l.status = 0",
	[STMT_LINE_REFUND] =
	    "UPDATE purchase_line SET status = 2, refund = ?3"
	    " WHERE purchase = ?1 AND position = ?2 AND status = 0",
	[STMT_ENTITLEMENT_END] =
	    "DELETE FROM holding WHERE account = ?1 AND kind = 3"
	    " AND key = (SELECT +item FROM purchase_line"
	    " WHERE purchase = ?2 AND position = ?3) AND purchase = ?2",

	[STMT_CLAIM_ADD] =
	    "INSERT INTO claim (uuid, kind, purchase, reference, master_key,"
	    " lookup, sequence, created_ms, expires_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STMT_CLAIM_ITEM_ADD] =
	    "INSERT INTO claim_item (claim, position, item)"
	    " VALUES (?1, ?2, ?3)",
	[STMT_CLAIM_BY_NUMBER] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE id = ?1",
	[STMT_CLAIM_BY_PURCHASE] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE purchase = ?1",
	[STMT_CLAIM_BY_LOOKUP] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE lookup = ?1",
	/* Of a gift, what was not refunded. */
	[STMT_CLAIM_ITEMS] =
	    "SELECT c.position, i.id, i.uuid FROM claim_item c"
	    " JOIN item i ON i.id = c.item WHERE c.claim = ?1"
	    " AND NOT EXISTS (SELECT 1 FROM purchase_line l"
	    " WHERE l.purchase = ?2 AND l.position = c.position"
	    " AND l.status <> 0) ORDER BY c.position",
	[STMT_CLAIM_TAKE] =
	    "UPDATE claim SET claimed_by = ?2, claimed_ms = ?3"
	    " WHERE id = ?1 AND claimed_by IS NULL",
	[STMT_CLAIM_ITEM_SET] =
	    "UPDATE claim_item SET granted = ?3"
	    " WHERE claim = ?1 AND position = ?2",

	[STMT_GIFT_BATCH_ADD] =
	    "INSERT INTO gift_batch (uuid, amount, count, expires_ms,"
	    " master_key, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_GIFT_BATCH_GET] =
	    "SELECT uuid, amount, count, expires_ms, master_key"
	    " FROM gift_batch WHERE id = ?1",
	[STMT_GIFT_CODE_ADD] =
	    "INSERT INTO gift_code (batch, position, lookup)"
	    " VALUES (?1, ?2, ?3)",
	[STMT_GIFT_CODE_GET] =
	    "SELECT c.id, b.amount, b.expires_ms, c.redeemed_by"
	    " FROM gift_code c JOIN gift_batch b ON b.id = c.batch"
	    " WHERE c.lookup = ?1",
	[STMT_GIFT_CODE_TAKE] =
	    "UPDATE gift_code SET redeemed_by = ?2, redeemed_ms = ?3"
	    " WHERE id = ?1 AND redeemed_by IS NULL",

	[STMT_LIBRARY_LIST] =
	    "SELECT " FILE_COLUMNS ", " BOUGHT_VERSION("e.since")
	    ", e.created_ms, coalesce(c.completed_ms, 0), i.id FROM "
	    ENTITLEMENTS " e"
	    " JOIN item i ON i.id = e.item"
	    " JOIN file f ON f.item = e.item AND "
	    FILE_IS_GIVEN("e.since")
	    " JOIN version v ON v.id = f.stored_version"
	    " LEFT JOIN completion c ON c.account = ?1"
	    " AND c.file = f.id AND c.version = v.id"
	    " WHERE (NOT ?2 OR c.version IS NULL)"
	    " AND (e.created_ms, e.item, -f.id) < (?3, ?4, -?5)"
	    " ORDER BY e.created_ms DESC, e.item DESC, f.id LIMIT ?6",
	[STMT_LIBRARY_ITEM] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM item x"
	    " JOIN item i ON i.id IN (SELECT x.id UNION ALL SELECT n.item"
	    " FROM item_inside n WHERE n.container = x.id)"
	    " JOIN file f ON f.item = i.id" FILE_ENTITLEMENT
	    " JOIN version v ON v.id = f.stored_version"
	    " LEFT JOIN item_content c ON c.container = x.id"
	    " AND c.item = i.id AND " IS_IN_NOW("c") " WHERE x.uuid = ?2"
	    " ORDER BY i.id <> x.id, c.position IS NULL, c.position, i.id,"
	    " f.id",
	[STMT_LIBRARY_FILE] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM file f"
	    " JOIN item i ON i.id = f.item" FILE_ENTITLEMENT
	    " JOIN version v ON v.id = f.stored_version WHERE f.uuid = ?2",
	[STMT_LIBRARY_VERSION] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM file f"
	    " JOIN item i ON i.id = f.item" FILE_ENTITLEMENT
	    " JOIN version v ON v.file = f.id AND v.number = ?3"
	    " AND v.state = 1 WHERE f.uuid = ?2 AND v.number >= "
	    BOUGHT_VERSION(FILE_SINCE),
	[STMT_LIBRARY_OBJECT] =
	    "SELECT f.id, v.id, v.sealed_size FROM file f" FILE_ENTITLEMENT
	    " JOIN version v ON v.file = f.id AND v.object = ?3"
	    " AND v.stored_sequence IS NOT NULL"
	    " WHERE f.uuid = ?2 AND v.number >= "
	    BOUGHT_VERSION(FILE_SINCE),
	[STMT_COMPLETION_SET] =
	    "INSERT INTO completion (account, file, version, completed_ms)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account, file) DO UPDATE"
	    " SET version = excluded.version,"
	    " completed_ms = excluded.completed_ms"
	    " WHERE excluded.version > version",

	/* Newest first: a key below ?1, ?2 rows.  Of sales, ?3 to ?4. */
	[STMT_REPORT] =
	    "SELECT p.id, p.uuid, p.id, a.uuid, CASE p.status WHEN 0"
	    " THEN 'paid' WHEN 1 THEN 'part-refunded' ELSE 'refunded' END,"
	    " p.created_ms, p.total, (SELECT coalesce(sum(price - deducted),"
	    " 0) FROM purchase_line WHERE purchase = p.id AND status = 2),"
	    " (SELECT sum((2 * (price - deducted) * s.tax_rate + 10000"
	    " + s.tax_rate) / (2 * (10000 + s.tax_rate))) FROM purchase_line"
	    " WHERE purchase = p.id), p.is_gift" PURCHASE_AND_SELLER
	    " LEFT JOIN account a ON a.id = p.account"
	    " WHERE p.id < ?1 ORDER BY p.id DESC LIMIT ?2",
	"SELECT a.id, a.uuid, a.id, a.email, b.balance, (SELECT count(*)"
	" FROM account_purchase o WHERE o.account = a.id), a.created_ms"
	" FROM account a JOIN account_balance b ON b.account = a.id"
	" WHERE a.id < ?1 ORDER BY a.id DESC LIMIT ?2",
	"SELECT id, id, at_ms, CASE kind WHEN 1 THEN 'gift-code'"
	" WHEN 2 THEN 'sale' WHEN 3 THEN 'refund' ELSE 'forfeit' END,"
	LEDGER_NAME("debit_account") "," LEDGER_NAME("credit_account") ","
	" amount, reference FROM transfer WHERE id < ?1"
	" ORDER BY id DESC LIMIT ?2",
	"SELECT day, date(day * 86400, 'unixepoch')," SALES_SUMS
	" FROM (SELECT at_ms / 86400000 AS day, sold, paid, returned,"
	" refunded FROM " SALES_AND_REFUNDS ") WHERE day < ?1"
	" GROUP BY day ORDER BY day DESC LIMIT ?2",
	"SELECT i.id, i.uuid, i.title, i.creator," SALES_SUMS
	" FROM " SALES_AND_REFUNDS " JOIN item i ON i.id = item"
	" WHERE i.id < ?1 GROUP BY i.id ORDER BY i.id DESC LIMIT ?2",
	/* The last day before ?1 on which something was sold or refunded; ids
	 * of that time begin at ?2. */
	[STMT_REPORT_DAY_BEFORE] =
	    "SELECT max(at) / 86400000 FROM (SELECT (SELECT created_ms FROM"
	    " purchase WHERE uuid < ?2 ORDER BY uuid DESC LIMIT 1) AS at UNION"
	    " SELECT (SELECT created_ms FROM refund WHERE created_ms < ?1"
	    " ORDER BY created_ms DESC LIMIT 1))",
	[STMT_REPORT_ITEMS_EVER] =
	    "SELECT i.id, i.uuid, i.title, i.creator, s.sold, s.paid,"
	    " s.returned, s.refunded FROM item_sales s"
	    " JOIN item i ON i.id = s.item WHERE s.item < ?1 AND s.sold > 0"
	    " ORDER BY s.item DESC LIMIT ?2"
};

const char *
statement_text(enum statement number)
{
	return number < STMT_SEARCH_API ? books_sql[number] :
	    search_sql[number - STMT_SEARCH_API];
}

/*
 * All that write to item, file, version, item_content, item_inside and
 * picture, but for what a sale notes there (STMT_ITEM_SOLD,
 * STMT_VERSIONS_BOUGHT, and _KEPT of both) and what is about keeping and
 * trying again (STMT_VERSION_DROPPED, STMT_VERSION_FAILED).
 */
static const bool catalogue_changes[STMT__COUNT] = {
	[STMT_ITEM_ADD] = true, [STMT_ITEM_CHANGE] = true,
	[STMT_ITEM_SET_STATE] = true, [STMT_CONTENTS_TAKE_OUT] = true,
	[STMT_CONTENTS_PUT_IN] = true, [STMT_INSIDE_FORGET] = true,
	[STMT_INSIDE_MAKE] = true, [STMT_FILE_ADD] = true,
	[STMT_FILE_SET_MEDIA_TYPE] = true, [STMT_FILE_REMOVE] = true,
	[STMT_FILE_SET_STORED] = true, [STMT_VERSION_ADD] = true,
	[STMT_VERSIONS_LET_GO] = true, [STMT_VERSION_STORED] = true,
	[STMT_VERSION_DELETED] = true, [STMT_PICTURE_SET] = true,
	[STMT_PICTURE_REMOVE] = true, [STMT_VERSION_SET_DURATION] = true
};

bool
statement_changes_catalogue(enum statement number)
{
	return catalogue_changes[number];
}

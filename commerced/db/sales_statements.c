/* The texts of the statements of purchases, codes, libraries and reports. */
#include "commerced/db/statements.h"

#include "commerced/db/fragments.h"

#define INDEX(number) ((number) - STMT_SALES)

const char *const sales_sql[INDEX(STMT_SEARCH)] = {
	[INDEX(STMT_BUYER_GET)] =
	    "SELECT b.balance, k.purchase, p.request_hash FROM holding b"
	    " LEFT JOIN holding k ON k.account = ?1 AND k.kind = 1 AND"
	    " k.key = ?2 LEFT JOIN purchase p ON p.id = k.purchase"
	    " WHERE b.account = ?1 AND b.kind = 0 AND b.key = 0",
	[INDEX(STMT_PURCHASE_KEY_ADD)] =
	    "INSERT INTO holding (account, kind, key, purchase)"
	    " VALUES (?1, 1, ?2, ?3)",
	[INDEX(STMT_ITEM_FOR_SALE)] =
	    "SELECT " SALE_COLUMNS " FROM item WHERE uuid = ?1 AND state = 1"
	    " AND (released IS NULL OR released <= ?2)",
	[INDEX(STMT_PURCHASE_ADD)] =
	    "INSERT INTO purchase (uuid, account, created_ms, total, seller,"
	    " is_gift, request_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[INDEX(STMT_PURCHASE_LINE_ADD)] =
	    "INSERT INTO purchase_line (purchase, position, item, title,"
	    " price, deducted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[INDEX(STMT_ITEM_SALES_ADD)] =
	    "UPDATE item_sales SET sold = sold + 1, paid = paid + ?2"
	    " WHERE item = ?1",
	[INDEX(STMT_ENTITLEMENT_ADD)] =
	    "INSERT INTO holding (account, kind, key, source, purchase,"
	    " created_ms, sequence, grant_seed)"
	    " VALUES (?1, 3, ?2, ?3, ?4, ?5, ?6, ?7)",
	[INDEX(STMT_VERSIONS_BOUGHT)] = MARK_VERSIONS(ITEM_AND_CONTENTS("?1")),
	[INDEX(STMT_ITEM_SOLD)] = MARK_ITEMS(ITEM_AND_CONTENTS("?1")),
	[INDEX(STMT_VERSIONS_KEPT)] = MARK_VERSIONS(ITEM_AND_ALL_INSIDE("?1")),
	[INDEX(STMT_ITEM_KEPT)] = MARK_ITEMS(ITEM_AND_ALL_INSIDE("?1")),
	[INDEX(STMT_PURCHASE_BY_NUMBER)] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.id = ?1",
	[INDEX(STMT_PURCHASE_GET)] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.uuid = ?1 AND p.account = ?2",
	[INDEX(STMT_PURCHASE_LINES)] =
	    "SELECT i.uuid, l.title, l.price, l.deducted, l.status"
	    " FROM purchase_line l JOIN item i ON i.id = l.item"
	    " WHERE l.purchase = ?1 ORDER BY l.position",
	[INDEX(STMT_PURCHASE_LIST)] =
	    "SELECT " PURCHASE_COLUMNS " FROM (SELECT purchase"
	    " FROM account_purchase WHERE account = ?1 AND purchase < ?2"
	    " ORDER BY purchase DESC LIMIT ?3) o"
	    " CROSS JOIN purchase p ON p.id = o.purchase"
	    " JOIN seller s ON s.id = p.seller ORDER BY p.id DESC",

	[INDEX(STMT_PURCHASE_GET_ANY)] =
	    "SELECT " PURCHASE_COLUMNS PURCHASE_AND_SELLER
	    " WHERE p.uuid = ?1",
	[INDEX(STMT_PURCHASE_SET_STATUS)] =
	    "UPDATE purchase SET status = ?2 WHERE id = ?1",
	[INDEX(STMT_SELLER_FIND)] =
	    "SELECT id FROM seller WHERE legal_name = ?1 AND tax_id IS ?2"
	    " AND tax_rate = ?3",
	[INDEX(STMT_SELLER_ADD)] =
	    "INSERT INTO seller (legal_name, tax_id, tax_rate)"
	    " VALUES (?1, ?2, ?3)",

	[INDEX(STMT_REFUND_ADD)] =
	    "INSERT INTO refund (uuid, purchase, amount, reason, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[INDEX(STMT_REFUND_GET)] =
	    "SELECT uuid, purchase, amount, reason, created_ms FROM refund"
	    " WHERE id = ?1",
	[INDEX(STMT_REFUND_ITEMS)] =
	    "SELECT i.uuid FROM purchase_line l JOIN item i ON i.id = l.item"
	    " WHERE l.purchase = ?1 AND l.refund = ?2 ORDER BY l.position",
	[INDEX(STMT_LINE_IS_DEDUCTED)] =
	    "SELECT 1 FROM deduction d JOIN purchase_line l"
	    " ON l.purchase = d.purchase AND l.position = d.position"
	    " WHERE d.paid_purchase = ?1 AND d.paid_position = ?2"
	    " AND l.status = 0",
	[INDEX(STMT_LINE_REFUND)] =
	    "UPDATE purchase_line SET status = 2, refund = ?3"
	    " WHERE purchase = ?1 AND position = ?2 AND status = 0",
	[INDEX(STMT_ENTITLEMENT_END)] =
	    "DELETE FROM holding WHERE account = ?1 AND kind = 3"
	    " AND key = (SELECT +item FROM purchase_line"
	    " WHERE purchase = ?2 AND position = ?3) AND purchase = ?2",

	[INDEX(STMT_CLAIM_ADD)] =
	    "INSERT INTO claim (uuid, kind, purchase, reference, master_key,"
	    " lookup, sequence, created_ms, expires_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[INDEX(STMT_CLAIM_ITEM_ADD)] =
	    "INSERT INTO claim_item (claim, position, item)"
	    " VALUES (?1, ?2, ?3)",
	[INDEX(STMT_CLAIM_BY_NUMBER)] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE id = ?1",
	[INDEX(STMT_CLAIM_BY_PURCHASE)] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE purchase = ?1",
	[INDEX(STMT_CLAIM_BY_LOOKUP)] =
	    "SELECT " CLAIM_COLUMNS " FROM claim WHERE lookup = ?1",
	/* Of a gift, what was not refunded. */
	[INDEX(STMT_CLAIM_ITEMS)] =
	    "SELECT c.position, i.id, i.uuid FROM claim_item c"
	    " JOIN item i ON i.id = c.item WHERE c.claim = ?1"
	    " AND NOT EXISTS (SELECT 1 FROM purchase_line l"
	    " WHERE l.purchase = ?2 AND l.position = c.position"
	    " AND l.status <> 0) ORDER BY c.position",
	[INDEX(STMT_CLAIM_TAKE)] =
	    "UPDATE claim SET claimed_by = ?2, claimed_ms = ?3"
	    " WHERE id = ?1 AND claimed_by IS NULL",
	[INDEX(STMT_CLAIM_ITEM_SET)] =
	    "UPDATE claim_item SET granted = ?3"
	    " WHERE claim = ?1 AND position = ?2",

	[INDEX(STMT_GIFT_BATCH_ADD)] =
	    "INSERT INTO gift_batch (uuid, amount, count, expires_ms,"
	    " master_key, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[INDEX(STMT_GIFT_BATCH_GET)] =
	    "SELECT uuid, amount, count, expires_ms, master_key"
	    " FROM gift_batch WHERE id = ?1",
	[INDEX(STMT_GIFT_CODE_ADD)] =
	    "INSERT INTO gift_code (batch, position, lookup)"
	    " VALUES (?1, ?2, ?3)",
	[INDEX(STMT_GIFT_CODE_GET)] =
	    "SELECT c.id, b.amount, b.expires_ms, c.redeemed_by"
	    " FROM gift_code c JOIN gift_batch b ON b.id = c.batch"
	    " WHERE c.lookup = ?1",
	[INDEX(STMT_GIFT_CODE_TAKE)] =
	    "UPDATE gift_code SET redeemed_by = ?2, redeemed_ms = ?3"
	    " WHERE id = ?1 AND redeemed_by IS NULL",

	[INDEX(STMT_LIBRARY_LIST)] =
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
	[INDEX(STMT_LIBRARY_ITEM)] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM item x"
	    " JOIN item i ON i.id IN (SELECT x.id UNION ALL SELECT n.item"
	    " FROM item_inside n WHERE n.container = x.id)"
	    " JOIN file f ON f.item = i.id" FILE_ENTITLEMENT
	    " JOIN version v ON v.id = f.stored_version"
	    " LEFT JOIN item_content c ON c.container = x.id"
	    " AND c.item = i.id AND " IS_IN_NOW("c") " WHERE x.uuid = ?2"
	    " ORDER BY i.id <> x.id, c.position IS NULL, c.position, i.id,"
	    " f.id",
	[INDEX(STMT_LIBRARY_FILE)] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM file f"
	    " JOIN item i ON i.id = f.item" FILE_ENTITLEMENT
	    " JOIN version v ON v.id = f.stored_version WHERE f.uuid = ?2",
	[INDEX(STMT_LIBRARY_VERSION)] =
	    "SELECT " FILE_COLUMNS ", e.grant_seed FROM file f"
	    " JOIN item i ON i.id = f.item" FILE_ENTITLEMENT
	    " JOIN version v ON v.file = f.id AND v.number = ?3"
	    " AND v.state = 1 WHERE f.uuid = ?2 AND v.number >= "
	    BOUGHT_VERSION(FILE_SINCE),
	[INDEX(STMT_LIBRARY_OBJECT)] =
	    "SELECT f.id, v.id, v.sealed_size FROM file f" FILE_ENTITLEMENT
	    " JOIN version v ON v.file = f.id AND v.object = ?3"
	    " AND v.stored_sequence IS NOT NULL"
	    " WHERE f.uuid = ?2 AND v.number >= "
	    BOUGHT_VERSION(FILE_SINCE),
	[INDEX(STMT_COMPLETION_SET)] =
	    "INSERT INTO completion (account, file, version, completed_ms)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account, file) DO UPDATE"
	    " SET version = excluded.version,"
	    " completed_ms = excluded.completed_ms"
	    " WHERE excluded.version > version",

	/* Newest first: a key below ?1, ?2 rows.  Of sales, ?3 to ?4. */
	[INDEX(STMT_REPORT)] =
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
	[INDEX(STMT_REPORT_DAY_BEFORE)] =
	    "SELECT max(at) / 86400000 FROM (SELECT (SELECT created_ms FROM"
	    " purchase WHERE uuid < ?2 ORDER BY uuid DESC LIMIT 1) AS at UNION"
	    " SELECT (SELECT created_ms FROM refund WHERE created_ms < ?1"
	    " ORDER BY created_ms DESC LIMIT 1))",
	[INDEX(STMT_REPORT_ITEMS_EVER)] =
	    "SELECT i.id, i.uuid, i.title, i.creator, s.sold, s.paid,"
	    " s.returned, s.refunded FROM item_sales s"
	    " JOIN item i ON i.id = s.item WHERE s.item < ?1 AND s.sold > 0"
	    " ORDER BY s.item DESC LIMIT ?2"
};

/* Parts of SQL that several statements share; for *_statements.c alone. */
#ifndef COMMERCED_DB_FRAGMENTS_H
#define COMMERCED_DB_FRAGMENTS_H

/* What db_file_read() reads: file f of item i with version v. */
#define FILE_COLUMNS "i.uuid, " FILE_OWN_COLUMNS
/* The same but for its item: db_file_read_own(). */
#define FILE_OWN_COLUMNS \
	"f.id, f.uuid, f.name, f.media_type, v.number, v.uuid, v.state," \
	" v.size, v.sealed_size, v.object, v.master_key, v.duration_ms"

/* What db_item_for_sale() reads, for account ?3. */
#define SALE_COLUMNS \
	"id, title, price, released, sold_sequence," \
	" EXISTS (SELECT 1 FROM item_content c WHERE c.container = item.id)," \
	" EXISTS (SELECT 1 FROM item_inside n WHERE n.item = item.id)," \
	" EXISTS (SELECT 1 FROM entitlement e WHERE e.account = ?3" \
	" AND e.item = +item.id), (SELECT sequence FROM shop WHERE id = 1)"

/* What db_item_read() reads. */
#define ITEM_COLUMNS \
	"item.id, item.uuid, item.kind, item.state, item.title," \
	" item.creator, item.genre, item.description, item.released," \
	" item.price, item.created_ms, item.published_ms," \
	" (SELECT sum(1 << p.kind) FROM picture p WHERE p.item = item.id)"

/* What db_purchase_read() reads. */
#define PURCHASE_COLUMNS \
	"p.id, p.uuid, p.account, p.status, p.created_ms, p.total, p.is_gift," \
	" s.id, s.legal_name, s.tax_id, s.tax_rate"
#define PURCHASE_AND_SELLER \
	" FROM purchase p JOIN seller s ON s.id = p.seller"

/* Whom a transfer debits or credits, as reports name them. */
#define LEDGER_NAME(column) \
	" CASE " column " WHEN 1 THEN 'gift-issue' WHEN 2 THEN 'sales'" \
	" ELSE 'account-' || " column " END"

/*
 * Lines sold, and lines refunded, from ?3 and before ?4, with which the ids of
 * purchases begin at ?5 and ?6.
 */
#define SALES_AND_REFUNDS \
	"(SELECT p.created_ms AS at_ms, l.item AS item, 1 AS sold," \
	" l.price - l.deducted AS paid, 0 AS returned, 0 AS refunded" \
	" FROM purchase p JOIN purchase_line l ON l.purchase = p.id" \
	" WHERE p.uuid >= ?5 AND p.uuid < ?6" \
	" UNION ALL SELECT r.created_ms, l.item, 0, 0, 1," \
	" l.price - l.deducted FROM refund r" \
	" JOIN purchase_line l ON l.purchase = r.purchase" \
	" AND l.refund = r.id" \
	" WHERE r.created_ms >= ?3 AND r.created_ms < ?4)"
#define SALES_SUMS \
	" sum(sold), sum(paid), sum(returned), sum(refunded)"

/* What db_claim_read() reads. */
#define CLAIM_COLUMNS \
	"id, uuid, kind, purchase, reference, master_key, sequence," \
	" expires_ms, claimed_by"

/* A file's newest version, or nulls. */
#define NEWEST_VERSION \
	" LEFT JOIN version v ON v.file = f.id AND v.number =" \
	" (SELECT max(number) FROM version WHERE file = f.id)"

/*
 * The shop's people see a file until it is taken off, and again from the
 * moment that something new is on its way under its name.
 */
#define FILE_IS_LISTED \
	"(f.removed_sequence IS NULL OR v.state = 0)"

/* What is in a container now: item_content and item_inside. */
#define IS_IN_NOW(table) \
	table ".until_sequence = 9223372036854775807"

/*
 * What belongs to each of the items whose numbers are in ?1, an array in JSON:
 * j.key is the place of one there.
 */
#define OF_EACH_ITEM \
	" FROM json_each(?1) j CROSS JOIN"

/* An item, and down to two levels what it contains now. */
#define ITEM_AND_CONTENTS(item) \
	"(SELECT " item " UNION ALL SELECT n.item FROM item_inside n" \
	" WHERE n.container = " item " AND " IS_IN_NOW("n") ")"

/* The same, also what was in it once. */
#define ITEM_AND_ALL_INSIDE(item) \
	"(SELECT " item " UNION ALL SELECT n.item FROM item_inside n" \
	" WHERE n.container = " item ")"

/* That these have a buyer; ?2: shop.sequence. */
#define MARK_VERSIONS(items) \
	"UPDATE version SET bought = 1 WHERE bought = 0 AND id IN" \
	" (SELECT stored_version FROM file WHERE item IN " items \
	" AND removed_sequence IS NULL)"
#define MARK_ITEMS(items) \
	"UPDATE item SET sold_sequence = ?2 WHERE id IN " items

/* ?1 and what contains it, or did. */
#define ITEM_AND_CONTAINERS \
	"(SELECT ?1 UNION ALL SELECT container FROM item_content" \
	" WHERE item = ?1)"

/*
 * What is in these, from item_content.  What had left an album when that came
 * does not come with it.
 */
#define INSIDE_OF_TWO_LEVELS \
	"(SELECT a.container AS container, a.item AS item," \
	" a.since_sequence AS since, a.until_sequence AS until" \
	" FROM item_content a WHERE a.container IN " ITEM_AND_CONTAINERS \
	" UNION ALL SELECT a.container, b.item," \
	" max(a.since_sequence, b.since_sequence)," \
	" min(a.until_sequence, b.until_sequence) FROM item_content a" \
	" JOIN item_content b ON b.container = a.item" \
	" AND b.item <> a.container AND b.until_sequence > a.since_sequence" \
	" WHERE a.container IN " ITEM_AND_CONTAINERS ")"

/*
 * Account ?1 owns an item by an entitlement to it or to what contains it: since
 * the entitlement, or since it came into that.  The earliest gives the most,
 * and is the one that counts: it is this item's.
 * A + before what the item of an entitlement is compared with: that column has
 * no type of its own, and is found by its tree only where the other has none.
 */
#define ENTITLED_BY(item_owned) \
	"(SELECT item FROM (SELECT o.item AS item, o.sequence AS since" \
	" FROM entitlement o WHERE o.account = ?1 AND o.item = +" item_owned \
	" UNION ALL SELECT o.item, max(o.sequence, n.since_sequence)" \
	" FROM item_inside n CROSS JOIN entitlement o ON o.account = ?1" \
	" AND o.item = +n.container AND o.sequence < n.until_sequence" \
	" WHERE n.item = " item_owned ") ORDER BY since, item LIMIT 1)"

/* All items that account ?1 owns; columns of the row with min(). */
#define ENTITLEMENTS \
	"(SELECT item, min(since) AS since, created_ms FROM" \
	" (SELECT o.item AS item, o.sequence AS since," \
	" o.created_ms AS created_ms FROM entitlement o" \
	" WHERE o.account = ?1 UNION ALL" \
	" SELECT n.item, max(o.sequence, n.since_sequence), o.created_ms" \
	" FROM entitlement o CROSS JOIN item_inside n" \
	" ON n.container = o.item AND n.until_sequence > o.sequence" \
	" WHERE o.account = ?1) GROUP BY item)"

/* Of file f, what is given to who owns its item since then. */
#define FILE_IS_GIVEN(since) \
	"(f.removed_sequence IS NULL OR f.removed_sequence > " since ")"

/* File f as account ?1 owns it: e is the entitlement. */
#define FILE_SINCE \
	"max(e.sequence, coalesce((SELECT min(n.since_sequence)" \
	" FROM item_inside n WHERE n.container = e.item" \
	" AND n.item = f.item AND n.until_sequence > e.sequence), 0))"
#define FILE_ENTITLEMENT \
	" JOIN entitlement e ON e.account = ?1" \
	" AND e.item = " ENTITLED_BY("f.item") \
	" AND " FILE_IS_GIVEN(FILE_SINCE)

/* The newest that was stored by then; else the first that was. */
#define BOUGHT_VERSION(since) \
	"coalesce((SELECT max(b.number) FROM version b WHERE b.file = f.id" \
	" AND b.stored_sequence <= " since ")," \
	" (SELECT min(b.number) FROM version b WHERE b.file = f.id" \
	" AND b.stored_sequence IS NOT NULL))"

/*
 * Pages of items.  ?1 kind or null, ?2 creator or null, ?3 genre or null,
 * ?4 any state, ?5 how many, ?6 and ?7 the last place, ?8 words, ?9 today.
 */
#define ITEM_FILTER \
	" AND (?4 OR (item.state = 1 AND (item.released IS NULL" \
	" OR item.released <= ?9))) AND (?1 IS NULL OR item.kind = ?1)" \
	" AND (?3 IS NULL OR item.genre = ?3)"
#define ITEM_ALL \
	"(?2 IS NULL OR item.creator = ?2) AND ?8 IS NULL"
#define ITEM_OF_CREATOR \
	"item.creator = ?2 AND ?8 IS NULL"
#define ITEM_OF_GENRE \
	"item.genre = ?3 AND (?2 IS NULL OR item.creator = ?2) AND ?8 IS NULL"
#define ITEM_OF_KIND \
	"item.kind = ?1 AND (?2 IS NULL OR item.creator = ?2) AND ?8 IS NULL"
#define ITEM_PAGE(which, place, order) \
	"SELECT " ITEM_COLUMNS " FROM item WHERE " which ITEM_FILTER \
	" AND " place " ORDER BY " order " LIMIT ?5"
#define ITEM_PAGES(place, order) \
	ITEM_PAGE(ITEM_ALL, place, order), \
	ITEM_PAGE(ITEM_OF_CREATOR, place, order), \
	ITEM_PAGE(ITEM_OF_GENRE, place, order), \
	ITEM_PAGE(ITEM_OF_KIND, place, order)

/* A creator's by popularity: the last place is by sales. */
#define ITEM_POPULAR_PAGE \
	"SELECT " ITEM_COLUMNS ", s.sold FROM item CROSS JOIN item_sales s" \
	" ON s.item = item.id WHERE " ITEM_OF_CREATOR ITEM_FILTER \
	" AND (s.sold, s.item) < (?6, ?7)" \
	" ORDER BY s.sold DESC, s.item DESC LIMIT ?5"

/*
 * The search index.  Parameters as of pages of items, with ?8 a full-text
 * query; ?10 is the sales of the last place by relevance, ?11 how many of its
 * first words are alternatives.
 */
#define SEARCH_ENTRIES \
	" FROM item_search CROSS JOIN entry e" \
	" ON e.place = item_search.rowid WHERE item_search MATCH ?8"
#define SEARCH_FILTER \
	" AND (?4 OR (e.state = 1 AND (e.released IS NULL" \
	" OR e.released <= ?9))) AND (?1 IS NULL OR e.kind = ?1)" \
	" AND (?2 IS NULL OR e.creator = ?2)" \
	" AND (?3 IS NULL OR e.genre = ?3)"
#define SEARCH_PAGE(key, after, order) \
	"SELECT item, key FROM (SELECT e.item AS item, " key " AS key" \
	SEARCH_ENTRIES SEARCH_FILTER \
	" ORDER BY item_search.rowid LIMIT 10000)" \
	" WHERE " after " ORDER BY " order " LIMIT ?5"
#define SEARCH_RELEVANT \
	"SELECT item, score, sold FROM (SELECT e.item AS item," \
	" item_score(item_search, length(e.title), ?11) AS score," \
	" e.sold AS sold" SEARCH_ENTRIES SEARCH_FILTER \
	" ORDER BY item_search.rowid LIMIT 200)" \
	" WHERE (score, -sold, item) > (?6, -?10, ?7)" \
	" ORDER BY score, sold DESC, item LIMIT ?5"
#define SEARCH_COUNTED \
	"SELECT e.kind, e.creator, e.genre, 1" SEARCH_ENTRIES SEARCH_FILTER \
	" ORDER BY item_search.rowid LIMIT ?5"
#define SEARCH_COUNTS \
	"SELECT kind, creator, genre, n FROM facet WHERE" \
	" (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR creator = ?2)" \
	" AND (?3 IS NULL OR genre = ?3) AND ?9 IS NOT NULL"
#define ENTRY_COLUMNS \
	"item, state, kind, price, published_ms, released, title, creator," \
	" genre, text_hash, is_counted"

#endif

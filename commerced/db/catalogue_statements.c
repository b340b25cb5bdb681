/* The texts of the statements of items, albums, files and pictures. */
#include "commerced/db/statements.h"

#include "commerced/db/fragments.h"

#define INDEX(number) ((number) - STMT_CATALOGUE)

const char *const catalogue_sql[INDEX(STMT_SALES)] = {
	[INDEX(STMT_ITEM_ADD)] =
	    "INSERT INTO item (uuid, kind, state, title, creator, genre,"
	    " description, released, price, created_ms)"
	    " VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[INDEX(STMT_ITEM_GET)] =
	    "SELECT " ITEM_COLUMNS " FROM item WHERE item.uuid = ?1",
	[INDEX(STMT_ITEM_CHANGE)] =
	    "UPDATE item SET kind = ?2, title = ?3, creator = ?4, genre = ?5,"
	    " description = ?6, released = ?7, price = ?8 WHERE id = ?1",
	[INDEX(STMT_ITEM_SET_STATE)] =
	    "UPDATE item SET state = ?2, published_ms = ?3 WHERE id = ?1",
	[INDEX(STMT_ITEM_OWNED)] =
	    "SELECT 1 FROM entitlement WHERE account = ?1 AND item = ?2",
	[INDEX(STMT_ITEM_OWNED_INSIDE)] =
	    "SELECT 1 FROM item_inside n CROSS JOIN entitlement e"
	    " ON e.account = ?1 AND e.item = +n.container"
	    " AND e.sequence < n.until_sequence WHERE n.item = ?2 LIMIT 1",
	[INDEX(STMT_FILES_FOR_SALE)] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value JOIN version v ON v.id = f.stored_version"
	    " WHERE f.removed_sequence IS NULL ORDER BY j.key, f.id",
	[INDEX(STMT_FILES_NEWEST)] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value" NEWEST_VERSION " WHERE " FILE_IS_LISTED
	    " ORDER BY j.key, f.id",
	[INDEX(STMT_FILES_NOT_READY)] =
	    "SELECT j.key, " FILE_OWN_COLUMNS OF_EACH_ITEM " file f"
	    " ON f.item = j.value" NEWEST_VERSION " WHERE " FILE_IS_LISTED
	    " AND (f.stored_version IS NULL OR f.removed_sequence IS NOT NULL)"
	    " ORDER BY j.key, f.id",

	[INDEX(STMT_ITEM_LIST)] =
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
	[INDEX(STMT_ITEM_LIST_POPULAR)] = ITEM_POPULAR_PAGE,
	[INDEX(STMT_ITEM_COUNT_GENRE)] =
	    "SELECT count(*) FROM (SELECT 1 FROM item WHERE genre = ?1"
	    " LIMIT ?2)",
	[INDEX(STMT_ITEM_COUNT_KIND)] =
	    "SELECT count(*) FROM (SELECT 1 FROM item WHERE kind = ?1"
	    " LIMIT ?2)",

	[INDEX(STMT_ERA_GET)] =
	    "SELECT search_era FROM shop WHERE search_era IS NOT NULL",
	[INDEX(STMT_ERA_SET)] = "UPDATE shop SET search_era = ?1 WHERE id = 1",
	[INDEX(STMT_CHANGE_LAST)] = "SELECT coalesce(max(change), 0) FROM item",
	[INDEX(STMT_PURCHASE_LAST)] =
	    "SELECT coalesce(max(id), 0) FROM purchase",
	[INDEX(STMT_SOLD_LIST)] =
	    "SELECT item, sold FROM item_sales WHERE item > ?1"
	    " ORDER BY item LIMIT ?2",
	[INDEX(STMT_ITEM_GET_NUMBER)] =
	    "SELECT " ITEM_COLUMNS " FROM item WHERE item.id = ?1",
	[INDEX(STMT_ITEM_GET_CHANGED)] =
	    "SELECT " ITEM_COLUMNS ", item.change FROM item"
	    " WHERE item.change > ?1 ORDER BY item.change LIMIT 1",
	[INDEX(STMT_ITEMS_LISTED)] =
	    "SELECT j.key, " ITEM_COLUMNS OF_EACH_ITEM " item"
	    " ON item.id = j.value WHERE ?2 OR (item.state = 1"
	    " AND (item.released IS NULL OR item.released <= ?3))",

	[INDEX(STMT_CONTENTS_LIST)] =
	    "SELECT j.key, i.uuid" OF_EACH_ITEM " item_content c"
	    " ON c.container = j.value JOIN item i ON i.id = c.item"
	    " WHERE " IS_IN_NOW("c") " ORDER BY j.key, c.position",
	[INDEX(STMT_CONTENTS_TAKE_OUT)] =
	    "UPDATE item_content AS c SET until_sequence = ?2"
	    " WHERE c.container = ?1 AND " IS_IN_NOW("c"),
	[INDEX(STMT_CONTENTS_PUT_IN)] =
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
	[INDEX(STMT_INSIDE_FORGET)] =
	    "DELETE FROM item_inside WHERE container IN "
	    ITEM_AND_CONTAINERS,
	[INDEX(STMT_INSIDE_MAKE)] =
	    "INSERT INTO item_inside (container, item, since_sequence,"
	    " until_sequence) SELECT container, item, min(since), until FROM "
	    INSIDE_OF_TWO_LEVELS " GROUP BY container, item, until",
	/* What has nothing to give, of what is in it now. */
	[INDEX(STMT_CONTENTS_EMPTY)] =
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
	[INDEX(STMT_CONTENTS_TOO_DEEP)] =
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
	[INDEX(STMT_ITEM_OFFER)] =
	    "SELECT max(i.state = 1), max(i.sold_sequence > 0) FROM item i"
	    " WHERE i.id = ?1 OR i.id IN (SELECT n.container"
	    " FROM item_inside n WHERE n.item = ?1 AND " IS_IN_NOW("n") ")",
	[INDEX(STMT_ITEM_IS_INSIDE)] =
	    "SELECT 1 FROM item_inside n WHERE n.container = ?1"
	    " AND n.item = ?2 AND " IS_IN_NOW("n"),
	/* Gifts, claims and what was free have no line with a price here. */
	[INDEX(STMT_DEDUCTION_LIST)] =
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
	[INDEX(STMT_DEDUCTION_ADD)] =
	    "INSERT INTO deduction (purchase, position, paid_purchase,"
	    " paid_position, amount) VALUES (?1, ?2, ?3, ?4, ?5)",

	[INDEX(STMT_FILE_BY_NAME)] =
	    "SELECT id, uuid, media_type, removed_sequence IS NOT NULL,"
	    " stored_version IS NOT NULL FROM file"
	    " WHERE item = ?1 AND name = ?2",
	[INDEX(STMT_FILE_ADD)] =
	    "INSERT INTO file (uuid, item, name, media_type)"
	    " VALUES (?1, ?2, ?3, ?4)",
	[INDEX(STMT_FILE_SET_MEDIA_TYPE)] =
	    "UPDATE file SET media_type = ?2 WHERE id = ?1",
	[INDEX(STMT_FILE_GET_NEWEST)] =
	    "SELECT " FILE_COLUMNS " FROM file f JOIN item i ON i.id = f.item"
	    NEWEST_VERSION " WHERE i.uuid = ?1 AND f.name = ?2 AND "
	    FILE_IS_LISTED,
	[INDEX(STMT_VERSION_NEWEST)] =
	    "SELECT number, state, size, plain_hash FROM version"
	    " WHERE file = ?1 ORDER BY number DESC LIMIT 1",
	[INDEX(STMT_VERSION_ADD)] =
	    "INSERT INTO version (uuid, file, number, size, plain_hash,"
	    " object, sealed_size, master_key, created_ms, duration_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0))",
	[INDEX(STMT_VERSION_SET_DURATION)] =
	    "UPDATE version SET duration_ms = nullif(?3, 0)"
	    " WHERE file = ?1 AND number = ?2 AND duration_ms IS NULL",
	[INDEX(STMT_FILE_REMOVE)] =
	    "UPDATE file SET removed_sequence = ?2"
	    " WHERE id = ?1 AND removed_sequence IS NULL",
	[INDEX(STMT_FILE_SET_STORED)] =
	    "UPDATE file SET stored_version = (SELECT v.id FROM version v"
	    " WHERE v.file = file.id AND v.state = 1"
	    " ORDER BY v.number DESC LIMIT 1),"
	    " removed_sequence = CASE WHEN ?2 THEN NULL"
	    " ELSE removed_sequence END WHERE id = ?1",
	/* Kept: what somebody bought, and what owners have as the newest. */
	[INDEX(STMT_VERSIONS_LET_GO)] =
	    "UPDATE version SET state = 2, attempts = 0, not_before_ms = 0"
	    " WHERE file = ?1 AND (state = 0 OR (state = 1 AND bought = 0"
	    " AND NOT EXISTS (SELECT 1 FROM file f"
	    " JOIN item i ON i.id = f.item WHERE f.id = ?1"
	    " AND f.stored_version = version.id AND i.sold_sequence > 0)))",
	[INDEX(STMT_FILES_STORED_BESIDE)] =
	    "SELECT (SELECT count(*) FROM file WHERE item = ?1 AND id <> ?2"
	    " AND removed_sequence IS NULL AND stored_version IS NOT NULL)"
	    " + (SELECT count(*) FROM item_content c"
	    " WHERE c.container = ?1 AND " IS_IN_NOW("c") ")",
	[INDEX(STMT_VERSION_GET)] =
	    "SELECT file, state FROM version WHERE id = ?1",
	[INDEX(STMT_VERSION_STORED)] =
	    "UPDATE version SET state = 1, stored_sequence = ?2"
	    " WHERE id = ?1 AND state = 0",
	[INDEX(STMT_VERSION_DELETED)] =
	    "UPDATE version SET state = 3, local = 0"
	    " WHERE id = ?1 AND state = 2",
	[INDEX(STMT_VERSION_DROPPED)] =
	    "UPDATE version SET local = 0 WHERE id = ?1 AND state = 1",
	[INDEX(STMT_VERSION_FAILED)] =
	    "UPDATE version SET attempts = attempts + 1, not_before_ms = ?2"
	    " WHERE id = ?1 AND state IN (0, 2)",
	[INDEX(STMT_PUSH_STORE)] =
	    "SELECT id, uuid, object, sealed_size, attempts, not_before_ms,"
	    " local FROM version WHERE state = 0"
	    " ORDER BY not_before_ms, id LIMIT ?1",
	[INDEX(STMT_PUSH_DELETE)] =
	    "SELECT id, uuid, object, sealed_size, attempts, not_before_ms,"
	    " local FROM version WHERE state = 2"
	    " ORDER BY not_before_ms, id LIMIT ?1",
	[INDEX(STMT_PUSH_DROP)] =
	    "SELECT id, uuid, object, sealed_size, attempts, 0, local"
	    " FROM version WHERE state = 1 AND local = 1"
	    " ORDER BY id LIMIT ?1",
	[INDEX(STMT_PUSH_BACKLOG)] =
	    "SELECT (SELECT count(*) FROM version WHERE state = 0)"
	    " + (SELECT count(*) FROM version WHERE state = 2),"
	    " (SELECT min(created_ms) FROM version WHERE state = 0)",
	[INDEX(STMT_OBJECT_IS_LOCAL)] =
	    "SELECT local FROM version WHERE object = ?1",
	[INDEX(STMT_OBJECT_IS_STORED)] =
	    "SELECT state = 1 FROM version WHERE object = ?1",
	[INDEX(STMT_VERSIONS_AFTER)] =
	    "SELECT uuid, object, size, sealed_size, state, local, master_key"
	    " FROM version WHERE object > ?1 AND state <> 3"
	    " ORDER BY object LIMIT ?2",

	[INDEX(STMT_PICTURE_GET)] =
	    "SELECT uuid, media_type, size, digest, changed_ms FROM picture"
	    " WHERE item = ?1 AND kind = ?2",
	[INDEX(STMT_PICTURE_SET)] =
	    "INSERT OR REPLACE INTO picture (item, kind, uuid, media_type,"
	    " size, digest, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[INDEX(STMT_PICTURE_REMOVE)] =
	    "DELETE FROM picture WHERE item = ?1 AND kind = ?2",
	[INDEX(STMT_PICTURE_IS_SHOWN)] = "SELECT 1 FROM picture WHERE uuid = ?1"
};

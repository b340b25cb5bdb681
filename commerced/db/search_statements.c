/* The texts of the statements of the search index. */
#include "commerced/db/statements.h"

#include "commerced/db/fragments.h"

#define INDEX(number) ((number) - STMT_SEARCH)

const char *const search_sql[INDEX(STMT__COUNT)] = {
	[INDEX(STMT_SEARCH_API)] = "SELECT fts5(?1)",
	[INDEX(STMT_SEARCH_CHECK)] = "PRAGMA quick_check(1)",
	[INDEX(STMT_SEARCH_MERGE)] =
	    "INSERT INTO item_search (item_search) VALUES ('optimize')",
	[INDEX(STMT_SEARCH_STATE_GET)] =
	    "SELECT era, next_era, change, day FROM state",
	[INDEX(STMT_SEARCH_STATE_SET)] =
	    "INSERT INTO state (id, era, next_era, change, day)"
	    " VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE"
	    " SET era = ?1, next_era = ?2, change = ?3, day = ?4",
	[INDEX(STMT_SEARCH_WORDS_ADD)] =
	    "INSERT INTO item_search (rowid, title, creator, genre,"
	    " description, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[INDEX(STMT_ENTRY_ADD)] =
	    "INSERT INTO entry (place, sold, " ENTRY_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	    " ?13)",
	[INDEX(STMT_ENTRY_GET)] =
	    "SELECT place, sold, text_hash, is_counted, kind, creator, genre"
	    " FROM entry WHERE item = ?1",
	[INDEX(STMT_ENTRY_REMOVE)] = "DELETE FROM entry WHERE place = ?1",
	[INDEX(STMT_ENTRY_LAST)] = "SELECT max(place) FROM entry",
	[INDEX(STMT_ENTRY_DUE)] =
	    "SELECT place, kind, creator, genre FROM entry WHERE state = 1"
	    " AND is_counted = 0 AND released <= ?1 LIMIT 1",
	[INDEX(STMT_ENTRY_COUNTED)] =
	    "UPDATE entry SET is_counted = 1 WHERE place = ?1",
	[INDEX(STMT_FACET_MAKE)] =
	    "INSERT INTO facet (kind, creator, genre, n)"
	    " SELECT kind, creator, coalesce(genre, ''), count(*) FROM entry"
	    " WHERE is_counted = 1 GROUP BY kind, creator,"
	    " coalesce(genre, '') COLLATE NOCASE",
	[INDEX(STMT_FACET_CHANGE)] =
	    "INSERT INTO facet (kind, creator, genre, n)"
	    " VALUES (?1, ?2, coalesce(?3, ''), ?4)"
	    " ON CONFLICT (kind, creator, genre) DO UPDATE SET n = n + ?4",
	[INDEX(STMT_FACET_FORGET)] =
	    "DELETE FROM facet WHERE kind = ?1"
	    " AND creator = ?2 AND genre = coalesce(?3, '') AND n = 0",

	/* From ?1 and before ?2, at most ?3: each is sought behind the one
	 * before, since a word has a row for each of its places.  None has a
	 * character so small. */
	[INDEX(STMT_SEARCH_WORDS_BEGUN)] =
	    "WITH RECURSIVE w (term) AS (SELECT (SELECT term FROM item_word"
	    " WHERE term >= ?1 AND term < ?2 LIMIT 1) UNION ALL"
	    " SELECT (SELECT term FROM item_word"
	    " WHERE term >= w.term || char(1) AND term < ?2 LIMIT 1) FROM w"
	    " WHERE w.term IS NOT NULL) SELECT term FROM w"
	    " WHERE term IS NOT NULL LIMIT ?3",

	/* In the order of enum db_order. */
	[INDEX(STMT_SEARCH_LIST)] =
	SEARCH_PAGE("e.published_ms", "(key, item) < (?6, ?7)",
	    "key DESC, item DESC"),
	SEARCH_PAGE("e.title", "(key, item) > (?6, ?7)", "key, item"),
	SEARCH_PAGE("e.creator", "(key, item) > (?6, ?7)", "key, item"),
	SEARCH_PAGE("e.price", "(key, item) > (?6, ?7)", "key, item"),
	SEARCH_PAGE("0", "?6 IS NOT NULL AND item < ?7", "item DESC"),
	SEARCH_RELEVANT,
	SEARCH_PAGE("e.sold", "(key, item) < (?6, ?7)",
	    "key DESC, item DESC"),
	[INDEX(STMT_SEARCH_POPULAR)] =
	    "SELECT e.item, e.sold FROM entry e WHERE ?8 IS NULL"
	    SEARCH_FILTER " AND (e.sold, e.item) < (?6, ?7)"
	    " ORDER BY e.sold DESC, e.item DESC LIMIT ?5",
	[INDEX(STMT_SEARCH_FACETS)] =
	SEARCH_COUNTS, SEARCH_COUNTED
};

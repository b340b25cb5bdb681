#include "commerced/db/items.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

enum err
db_item_get(struct db *db, const struct uuid *id, struct item *out)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_ITEM_GET);
	query_uuid(&query, id);
	found = query_next(&query);
	if (found)
		db_item_read(&query, out);
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

static void
query_item_text(struct query *query, const struct item *item)
{
	query_text(query, item->title);
	query_text(query, item->creator);
	query_text(query, item->genre);
	query_text(query, item->description);
	query_text(query, item->released[0] == '\0' ? NULL : item->released);
	query_int(query, item->price_minor);
}

enum err
db_item_add(struct db *db, struct item *item)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_ITEM_ADD);
	query_uuid(&query, &item->id);
	query_int(&query, item->kind);
	query_item_text(&query, item);
	query_int(&query, item->created_ms);
	e = query_run(&query);
	if (!e)
		item->number = sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_item_change(struct db *db, const struct item *item)
{
	struct query query;

	query_begin(&query, db, STMT_ITEM_CHANGE);
	query_int(&query, item->number);
	query_int(&query, item->kind);
	query_item_text(&query, item);
	return query_run(&query);
}

enum err
db_item_set_state(struct db *db, const struct item *item)
{
	struct query query;

	query_begin(&query, db, STMT_ITEM_SET_STATE);
	query_int(&query, item->number);
	query_int(&query, item->state);
	query_int(&query, item->published_ms);
	return query_run(&query);
}

static enum err
db_item_ask(struct db *db, enum statement number, int64_t account,
    int64_t item, bool *out)
{
	struct query query;

	query_begin(&query, db, number);
	query_int(&query, account);
	query_int(&query, item);
	*out = query_next(&query);
	return query_end(&query);
}

enum err
db_item_is_entitled(struct db *db, int64_t account, int64_t item, bool *out)
{
	return db_item_ask(db, STMT_ITEM_OWNED, account, item, out);
}

enum err
db_item_is_owned(struct db *db, int64_t account, int64_t item, bool *out)
{
	enum err e;

	e = db_item_is_entitled(db, account, item, out);
	return e || *out ? e : db_item_ask(db, STMT_ITEM_OWNED_INSIDE,
	    account, item, out);
}

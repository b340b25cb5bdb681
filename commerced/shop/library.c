#include "commerced/shop/library.h"

#include <string.h>

#include "commerced/db/library.h"
#include "commerced/shop/cursor.h"
#include "commerced/shop/internal.h"

static enum err
library_cursor(const struct library_place *last, char **next)
{
	const struct cursor cursor = { .kind = CURSOR_LIBRARY,
	    .numbers = { last->bought_ms, last->item, last->file } };

	return last->file == 0 ? ERR_OK : cursor_encode(&cursor, next);
}

enum err
library_list(struct shop *shop, const struct library_query *query,
    struct library_list *out)
{
	struct cursor cursor = { .numbers = { INT64_MAX, INT64_MAX, 0 } };
	struct library_filter filter = { .account = query->account,
	    .unfinished = query->unfinished, .limit = query->limit };
	struct library_place last = { 0 };
	struct db *db;
	enum err e = ERR_OK;

	library_list_clear(out);
	if (query->limit < 1 || query->limit > LIBRARY_LIMIT_MAX)
		return ERR_OUT_OF_RANGE;
	if (query->cursor != NULL)
		e = cursor_decode(query->cursor, CURSOR_LIBRARY, &cursor);
	if (!e)
		e = reader_borrow(shop, &db);
	if (e)
		return e;
	filter.after = (struct library_place){ .bought_ms = cursor.numbers[0],
	    .item = cursor.numbers[1], .file = cursor.numbers[2] };
	e = db_library_list(db, &filter, out, &last);
	reader_return(shop, db);
	if (!e)
		e = library_cursor(&last, &out->next);
	if (e)
		library_list_clear(out);
	return e;
}

enum err
library_complete(struct shop_transaction *tx,
    const struct library_completion *in)
{
	struct owned_files owned = { 0 };
	struct owned_object object;
	enum err e;

	e = db_library_file(tx->db, in->account, &in->file, 0, &owned);
	db_owned_files_clear(&owned);
	if (e)
		return e;
	if (!object_id_is_valid(in->object, strlen(in->object)))
		return ERR_OBJECT_MISMATCH;
	e = db_library_object(tx->db, in->account, &in->file, in->object,
	    &object);
	if (e == ERR_NOT_FOUND || (!e && object.sealed_size !=
	    in->sealed_size))
		return ERR_OBJECT_MISMATCH;
	return e ? e : db_completion_set(tx->db, in->account, &object,
	    tx->now_ms);
}

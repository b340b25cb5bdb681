#include "commerced/db/pictures.h"

#include "commerced/db/query.h"

enum err
db_picture_get(struct db *db, int64_t item, enum picture_kind kind,
    struct picture *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct picture){ 0 };
	query_begin(&query, db, STMT_PICTURE_GET);
	query_int(&query, item);
	query_int(&query, kind);
	found = query_next(&query);
	if (found) {
		out->id = row_uuid(&query);
		row_text_into(&query, out->media_type,
		    sizeof(out->media_type));
		out->size = row_int(&query);
		row_bytes(&query, out->digest, sizeof(out->digest));
		out->changed_ms = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_picture_set(struct db *db, int64_t item, enum picture_kind kind,
    const struct picture *picture)
{
	struct query query;

	query_begin(&query, db, STMT_PICTURE_SET);
	query_int(&query, item);
	query_int(&query, kind);
	query_uuid(&query, &picture->id);
	query_text(&query, picture->media_type);
	query_int(&query, picture->size);
	query_bytes(&query, picture->digest, sizeof(picture->digest));
	query_int(&query, picture->changed_ms);
	return query_run(&query);
}

enum err
db_picture_remove(struct db *db, int64_t item, enum picture_kind kind)
{
	struct query query;

	query_begin(&query, db, STMT_PICTURE_REMOVE);
	query_int(&query, item);
	query_int(&query, kind);
	return query_run(&query);
}

enum err
db_picture_is_shown(struct db *db, const struct uuid *id, bool *out)
{
	struct query query;

	query_begin(&query, db, STMT_PICTURE_IS_SHOWN);
	query_uuid(&query, id);
	*out = query_next(&query);
	return query_end(&query);
}

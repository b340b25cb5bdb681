/* What belongs to items, for all of a page at once: a statement for each item
 * took longer than what it read.
 */
#include <stdlib.h>

#include "commerced/db/items.h"
#include "commerced/db/query.h"
#include "commerced/db/rows.h"
#include "common/json_text.h"

/* A statement about items; its ?1 is what OF_EACH_ITEM needs. */
struct items_query {
	struct query query;
	struct item *items;
	char *numbers;		/* which ?1 is */
};

static void
items_query_begin(struct items_query *of, struct db *db,
    enum statement number, const struct item_span *span)
{
	struct json_text text;
	size_t length;

	json_text_begin(&text);
	json_text_open_list(&text, NULL);
	for (size_t i = 0; i < span->count; i++)
		json_text_integer(&text, NULL, span->items[i].number);
	json_text_close_list(&text);
	of->items = span->items;
	of->numbers = json_text_take(&text, &length);
	query_begin(&of->query, db, number);
	if (of->numbers == NULL && !of->query.error)
		of->query.error = ERR_NO_MEMORY;
	query_text(&of->query, of->numbers);
}

/* Each row begins with the place of its item in items. */
static enum err
items_query_run(struct items_query *of,
    void (*read)(struct query *query, struct item *item))
{
	while (query_next(&of->query))
		read(&of->query, &of->items[row_int(&of->query)]);
	(void)query_end(&of->query);
	free(of->numbers);
	return of->query.error;
}

static void
item_read_file(struct query *query, struct item *item)
{
	struct file_list *list = &item->files;
	struct file *files = db_array_grow(list->files, list->count,
	    sizeof(*files));

	if (files == NULL) {
		query->error = ERR_NO_MEMORY;
		return;
	}
	list->files = files;
	files[list->count] = (struct file){ .item = item->id };
	db_file_read_own(query, &files[list->count++]);
}

static void
item_read_content(struct query *query, struct item *item)
{
	struct uuid *ids = db_array_grow(item->contains,
	    item->contains_count, sizeof(*ids));

	if (ids == NULL) {
		query->error = ERR_NO_MEMORY;
		return;
	}
	item->contains = ids;
	ids[item->contains_count++] = row_uuid(query);
}

enum err
db_items_files(struct db *db, enum db_files which,
    const struct item_span *span)
{
	static const enum statement numbers[] = {
		[DB_FILES_FOR_SALE] = STMT_FILES_FOR_SALE,
		[DB_FILES_NEWEST] = STMT_FILES_NEWEST,
		[DB_FILES_NOT_READY] = STMT_FILES_NOT_READY
	};
	struct items_query of;

	items_query_begin(&of, db, numbers[which], span);
	return items_query_run(&of, item_read_file);
}

enum err
db_items_contents(struct db *db, const struct item_span *span)
{
	struct items_query of;

	items_query_begin(&of, db, STMT_CONTENTS_LIST, span);
	return items_query_run(&of, item_read_content);
}

enum err
db_items_listed(struct db *db, const struct item_filter *filter,
    const struct item_span *span)
{
	struct items_query of;

	items_query_begin(&of, db, STMT_ITEMS_LISTED, span);
	query_int(&of.query, filter->any_state);
	query_text(&of.query, filter->today);
	return items_query_run(&of, db_item_read);
}

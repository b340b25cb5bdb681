/* Reading rows that several statements share. */
#ifndef COMMERCED_DB_ROWS_H
#define COMMERCED_DB_ROWS_H

#include "commerced/db/query.h"
#include "commerced/model.h"

/* FILE_COLUMNS of fragments.h. */
void db_file_read(struct query *query, struct file *out);
/* FILE_OWN_COLUMNS: all but the item. */
void db_file_read_own(struct query *query, struct file *out);
/* ITEM_COLUMNS. */
void db_item_read(struct query *query, struct item *out);

/* Object ids are 32 bytes in the database and hex outside. */
void row_object(struct query *query, char object[static OBJECT_ID_LENGTH
    + 1]);
/* Bind one; bytes is the caller's and lives until query_end(). */
void query_object(struct query *query, const char *object,
    uint8_t bytes[static OBJECT_ID_LENGTH / 2]);

/*
 * Room for one more element of size bytes in an array of count: grown by
 * doubling.  NULL leaves it as it is.
 */
void *db_array_grow(void *array, size_t count, size_t size);

#endif

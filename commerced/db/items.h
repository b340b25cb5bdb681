/* Items and the lists of their files.  Every function: the errors of db.h.
 * What is filled is to be cleared by the caller in every case.
 */
#ifndef COMMERCED_DB_ITEMS_H
#define COMMERCED_DB_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

/* Without its files.  ERR_NOT_FOUND. */
enum err db_item_get(struct db *db, const struct uuid *id, struct item *out);

/* All but state, publication and files; sets item->number. */
enum err db_item_add(struct db *db, struct item *item);
/* The same members of the item with that number. */
enum err db_item_change(struct db *db, const struct item *item);
/* item->state and item->published_ms. */
enum err db_item_set_state(struct db *db, const struct item *item);

/* By an entitlement to the item itself; or also to what contains it. */
enum err db_item_is_entitled(struct db *db, int64_t account, int64_t item,
    bool *out);
enum err db_item_is_owned(struct db *db, int64_t account, int64_t item,
    bool *out);

enum db_files {
	DB_FILES_FOR_SALE,	/* with their newest stored versions */
	DB_FILES_NEWEST,	/* with their newest versions */
	DB_FILES_NOT_READY	/* those of which nothing can be sold yet */
};

/* Items one after the other, of which numbers and ids are known. */
struct item_span {
	struct item *items;
	size_t count;
};

/* Their lists, which are empty: files, in the order they were first added, and
 * what a container contains now, in its order. */
enum err db_items_files(struct db *db, enum db_files which,
    const struct item_span *span);
enum err db_items_contents(struct db *db, const struct item_span *span);

enum db_order { DB_BY_PUBLICATION, DB_BY_TITLE, DB_BY_CREATOR, DB_BY_PRICE,
	DB_BY_MAKING, DB_BY_RELEVANCE, DB_BY_POPULARITY };

/* A place in a list: the key of the order, then the item's number. */
struct item_place {
	int64_t key;		/* publication, price, sales */
	const char *text;	/* title, creator */
	double score;		/* relevance: less is better */
	int64_t number;
};

struct item_filter {
	/*
	 * A full-text query, for the search index alone; NULL: none.  It may
	 * be that for what begins with begun, of letters and digits of ASCII
	 * (else NULL), and others, the rest of it, which may be empty.
	 */
	const char *words;
	const char *begun;
	const char *others;
	const char *creator;	/* NULL: any; so for genre */
	const char *genre;
	bool has_kind;
	enum item_kind kind;
	bool any_state;
	const char *today;	/* what is released later is not on sale */
	enum db_order order;
	size_t limit;
	struct item_place after;	/* see db_item_first_place() */
};

/* The place before all others of an order. */
struct item_place db_item_first_place(enum db_order order);

/*
 * Up to filter->limit items without files, from the books: without words, and
 * by popularity only a creator's.  last is the place of the last one
 * where more follow, its text borrowed from out; else its number is 0.
 */
enum err db_item_list(struct db *db, const struct item_filter *filter,
    struct item_list *out, struct item_place *last);

/*
 * Items of which only the numbers are known are read if they fit the filter's
 * state and day; the others stay without a title.
 */
enum err db_items_listed(struct db *db, const struct item_filter *filter,
    const struct item_span *span);

#endif

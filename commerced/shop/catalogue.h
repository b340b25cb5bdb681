/* The catalogue: items as drafts, on sale, withdrawn; search and browse. */
#ifndef COMMERCED_SHOP_CATALOGUE_H
#define COMMERCED_SHOP_CATALOGUE_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/shop.h"

#define ITEM_TITLE_MAX 500		/* bytes */
#define ITEM_CREATOR_MAX 500
#define ITEM_GENRE_MAX 100
#define ITEM_DESCRIPTION_MAX (32 * 1024)
#define ITEM_LIMIT_MAX 100		/* of a page */
#define ITEM_RELEVANT_MAX 200		/* where sort=relevance ends */
#define ITEM_QUERY_MAX 200		/* bytes of q */
#define ITEM_CONTAINS_MAX 500

enum item_member {
	ITEM_TITLE = 1, ITEM_CREATOR = 2, ITEM_KIND = 4, ITEM_PRICE = 8,
	ITEM_GENRE = 16, ITEM_DESCRIPTION = 32, ITEM_RELEASED = 64,
	ITEM_CONTAINS = 128
};
#define ITEM_REQUIRED (ITEM_TITLE | ITEM_CREATOR | ITEM_KIND | ITEM_PRICE)

/* What the shop's people say of an item; strings are borrowed. */
struct item_fields {
	unsigned given;		/* of enum item_member, or-ed; others are left
				 * as they are (PATCH) or empty (POST) */
	const char *title;
	const char *creator;
	enum item_kind kind;
	int64_t price_minor;
	const char *genre;	/* NULL: none; so for the next two */
	const char *description;
	const char *released;	/* "2026-11-22" */
	const struct uuid *contains;	/* items, in the album's order */
	size_t contains_count;
};

/*
 * Are they of the right form?  creating: all of ITEM_REQUIRED must be there.
 * On ERR_OUT_OF_RANGE, ERR_DUPLICATE_ITEM, or ERR_WRONG_TYPE for a missing
 * one, *member is the name of the member at fault (static).  Pure; any
 * thread.
 */
enum err item_fields_check(const struct item_fields *fields, bool creating,
    const char **member);

/*
 * A draft.  The errors of item_fields_check(); ERR_OUT_OF_RANGE also when
 * something in contains does not exist.
 */
enum err item_create(struct shop_transaction *tx,
    const struct item_fields *in, struct item *out);

/* Why an item cannot be on sale; all false and none when it can. */
struct item_obstacles {
	bool nothing;		/* it has neither a file nor contents */
	bool too_deep;		/* a cycle, or more than two levels */
	struct file_list files;	/* without a stored version */
	struct uuid *empty;	/* contents that have nothing to give */
	size_t empty_count;
};
void item_obstacles_clear(struct item_obstacles *obstacles);

/*
 * Change what is given.  What was taken out of contains stays with those who
 * bought before.  ERR_NOT_FOUND; those of item_create(); ERR_NOT_PUBLISHABLE
 * when contents would make an item that is on sale unsaleable.
 */
enum err item_change(struct shop_transaction *tx, const struct uuid *id,
    const struct item_fields *in, struct item *out,
    struct item_obstacles *obstacles);

/* Off sale; owners keep it.  Again is ERR_OK.  ERR_NOT_FOUND. */
enum err item_withdraw(struct shop_transaction *tx, const struct uuid *id,
    struct item *out);

/*
 * On sale from its release on, also after it was withdrawn; again is ERR_OK.
 * ERR_NOT_FOUND, ERR_NOT_PUBLISHABLE.
 */
enum err item_publish(struct shop_transaction *tx, const struct uuid *id,
    struct item *out, struct item_obstacles *obstacles);

/*
 * As buyers see it: published, or owned by viewer (an account number; 0:
 * nobody); files with their newest stored version.  ERR_NOT_FOUND.
 */
enum err item_get(struct shop *shop, const struct uuid *id, int64_t viewer,
    struct item *out);

/* As the shop's people see it: any state, newest versions.  ERR_NOT_FOUND. */
enum err item_get_any(struct shop *shop, const struct uuid *id,
    struct item *out);

enum item_sort { ITEM_SORT_NEWEST, ITEM_SORT_TITLE, ITEM_SORT_CREATOR,
	ITEM_SORT_PRICE, ITEM_SORT_RELEVANCE, ITEM_SORT_POPULARITY,
	ITEM_SORT__COUNT };

/* "newest", ...; ERR_OUT_OF_RANGE. */
enum err item_sort_parse(const char *text, enum item_sort *sort);

struct item_query {
	const char *q;		/* words, the last as a prefix; NULL: none */
	const char *creator;	/* NULL: any; whole and in any ASCII case */
	const char *genre;	/* likewise */
	bool has_kind;
	enum item_kind kind;
	enum item_sort sort;	/* RELEVANCE needs q: else ERR_OUT_OF_RANGE */
	bool any_state;		/* for the shop's people; else on sale only */
	size_t limit;		/* 1 to ITEM_LIMIT_MAX */
	const char *cursor;	/* NULL: from the start */
};

/*
 * A page, in the query's order; each item as item_get() (viewer 0) or
 * item_get_any() gives it.  With q, and by popularity, it is the search index
 * that is asked: it follows within a second or so, what is not on sale is left
 * out in any case, and ERR_BUSY means that it is made for the first time.  A
 * cursor holds its place while items come and go, and goes with one sort only.
 * ERR_MALFORMED_CURSOR, ERR_OUT_OF_RANGE.
 */
enum err item_list(struct shop *shop, const struct item_query *query,
    struct item_list *out);

/* May item_list() take long for it?  Then it is for a worker thread. */
bool item_query_is_slow(const struct item_query *query);

/*
 * What is the same as before has not changed meanwhile: answers made from the
 * catalogue after it was read are as they would be made now.  Any thread.
 */
struct catalogue_stamp {
	uint64_t changes;
	int64_t day;
};
struct catalogue_stamp catalogue_stamp_get(struct shop *shop);

/*
 * Kinds, creators and genres of what a query finds on sale, with counts, the
 * query->limit most frequent of each; sort, cursor and any_state do not
 * matter.  Without q exact; with q exact up to 10,000 items, and of more the
 * 10,000 most popular are counted.  For worker threads.  ERR_OUT_OF_RANGE;
 * ERR_BUSY while the search index is made for the first time.
 */
enum err facets_get(struct shop *shop, const struct item_query *query,
    struct facets *out);

#endif

/* What an account owns, file by file. */
#ifndef COMMERCED_SHOP_LIBRARY_H
#define COMMERCED_SHOP_LIBRARY_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/shop.h"

#define LIBRARY_LIMIT_MAX 100

struct library_query {
	int64_t account;
	bool unfinished;	/* only where the newest stored version was not
				 * completed */
	size_t limit;		/* 1 to LIBRARY_LIMIT_MAX */
	const char *cursor;	/* NULL: from the start */
};

/*
 * Files with a stored version of items owned, newest purchase first.
 * ERR_MALFORMED_CURSOR, ERR_OUT_OF_RANGE.
 */
enum err library_list(struct shop *shop, const struct library_query *query,
    struct library_list *out);

struct library_completion {
	int64_t account;
	struct uuid file;
	char object[OBJECT_ID_LENGTH + 1];
	int64_t sealed_size;
};

/*
 * The player has the whole of that version.  Again is ERR_OK; a report of an
 * older version never takes back one of a newer.  ERR_NOT_FOUND (not owned),
 * ERR_OBJECT_MISMATCH (no version of the file that the account may have).
 */
enum err library_complete(struct shop_transaction *tx,
    const struct library_completion *in);

#endif

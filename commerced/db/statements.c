#include "commerced/db/statements.h"

const char *
statement_text(enum statement number)
{
	if (number < STMT_CATALOGUE)
		return account_sql[number];
	if (number < STMT_SALES)
		return catalogue_sql[number - STMT_CATALOGUE];
	if (number < STMT_SEARCH)
		return sales_sql[number - STMT_SALES];
	return search_sql[number - STMT_SEARCH];
}

/*
 * All that write to item, file, version, item_content, item_inside and
 * picture, but for what a sale notes there (STMT_ITEM_SOLD,
 * STMT_VERSIONS_BOUGHT, and _KEPT of both) and what is about keeping and
 * trying again (STMT_VERSION_DROPPED, STMT_VERSION_FAILED).
 */
static const bool catalogue_changes[STMT__COUNT] = {
	[STMT_ITEM_ADD] = true, [STMT_ITEM_CHANGE] = true,
	[STMT_ITEM_SET_STATE] = true, [STMT_CONTENTS_TAKE_OUT] = true,
	[STMT_CONTENTS_PUT_IN] = true, [STMT_INSIDE_FORGET] = true,
	[STMT_INSIDE_MAKE] = true, [STMT_FILE_ADD] = true,
	[STMT_FILE_SET_MEDIA_TYPE] = true, [STMT_FILE_REMOVE] = true,
	[STMT_FILE_SET_STORED] = true, [STMT_VERSION_ADD] = true,
	[STMT_VERSIONS_LET_GO] = true, [STMT_VERSION_STORED] = true,
	[STMT_VERSION_DELETED] = true, [STMT_PICTURE_SET] = true,
	[STMT_PICTURE_REMOVE] = true, [STMT_VERSION_SET_DURATION] = true
};

bool
statement_changes_catalogue(enum statement number)
{
	return catalogue_changes[number];
}

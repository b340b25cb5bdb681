#include "commerced/db/statements.h"

#include "commerced/db/db.h"

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
 * Of the catalogue: shop.sequence; all that write to item, file, version,
 * item_content, item_inside and picture, but for what a sale notes there
 * (STMT_ITEM_SOLD, STMT_VERSIONS_BOUGHT, and _KEPT of both) and what is about
 * keeping and trying again (STMT_VERSION_DROPPED, STMT_VERSION_FAILED).  Of
 * the sessions: all that write to session.
 */
static const unsigned char changes[STMT__COUNT] = {
	[STMT_SEQUENCE_NEXT] = DB_CATALOGUE,
	[STMT_ITEM_ADD] = DB_CATALOGUE, [STMT_ITEM_CHANGE] = DB_CATALOGUE,
	[STMT_ITEM_SET_STATE] = DB_CATALOGUE,
	[STMT_CONTENTS_TAKE_OUT] = DB_CATALOGUE,
	[STMT_CONTENTS_PUT_IN] = DB_CATALOGUE,
	[STMT_INSIDE_FORGET] = DB_CATALOGUE, [STMT_INSIDE_MAKE] = DB_CATALOGUE,
	[STMT_FILE_ADD] = DB_CATALOGUE,
	[STMT_FILE_SET_MEDIA_TYPE] = DB_CATALOGUE,
	[STMT_FILE_REMOVE] = DB_CATALOGUE,
	[STMT_FILE_SET_STORED] = DB_CATALOGUE,
	[STMT_VERSION_ADD] = DB_CATALOGUE,
	[STMT_VERSIONS_LET_GO] = DB_CATALOGUE,
	[STMT_VERSION_STORED] = DB_CATALOGUE,
	[STMT_VERSION_DELETED] = DB_CATALOGUE,
	[STMT_PICTURE_SET] = DB_CATALOGUE, [STMT_PICTURE_REMOVE] = DB_CATALOGUE,
	[STMT_VERSION_SET_DURATION] = DB_CATALOGUE,

	[STMT_SESSION_ADD] = DB_SESSIONS, [STMT_SESSION_TOUCH] = DB_SESSIONS,
	[STMT_SESSION_END] = DB_SESSIONS,
	[STMT_SESSION_FORGET_EXPIRED] = DB_SESSIONS,
	[STMT_SESSION_END_OTHERS] = DB_SESSIONS,
	[STMT_PERSON_FORGET_SESSIONS] = DB_SESSIONS
};

unsigned
statement_changes(enum statement number)
{
	return changes[number];
}

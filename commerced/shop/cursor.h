/* Cursors: the place where a page ended, as opaque text.  A cursor goes with
 * the kind of list it was made for.
 */
#ifndef COMMERCED_SHOP_CURSOR_H
#define COMMERCED_SHOP_CURSOR_H

#include <stdint.h>

#include "common/err.h"

#define CURSOR_TEXT_MAX 500	/* bytes of text inside */

/* What lists there are; never renumbered, since cursors lie in bookmarks. */
enum cursor_kind {
	CURSOR_ITEMS = 0x10,		/* + enum db_order */
	CURSOR_PURCHASES = 0x20,
	CURSOR_LIBRARY = 0x30,
	CURSOR_REPORTS = 0x40,		/* + enum report_kind */
	CURSOR_SESSIONS = 0x50
};

struct cursor {
	unsigned kind;
	int64_t numbers[3];
	char text[CURSOR_TEXT_MAX + 1];
};

/* *out is the caller's.  ERR_NO_MEMORY. */
enum err cursor_encode(const struct cursor *cursor, char **out);

/* ERR_MALFORMED_CURSOR unless text is one of that kind. */
enum err cursor_decode(const char *text, unsigned kind, struct cursor *out);

#endif

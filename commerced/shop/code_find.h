/* Codes as people type them; between code.c and claim.c. */
#ifndef COMMERCED_SHOP_CODE_FIND_H
#define COMMERCED_SHOP_CODE_FIND_H

#include "commerced/keys.h"
#include "commerced/shop/internal.h"

struct code_typed {
	enum code_kind kind;
	const char *text;
	size_t length;
};

/* Fill the row of that lookup; ERR_NOT_FOUND. */
typedef enum err code_row(struct db *db,
    const uint8_t lookup[static CODE_LOOKUP_BYTES], void *row);

/*
 * The row of a code under whichever master key it was issued.
 * ERR_CODE_UNKNOWN (also: no code by its form), ERR_CRYPTO.
 */
enum err code_find(struct shop_transaction *tx,
    const struct code_typed *typed, code_row *find, void *row);

#endif

/* Gift codes.  Every function: the errors of db.h. */
#ifndef COMMERCED_DB_CODES_H
#define COMMERCED_DB_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

#define DB_CODE_LOOKUP_BYTES 32

struct gift_batch {
	int64_t number;
	struct uuid id;
	int64_t amount_minor;
	int64_t count;
	int64_t expires_ms;	/* 0: never */
	char master_key[MASTER_KEY_ID_SIZE];
	int64_t created_ms;
};

/* Sets batch->number. */
enum err db_gift_batch_add(struct db *db, struct gift_batch *batch);
/* All but created_ms.  ERR_NOT_FOUND. */
enum err db_gift_batch_get(struct db *db, int64_t number,
    struct gift_batch *out);
enum err db_gift_code_add(struct db *db, int64_t batch, int64_t position,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES]);

struct gift_code_row {
	int64_t number;
	int64_t amount_minor;
	int64_t expires_ms;	/* 0: never */
	int64_t redeemed_by;	/* account; 0: nobody */
};
/* ERR_NOT_FOUND. */
enum err db_gift_code_get(struct db *db,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES],
    struct gift_code_row *out);
enum err db_gift_code_take(struct db *db, int64_t code, int64_t account,
    int64_t now_ms);

#endif

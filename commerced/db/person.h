/* All that is held about a person: read for them, and forgotten.  Every
 * function: the errors of db.h.  What is filled is to be cleared by the caller.
 */
#ifndef COMMERCED_DB_PERSON_H
#define COMMERCED_DB_PERSON_H

#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

/*
 * Delete the account and all that hangs on it but the books: receipts, lines,
 * transfers and redeemed codes keep the account's number.
 */
enum err db_person_forget(struct db *db, int64_t account);

/* All but person->account, ->sessions, ->purchases and ->library. */
enum err db_person_read(struct db *db, int64_t account, struct person *out);

#endif

/* Handing one object's next request to the storage client. */
#ifndef COMMERCED_PUSH_SEND_H
#define COMMERCED_PUSH_SEND_H

#include <stdint.h>

#include "commerced/push_slot.h"
#include "commerced/shop/shop.h"
#include "commerced/spool.h"
#include "commerced/storage_client.h"

struct push_sender {		/* all borrowed */
	struct shop *shop;
	struct spool *spool;
	struct storage_client *client;
	uint64_t piece_bytes;	/* larger files go in pieces */
};

/*
 * Begin what the slot's kind and step ask for; the answer's context is the
 * slot.  WHOLE becomes ASK for a large file.  On an error nothing is under
 * way: ERR_OBJECT_NOT_FOUND (its sealed file is gone), ERR_IO,
 * ERR_NO_MEMORY, ERR_CRYPTO, ERR_INTERNAL.
 */
enum err push_send(const struct push_sender *sender, struct push_slot *slot);

#endif

/* What a hostile storage host answers to the player: the input is the answer,
 * status line and all, to each of its requests.  What comes out of a fetch is
 * as long as was asked for, or an error; and never more.
 */
#include <string.h>

#include "common/log.h"
#include "player/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/peer.h"

#define SPAN_MOST 1000

static char url[64];

static enum err
count(void *context, const uint8_t *bytes, size_t size)
{
	uint64_t *total = context;
	volatile uint8_t last;

	if (size > 0)
		last = bytes[size - 1];
	(void)last;
	*total += size;
	return ERR_OK;
}

static void
check_fetch(struct client *client, uint64_t offset, uint64_t size)
{
	const struct sealed_span span = { offset, size };
	uint64_t total = 0;
	enum err e = client_fetch(client, &span, count, &total);

	PROMISE(total <= size);
	PROMISE(e != ERR_OK || total == size);
	PROMISE(e == ERR_OK || e == ERR_UNREACHABLE ||
	    e == ERR_PRECONDITION_FAILED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct client *client = NULL;
	uint64_t sealed, part;
	enum err e;

	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	if (url[0] == '\0')
		(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/media/x",
		    peer_start());
	peer_say(bytes, size);
	e = client_open(url, "token", &client);
	PROMISE((e == ERR_OK) == (client != NULL));
	PROMISE(e == ERR_OK || e == ERR_UNREACHABLE);
	if (e == ERR_OK) {
		sealed = client_sealed_size(client);
		part = sealed < SPAN_MOST ? sealed : SPAN_MOST;
		PROMISE(sealed > 0);
		/* What came first, and what is behind it. */
		check_fetch(client, 0, part);
		check_fetch(client, sealed - part, part);
	}
	client_close(client);
	peer_say("", 0);
	return 0;
}

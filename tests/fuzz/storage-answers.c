/* What a hostile storage service answers to commerced: the first byte chooses
 * what is asked, the rest is the answer, status line and all.  What comes out
 * is within what was asked for, and a push goes on only where it can.
 */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "commerced/push_slot.h"
#include "commerced/storage_client.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/memory.h"
#include "tests/fuzz/support/peer.h"

#define RANGE_BYTES 64
#define FILE_BYTES 100
#define WAIT_MS 120000

static struct storage_client *client;
static char url[64];

static void
start(void)
{
	if (client != NULL)
		return;
	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/objects",
	    peer_start());
	PROMISE(storage_client_global_init() == ERR_OK);
	PROMISE(storage_client_new(NULL, &client) == ERR_OK);
}

static enum err
ask(unsigned what, void *context)
{
	const struct storage_range all = { 0, 0 };
	const struct storage_range part = { 5, RANGE_BYTES };
	char path[MEMORY_PATH_SIZE];
	static const char file[FILE_BYTES];
	const struct storage_body body = { memory_file(file, sizeof(file),
	    path), what == 4 ? 10 : 0, FILE_BYTES, FILE_BYTES };

	if (what >= 3)
		return storage_client_put(client, url, "t", &body, context);
	close(body.descriptor);
	switch (what) {
	case 0:
		return storage_client_get(client, url, "t", &all, context);
	case 1:
		return storage_client_get(client, url, "t", &part, context);
	default:
		return storage_client_head(client, url, "t", context);
	}
}

/* What a push makes of the answer. */
static void
check_push(unsigned what, const struct storage_answer *answer)
{
	struct push_slot slot = { .kind = PUSH_STORE,
		.step = what == 2 ? PUSH_STEP_ASK : what == 4 ?
		    PUSH_STEP_PIECE : PUSH_STEP_WHOLE,
		.offset = what == 4 ? 10 : 0,
		.push = { .sealed_size = FILE_BYTES } };
	const uint64_t before = slot.offset;
	bool is_whole = what >= 3;

	switch (push_slot_take(&slot, answer)) {
	case PUSH_GOES_ON:
		PROMISE(slot.step == PUSH_STEP_PIECE);
		PROMISE(slot.offset < FILE_BYTES);
		PROMISE(what == 2 || slot.offset > before);
		break;
	case PUSH_IS_DONE:
		PROMISE(answer->result == ERR_OK);
		PROMISE(is_whole ? answer->status == 200 ||
		    answer->status == 201 : answer->is_complete &&
		    answer->upload_offset == FILE_BYTES);
		break;
	case PUSH_HAS_FAILED:
	case PUSH_IS_REFUSED:
		break;
	}
}

static void
check_answer(unsigned what, const struct storage_answer *answer)
{
	PROMISE(answer->context == &client);
	PROMISE(answer->result == ERR_OK ||
	    answer->result == ERR_UNREACHABLE);
	PROMISE(answer->result != ERR_OK || answer->status >= 200);
	PROMISE(answer->upload_offset >= -1);
	PROMISE(answer->sent <= FILE_BYTES);
	PROMISE(answer->body_size <= STORAGE_LIST_MAX);
	PROMISE(strlen(answer->slug) < STORAGE_SLUG_SIZE);
	PROMISE(strlen(answer->reason) < STORAGE_REASON_SIZE);
	if (what >= 2)
		check_push(what, answer);
	if (what == 0 && answer->result == ERR_OK)
		json_decref(json_loadb(answer->body, answer->body_size, 0,
		    NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct storage_answer answer;
	unsigned what;

	if (size == 0)
		return 0;
	start();
	what = bytes[0] % 5;
	peer_say(bytes + 1, size - 1);
	PROMISE(ask(what, &client) == ERR_OK);
	PROMISE(storage_client_wait(client, WAIT_MS, &answer));
	check_answer(what, &answer);
	peer_say("", 0);
	return 0;
}

/* Cursors: the first byte chooses a list, the second how the rest is read: as
 * the text of a cursor, or as what is in one, which then has a right sum.
 * Whatever it is, the answer is a page or 400; one that was made reads back.
 */
#include <string.h>

#include "commerced/shop/cursor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper.h"

#define TARGET_MAX 4096

struct list {
	const char *path;
	unsigned kind;
	const char *credential;		/* NULL: none */
};

static const struct list lists[] = {
	{ "/v1/items?limit=1", CURSOR_ITEMS, NULL },
	{ "/v1/items?limit=1&sort=title", CURSOR_ITEMS + 1, NULL },
	{ "/v1/items?limit=1&sort=creator", CURSOR_ITEMS + 2, NULL },
	{ "/v1/items?limit=1&sort=price", CURSOR_ITEMS + 3, NULL },
	{ "/v1/items?limit=1&sort=popularity", CURSOR_ITEMS + 6, NULL },
	{ "/admin/v1/items?limit=1", CURSOR_ITEMS + 4, "admin" },
	{ "/v1/items?limit=1&q=f", CURSOR_ITEMS + 5, NULL },
	{ "/v1/purchases?limit=1", CURSOR_PURCHASES, "session" },
	{ "/v1/library?limit=1", CURSOR_LIBRARY, "session" },
	{ "/admin/v1/purchases?limit=1", CURSOR_REPORTS, "admin" },
	{ "/admin/v1/accounts?limit=1", CURSOR_REPORTS + 1, "admin" },
	{ "/admin/v1/ledger?limit=1", CURSOR_REPORTS + 2, "admin" },
	{ "/admin/v1/sales?limit=1", CURSOR_REPORTS + 3, "admin" },
	{ "/admin/v1/sales?limit=1&by=item", CURSOR_REPORTS + 4, "admin" },
	{ "/v1/sessions?limit=1", CURSOR_SESSIONS, "session" },
};

static bool
is_text_of_cursor(const char *text)
{
	return text[0] != '\0' && text[strspn(text,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "-_")] == '\0';
}

static void
ask(const struct list *list, const char *cursor)
{
	struct paper_request request = { .method = "GET" };
	struct paper_answer answer;
	static char target[TARGET_MAX];
	char credential[600];

	if (!is_text_of_cursor(cursor) || snprintf(target, sizeof(target),
	    "%s&cursor=%s", list->path, cursor) >= TARGET_MAX)
		return;
	request.target = target;
	paper_add_field(&request, "Host", "shop");
	if (list->credential != NULL) {
		(void)snprintf(credential, sizeof(credential), "Bearer %s",
		    paper_value(list->credential));
		paper_add_field(&request, "Authorization", credential);
	}
	paper_ask(&request, &answer);
	PROMISE(answer.status == 200 || (answer.status == 400 &&
	    (strcmp(answer.slug, "malformed-cursor") == 0 ||
	    strcmp(answer.slug, "out-of-range") == 0)));
	paper_answer_clear(&answer);
}

/* Any text: one spelling for what is in it. */
static void
check_text(const struct list *list, const char *text)
{
	struct cursor cursor;
	char *again = NULL;

	if (cursor_decode(text, list->kind, &cursor) == ERR_OK) {
		PROMISE(cursor.kind == list->kind);
		PROMISE(strlen(cursor.text) <= CURSOR_TEXT_MAX);
		PROMISE(cursor_encode(&cursor, &again) == ERR_OK);
		PROMISE(strcmp(again, text) == 0);
		free(again);
	}
	ask(list, text);
}

/* A forged one: a byte of kind, three numbers, a text. */
static void
check_forged(const struct list *list, const uint8_t *bytes, size_t size)
{
	struct cursor cursor = { .kind = list->kind }, read;
	char *text = NULL;

	if (size < sizeof(cursor.numbers))
		return;
	memcpy(cursor.numbers, bytes, sizeof(cursor.numbers));
	bytes += sizeof(cursor.numbers);
	size -= sizeof(cursor.numbers);
	if (size > CURSOR_TEXT_MAX)
		size = CURSOR_TEXT_MAX;
	for (size_t i = 0; i < size && bytes[i] != '\0'; i++)
		cursor.text[i] = (char)bytes[i];
	PROMISE(cursor_encode(&cursor, &text) == ERR_OK);
	PROMISE(cursor_decode(text, list->kind, &read) == ERR_OK);
	PROMISE(memcmp(read.numbers, cursor.numbers, sizeof(read.numbers)) ==
	    0);
	PROMISE(strcmp(read.text, cursor.text) == 0);
	PROMISE(cursor_decode(text, list->kind ^ 1, &read) ==
	    ERR_MALFORMED_CURSOR);
	ask(list, text);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct list *list;
	char *text;

	if (size < 2)
		return 0;
	paper_begin();
	list = &lists[bytes[0] % (sizeof(lists) / sizeof(lists[0]))];
	if (bytes[1] % 2 == 1) {
		check_forged(list, bytes + 2, size - 2);
		return 0;
	}
	text = fuzz_text(bytes + 2, size - 2);
	check_text(list, text);
	free(text);
	return 0;
}

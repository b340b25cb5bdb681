/* Queries, as each route takes them: the first byte chooses the route, the
 * rest is what follows "?", with "@{NAME}" for values of the shop.  A page
 * keeps to its limit, and where it says that there is more, there is.
 */
#include <string.h>

#include "tests/fuzz/daemon/expand.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper.h"

#define PAGES 5
#define TARGET_MAX 8192

struct route {
	const char *method, *path;
	const char *credential;		/* NULL: none */
	const char *accept;		/* NULL: none */
};

static const struct route routes[] = {
	{ "GET", "/v1/items", NULL, NULL },
	{ "GET", "/v1/facets", NULL, NULL },
	{ "GET", "/v1/purchases", "session", NULL },
	{ "GET", "/v1/library", "session", NULL },
	{ "GET", "/admin/v1/items", "admin", NULL },
	{ "GET", "/admin/v1/purchases", "admin", NULL },
	{ "GET", "/admin/v1/accounts", "admin", NULL },
	{ "GET", "/admin/v1/ledger", "admin", NULL },
	{ "GET", "/admin/v1/sales", "admin", NULL },
	{ "GET", "/admin/v1/sales", "admin", "text/csv" },
	{ "GET", "/v1/shop", NULL, NULL },
};

static struct expansion query;

static void
ask(const struct route *route, const char *target,
    struct paper_answer *answer)
{
	struct paper_request request = { .method = route->method,
		.target = target };
	char credential[600];

	paper_add_field(&request, "Host", "shop");
	if (route->accept != NULL)
		paper_add_field(&request, "Accept", route->accept);
	if (route->credential != NULL) {
		(void)snprintf(credential, sizeof(credential), "Bearer %s",
		    paper_value(route->credential));
		paper_add_field(&request, "Authorization", credential);
	}
	paper_ask(&request, answer);
	PROMISE(answer->status == 200 || answer->status == 400);
}

/* The query without its cursor. */
static void
remove_cursor(char *text)
{
	char *at = strncmp(text, "cursor=", 7) == 0 ? text :
	    strstr(text, "&cursor=");
	size_t length;

	if (at == NULL)
		return;
	length = strcspn(at + 1, "&") + 1;
	/* The first parameter goes with the "&" behind it. */
	if (at == text && at[length] == '&')
		length++;
	memmove(at, at + length, strlen(at + length) + 1);
}

/* Go on for some pages: a cursor that was given is taken. */
static void
follow(const struct route *route, struct paper_answer *answer)
{
	static char target[TARGET_MAX];
	const char *next;

	remove_cursor(query.bytes);
	for (int i = 0; i < PAGES; i++) {
		size_t count = json_array_size(json_object_get(answer->json,
		    "items"));

		PROMISE(count <= 100);
		next = json_string_value(json_object_get(answer->json,
		    "next"));
		if (next == NULL)
			return;
		PROMISE(count > 0);
		if (snprintf(target, sizeof(target), "%s?%s%scursor=%s",
		    route->path, query.bytes, query.bytes[0] == '\0' ? "" :
		    "&", next) >= TARGET_MAX)
			return;
		paper_answer_clear(answer);
		ask(route, target, answer);
		PROMISE(answer->status == 200);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char target[TARGET_MAX];
	struct paper_answer answer;
	const struct route *route;

	if (size == 0)
		return 0;
	paper_begin();
	route = &routes[bytes[0] % (sizeof(routes) / sizeof(routes[0]))];
	expand(&query, bytes + 1, size - 1);
	if (memchr(query.bytes, '\0', query.size) != NULL ||
	    snprintf(target, sizeof(target), "%s?%s", route->path,
	    query.bytes) >= TARGET_MAX)
		return 0;
	ask(route, target, &answer);
	if (answer.status == 200)
		follow(route, &answer);
	paper_answer_clear(&answer);
	return 0;
}

/* JSON bodies, as each route takes them: the first byte chooses the route,
 * the rest is the body, with "@{NAME}" for values of the shop.
 */
#include <string.h>

#include "tests/fuzz/daemon/expand.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper.h"

struct route {
	const char *method, *target;
	const char *credential;		/* NULL: none */
};

/* Every route with a body of JSON, in no order but that of the seeds. */
static const struct route routes[] = {
	{ "POST", "/v1/accounts", NULL },
	{ "POST", "/v1/sessions", NULL },
	{ "PATCH", "/v1/account", "session" },
	{ "POST", "/v1/password-resets", NULL },
	{ "POST", "/v1/gift-codes/redeem", "session" },
	{ "POST", "/v1/claims", "session" },
	{ "POST", "/v1/quotes", "session" },
	{ "POST", "/v1/purchases", "session" },
	{ "POST", "/v1/library/@{file}/access", "session" },
	{ "POST", "/v1/library/@{file}/completed", "session" },
	{ "POST", "/admin/v1/items", "admin" },
	{ "PATCH", "/admin/v1/items/@{draft}", "admin" },
	{ "PATCH", "/admin/v1/items/@{album}", "admin" },
	{ "POST", "/admin/v1/gift-codes", "admin" },
	{ "POST", "/admin/v1/fulfilments", "admin" },
	{ "POST", "/admin/v1/purchases/@{purchase}/refund", "admin" },
};

static struct expansion target, body;

/* What holds of an answer to a request that repeats another byte for byte. */
static void
check_again(const struct paper_request *request,
    const struct paper_answer *first)
{
	struct paper_answer second;

	paper_ask(request, &second);
	/* Success is remembered by the key; what was refused may go now. */
	PROMISE(second.status == 200 || second.status == first->status);
	paper_answer_clear(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct paper_request request = { .field_count = 0 };
	char credential[600], key[32];
	const struct route *route;
	struct paper_answer answer;
	static unsigned keys;

	if (size == 0)
		return 0;
	paper_begin();
	route = &routes[bytes[0] % (sizeof(routes) / sizeof(routes[0]))];
	expand(&target, (const uint8_t *)route->target, strlen(route->target));
	expand(&body, bytes + 1, size - 1);
	request.method = route->method;
	request.target = target.bytes;
	request.body = (const uint8_t *)body.bytes;
	request.body_size = body.size;
	paper_add_field(&request, "Host", "shop");
	paper_add_field(&request, "Content-Type", "application/json");
	(void)snprintf(key, sizeof(key), "key-%u", keys++);
	paper_add_field(&request, "Idempotency-Key", key);
	if (route->credential != NULL) {
		(void)snprintf(credential, sizeof(credential), "Bearer %s",
		    paper_value(route->credential));
		paper_add_field(&request, "Authorization", credential);
	}
	paper_ask(&request, &answer);
	PROMISE(answer.status != 401 ||
	    strcmp(answer.slug, "sign-in-refused") == 0);
	if (answer.status == 201 && strstr(route->target, "/v1/purchases") !=
	    NULL)
		check_again(&request, &answer);
	paper_answer_clear(&answer);
	return 0;
}

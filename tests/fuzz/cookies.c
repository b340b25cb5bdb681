/* Credentials: the first byte chooses a request, the rest are its fields, one
 * a line, with "@{NAME}" for values of the shop.  Who is let in has the right
 * token in the right place, by a reading of its own; and the one cookie is
 * found as a plain search finds it.
 */
#include <string.h>
#include <strings.h>

#include "commerced/http/cookie.h"
#include "tests/fuzz/daemon/expand.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper.h"

struct question {
	const char *method, *target;
	const char *body;		/* NULL: none */
	bool is_admin;
};

static const struct question questions[] = {
	{ "GET", "/v1/account", NULL, false },
	{ "GET", "/v1/library", NULL, false },
	{ "POST", "/v1/quotes", "{\"items\":[\"@{other}\"]}", false },
	{ "POST", "/v1/purchases", "{\"items\":[\"@{other}\"],"
	    "\"pay_with\":\"credit\"}", false },
	{ "GET", "/admin/v1/accounts", NULL, true },
};

#define COOKIE "__Host-session"	/* the shop's URL is https */

static struct expansion fields, body;

/* --- a reading of its own ------------------------------------------------- */

/* The only value of the field, without blanks at its end; NULL: none. */
static char *
only_value(const struct paper_request *request, const char *name)
{
	const struct http_field *found = NULL;
	size_t length;

	for (size_t i = 0; i < request->field_count; i++)
		if (strcasecmp(request->fields[i].name, name) == 0)
			found = &request->fields[i];
	if (found == NULL)
		return NULL;
	length = found->value_length;
	while (length > 0 && strchr(" \t", found->value[length - 1]) != NULL)
		length--;
	return strndup(found->value, length);
}

/* The number of cookies of the name; the last one's value in *value. */
static unsigned
count_cookies(const char *field, char **value)
{
	char *copy = strdup(field), *rest = copy, *part;
	unsigned count = 0;

	*value = NULL;
	while (copy != NULL && (part = strsep(&rest, ";")) != NULL) {
		char *equals = strchr(part, '=');

		part += strspn(part, " \t");
		if (equals == NULL || equals < part)
			continue;
		*equals = '\0';
		if (strcmp(part, COOKIE) != 0)
			continue;
		count++;
		free(*value);
		*value = strdup(equals + 1);
	}
	free(copy);
	for (size_t n = *value == NULL ? 0 : strlen(*value); n > 0 &&
	    strchr(" \t", (*value)[n - 1]) != NULL; n--)
		(*value)[n - 1] = '\0';
	return count;
}

static bool
is_bearer(const char *field, const char *token)
{
	if (strncasecmp(field, "Bearer ", 7) != 0)
		return false;
	field += 7;
	return strcmp(field + strspn(field, " "), token) == 0;
}

/* Is the right token where the header says who asks? */
static bool
has_token(const struct paper_request *request, bool is_admin)
{
	char *header = only_value(request, "Authorization");
	char *cookies = only_value(request, "Cookie"), *value = NULL;
	bool has = false;

	if (header != NULL)
		has = is_bearer(header, paper_value(is_admin ? "admin" :
		    "session"));
	else if (cookies != NULL && !is_admin)
		has = count_cookies(cookies, &value) == 1 &&
		    strcmp(value, paper_value("session")) == 0;
	free(header);
	free(cookies);
	free(value);
	return has;
}

/* --- the promises --------------------------------------------------------- */

static void
check_find(const char *field)
{
	const char *found = NULL;
	size_t length = 0;
	char *value = NULL;
	bool is_found = cookie_find(field, COOKIE, &found, &length);

	PROMISE(is_found == (count_cookies(field, &value) == 1));
	if (is_found) {
		PROMISE(length == strlen(value));
		PROMISE(memcmp(found, value, length) == 0);
		PROMISE(found >= field &&
		    found + length <= field + strlen(field));
	}
	free(value);
}

/* The lines of the input; cut up where they are. */
static void
add_fields(struct paper_request *request, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		char *value = strchr(line, ':');

		if (value == NULL || value == line)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		paper_add_field(request, line, value);
	}
}

static void
check_answer(const struct paper_request *request,
    const struct question *question)
{
	const char *origin = paper_value("origin");
	bool has = has_token(request, question->is_admin);
	char *header = only_value(request, "Authorization");
	char *from = only_value(request, "Origin");
	struct paper_answer answer;

	paper_ask(request, &answer);
	if (answer.status < 300)
		PROMISE(has);
	/* By a cookie only the shop's own pages write. */
	if (answer.status < 300 && header == NULL && question->body != NULL)
		PROMISE(from != NULL && strcmp(from, origin) == 0);
	if (answer.status == 401)
		PROMISE(!has);
	if (answer.text != NULL && strstr(answer.text, paper_value("email")))
		PROMISE(has);
	paper_answer_clear(&answer);
	free(header);
	free(from);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct paper_request request = { .field_count = 0 };
	const struct question *question;

	if (size == 0)
		return 0;
	paper_begin();
	question = &questions[bytes[0] %
	    (sizeof(questions) / sizeof(questions[0]))];
	expand(&fields, bytes + 1, size - 1);
	if (memchr(fields.bytes, '\0', fields.size) != NULL)
		return 0;
	/* A field's value begins with no blank. */
	check_find(fields.bytes + strspn(fields.bytes, " \t"));
	request.method = question->method;
	request.target = question->target;
	paper_add_field(&request, "Host", "shop");
	if (question->body != NULL) {
		expand(&body, (const uint8_t *)question->body,
		    strlen(question->body));
		request.body = (const uint8_t *)body.bytes;
		request.body_size = body.size;
		paper_add_field(&request, "Content-Type", "application/json");
	}
	add_fields(&request, fields.bytes);
	check_answer(&request, question);
	return 0;
}

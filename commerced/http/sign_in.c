/* Registration and sign-in.
 *
 *   event thread	attempts counted, request suspended
 *   password thread	scrypt (and what it is compared with)
 *   writer		the account, the session
 *   event thread	attempts given back when it went well; the answer
 */
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/cookie.h"
#include "commerced/http/handlers.h"
#include "commerced/http/password_work.h"
#include "commerced/http/shape.h"
#include "commerced/http/sign_in_limit.h"
#include "commerced/shop/account.h"
#include "common/secret.h"

struct sign_in {
	struct call call;		/* first */
	struct password_work work;
	struct sign_in_limit limit;	/* and the e-mail address */
	char password[PASSWORD_BYTES_MAX + 1];
	size_t password_length;
	struct account_registration registration;
	struct credentials credentials;
	struct session_start start;
};

struct sign_in_members {
	const char *email;
	const char *password;
};

static const struct member sign_in_members[] = {
	{ .name = "email", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct sign_in_members, email),
	    .most = 1024 },
	{ .name = "password", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = offsetof(struct sign_in_members, password),
	    .most = PASSWORD_BYTES_MAX },
};

static void
sign_in_release(void *state)
{
	secret_wipe(state, sizeof(struct sign_in));
	free(state);
}

/* --- the answer ----------------------------------------------------------- */

/* Browsers of the web shop keep the token in a cookie and never see it. */
static void
sign_in_reply_session(struct sign_in *s)
{
	struct http_request *request = s->call.request;
	const struct settings *settings = s->call.service->settings;
	bool is_browser = call_is_from_shop(request, s->call.service);
	char cookie[COOKIE_FIELD_SIZE];

	if (is_browser) {
		cookie_set_text(cookie, settings->shop_url, s->start.token,
		    settings->session_lifetime_s);
		http_reply_field(request, "Set-Cookie", "%s", cookie);
		secret_wipe(cookie, sizeof(cookie));
	}
	http_reply_json(request, 201, shape_session_start(&s->start,
	    settings->currency, !is_browser));
}

static void
sign_in_answer(struct http_request *request, void *application)
{
	struct sign_in *s = http_request_state(request);
	enum err e = s->call.job.result;

	(void)application;
	sign_in_limit_settle(&s->limit, s->call.service, e);
	call_forbid_caching(request);
	if (e == ERR_OK)
		sign_in_reply_session(s);
	else
		call_reply_error(request, e);
}

/* --- on the password thread ----------------------------------------------- */

static enum err
register_work(struct call *call)
{
	struct sign_in *s = (struct sign_in *)call;
	uint8_t salt[PASSWORD_SALT_BYTES];
	enum err e;

	secret_random(salt, sizeof(salt));
	e = password_hash_make(s->password, s->password_length, salt,
	    &s->registration.password);
	secret_wipe(s->password, sizeof(s->password));
	return e;
}

static enum err
register_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct sign_in *s = (struct sign_in *)job;

	return account_register(tx, &s->registration, &s->start);
}

/* An unknown address costs the same: there is always a hash to check. */
static enum err
sign_in_work(struct call *call)
{
	struct sign_in *s = (struct sign_in *)call;
	enum err e;

	e = account_credentials_get(s->call.service->shop, s->limit.email,
	    &s->credentials);
	if (e == ERR_OK)
		e = password_verify(s->password, s->password_length,
		    &s->credentials.password);
	if (e == ERR_OK && s->credentials.account == 0)
		e = ERR_SIGN_IN_REFUSED;
	secret_wipe(s->password, sizeof(s->password));
	return e;
}

static enum err
sign_in_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct sign_in *s = (struct sign_in *)job;

	return session_create(tx, &s->credentials, &s->start);
}

/* --- on the event thread -------------------------------------------------- */

/* The state of a request with a sound body; NULL: it was answered. */
static struct sign_in *
sign_in_new(struct http_request *request, struct service *service)
{
	struct sign_in_members members = { 0 };
	struct sign_in *s;
	enum err e;

	if (!call_parse(request, service, sign_in_members, 2, &members))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return NULL;
	}
	http_request_set_state(request, s, sign_in_release);
	s->call.service = service;
	s->call.request = request;
	e = email_normalise(s->limit.email, members.email,
	    strlen(members.email));
	if (e != ERR_OK) {
		http_reply_error_member(request, e, "email",
		    "Write the address as name@example.com.");
		return NULL;
	}
	s->password_length = strlen(members.password);
	memcpy(s->password, members.password, s->password_length);
	return s;
}

void
handle_register(struct http_request *request, void *application)
{
	struct sign_in *s = sign_in_new(request, application);
	enum err e;

	if (s == NULL)
		return;
	e = password_check(s->password, s->password_length);
	if (e != ERR_OK) {
		http_reply_error_member(request, e, "password",
		    "At least %d characters are needed.", PASSWORD_LENGTH_MIN);
		return;
	}
	if (!sign_in_limit_take(&s->limit, request, application))
		return;
	memcpy(s->registration.email, s->limit.email,
	    sizeof(s->limit.email));
	s->call.job.run = register_run;
	password_work_submit(&s->work, &s->call, register_work,
	    sign_in_answer);
}

void
handle_sign_in(struct http_request *request, void *application)
{
	struct sign_in *s = sign_in_new(request, application);

	if (s == NULL ||
	    !sign_in_limit_take(&s->limit, request, application))
		return;
	s->call.job.run = sign_in_run;
	password_work_submit(&s->work, &s->call, sign_in_work,
	    sign_in_answer);
}

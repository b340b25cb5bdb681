/* Another e-mail address or password, with the old password or with a code.
 *
 *   event thread	attempts counted, request suspended
 *   password thread	scrypt of the old password, or the code; then of the new
 *   writer		the change
 *   event thread	attempts given back when it went well; the answer
 */
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/password_work.h"
#include "commerced/http/shape.h"
#include "commerced/http/sign_in_limit.h"
#include "commerced/shop/account.h"
#include "commerced/shop/reset.h"
#include "common/secret.h"

#define CODE_TYPED_MAX 64

/* Texts of the body, which lives as long as the request. */
struct secret_text {
	const char *text;
	size_t length;
};

struct change {
	struct call call;		/* first */
	struct password_work work;
	struct sign_in_limit limit;
	struct secret_text old;		/* password or code */
	struct secret_text password;	/* NULL: stays */
	struct account_change account;
	struct password_reset reset;
	struct account out;
};

static struct secret_text
secret_text(const char *text)
{
	const struct secret_text secret = { text,
	    text == NULL ? 0 : strlen(text) };

	return secret;
}

static void
change_release(void *state)
{
	secret_wipe(state, sizeof(struct change));
	free(state);
}

static struct change *
change_new(struct http_request *request, struct service *service)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return NULL;
	}
	http_request_set_state(request, change, change_release);
	change->call.service = service;
	change->call.request = request;
	return change;
}

static bool
change_check_password(struct http_request *request,
    const struct secret_text *password)
{
	enum err e = password_check(password->text, password->length);

	if (e != ERR_OK)
		http_reply_error_member(request, e, "password",
		    "At least %d characters are needed.", PASSWORD_LENGTH_MIN);
	return e == ERR_OK;
}

/* Once there is an attempt for it: on to the password thread. */
static void
change_submit(struct change *change, enum err (*run)(struct call *call),
    http_handler *then)
{
	if (sign_in_limit_take(&change->limit, change->call.request,
	    change->call.service))
		password_work_submit(&change->work, &change->call, run, then);
}

/* --- on the password thread ----------------------------------------------- */

static enum err
change_hash(const struct secret_text *password, struct password_hash *out)
{
	uint8_t salt[PASSWORD_SALT_BYTES];

	secret_random(salt, sizeof(salt));
	return password_hash_make(password->text, password->length, salt,
	    out);
}

static enum err
account_change_work(struct call *call)
{
	struct change *change = (struct change *)call;
	struct credentials *verified = &change->account.verified;
	enum err e;

	e = account_password_get(change->call.service->shop,
	    verified->account, verified);
	if (e == ERR_OK)
		e = password_verify(change->old.text, change->old.length,
		    &verified->password);
	if (e == ERR_OK && change->account.has_password)
		e = change_hash(&change->password, &change->account.password);
	return e;
}

static enum err
password_reset_work(struct call *call)
{
	struct change *change = (struct change *)call;
	enum err e;

	e = reset_code_check(change->call.service->shop, change->old.text,
	    change->old.length);
	if (e == ERR_OK)
		e = change_hash(&change->password, &change->reset.password);
	return e;
}

/* --- PATCH /v1/account ---------------------------------------------------- */

struct change_members {
	const char *email;
	const char *password;
	const char *old_password;
};

#define FIELD(f) offsetof(struct change_members, f)
static const struct member change_members[] = {
	{ .name = "email", .kind = MEMBER_SECRET, .offset = FIELD(email),
	    .most = 1024 },
	{ .name = "password", .kind = MEMBER_SECRET,
	    .offset = FIELD(password), .most = PASSWORD_BYTES_MAX },
	{ .name = "old_password", .kind = MEMBER_SECRET,
	    .need = MEMBER_REQUIRED, .offset = FIELD(old_password),
	    .most = PASSWORD_BYTES_MAX },
};
#undef FIELD

static enum err
account_change_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct change *change = (struct change *)job;

	return account_change(tx, &change->account, &change->out);
}

static void
account_change_answer(struct http_request *request, void *application)
{
	struct service *service = application;
	struct change *change = http_request_state(request);
	enum err e = change->call.job.result;

	sign_in_limit_settle(&change->limit, service, e);
	if (e == ERR_OK)
		http_reply_json(request, 200, shape_account(&change->out,
		    service->settings->currency));
	else if (e == ERR_SIGN_IN_REFUSED)
		http_reply_error_member(request, e, "old_password",
		    "That is not the password of the account.");
	else
		call_reply_error(request, e);
}

/* False: it was answered. */
static bool
account_change_fill(struct http_request *request, struct change *change)
{
	const struct session *session = &call_principal(request)->session;
	struct change_members members = { 0 };
	enum err e = ERR_OK;

	if (!call_parse(request, change->call.service, change_members, 3,
	    &members))
		return false;
	if (members.email == NULL && members.password == NULL) {
		http_reply_error(request, ERR_WRONG_TYPE,
		    "Give email, password or both.");
		return false;
	}
	change->old = secret_text(members.old_password);
	change->password = secret_text(members.password);
	change->account.has_password = members.password != NULL;
	change->account.verified.account = session->account;
	change->account.session = session->number;
	if (members.email != NULL)
		e = email_normalise(change->account.email, members.email,
		    strlen(members.email));
	if (e != ERR_OK) {
		http_reply_error_member(request, e, "email",
		    "Write the address as name@example.com.");
		return false;
	}
	return members.password == NULL ||
	    change_check_password(request, &change->password);
}

void
handle_change_account(struct http_request *request, void *application)
{
	struct service *service = application;
	struct change *change;
	struct account account;
	enum err e;

	call_forbid_caching(request);
	change = change_new(request, service);
	if (change == NULL || !account_change_fill(request, change))
		return;
	e = account_get(service->shop, change->account.verified.account,
	    &account);
	if (e != ERR_OK) {
		call_reply_error(request, e == ERR_NOT_FOUND ?
		    ERR_SESSION_EXPIRED : e);
		return;
	}
	memcpy(change->limit.email, account.email, sizeof(account.email));
	change->call.job.run = account_change_run;
	change_submit(change, account_change_work, account_change_answer);
}

/* --- POST /v1/password-resets --------------------------------------------- */

struct reset_members {
	const char *code;
	const char *password;
};

#define FIELD(f) offsetof(struct reset_members, f)
static const struct member reset_members[] = {
	{ .name = "code", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = FIELD(code), .most = CODE_TYPED_MAX },
	{ .name = "password", .kind = MEMBER_SECRET, .need = MEMBER_REQUIRED,
	    .offset = FIELD(password), .most = PASSWORD_BYTES_MAX },
};
#undef FIELD

static enum err
password_reset_run(struct shop_transaction *tx, struct shop_job *job)
{
	return password_reset(tx, &((struct change *)job)->reset);
}

static void
password_reset_answer(struct http_request *request, void *application)
{
	struct change *change = http_request_state(request);
	enum err e = change->call.job.result;

	sign_in_limit_settle(&change->limit, application, e);
	if (e == ERR_OK)
		http_reply_empty(request, 204);
	else
		call_reply_error(request, e);
}

void
handle_reset_password(struct http_request *request, void *application)
{
	struct reset_members members = { 0 };
	struct change *change;

	call_forbid_caching(request);
	change = change_new(request, application);
	if (change == NULL || !call_parse(request, application,
	    reset_members, 2, &members))
		return;
	change->old = secret_text(members.code);
	change->password = secret_text(members.password);
	if (!change_check_password(request, &change->password))
		return;
	change->reset.code = change->old.text;
	change->reset.code_length = change->old.length;
	change->call.job.run = password_reset_run;
	change_submit(change, password_reset_work, password_reset_answer);
}

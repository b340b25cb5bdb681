/* Who is asking: by Authorization or by cookie, before a body is read. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commerced/http/call.h"
#include "commerced/http/cookie.h"
#include "commerced/shop/account.h"
#include "common/secret.h"

/* What a request presents. */
struct credential {
	const char *text;
	size_t length;
	bool is_cookie;
};

/* The token of "Bearer TOKEN"; false for another scheme or an empty token. */
static bool
authenticate_bearer(const char *field, struct credential *credential)
{
	if (field == NULL || strncasecmp(field, "Bearer ", 7) != 0)
		return false;
	field += 7;
	field += strspn(field, " ");
	credential->text = field;
	credential->length = strlen(field);
	credential->is_cookie = false;
	return credential->length > 0;
}

static bool
authenticate_cookie(const struct http_request *request,
    const struct service *service, struct credential *credential)
{
	const char *field = http_request_field(request, "Cookie");

	credential->is_cookie = true;
	return field != NULL && cookie_find(field,
	    cookie_name(service->settings->shop_url), &credential->text,
	    &credential->length);
}

/* --- the sliding end of a session ----------------------------------------- */

struct touch {
	struct shop_job job;
	struct session session;
};

static enum err
touch_run(struct shop_transaction *tx, struct shop_job *job)
{
	return session_touch(tx, &((struct touch *)job)->session);
}

static void
touch_done(struct shop_job *job)
{
	free(job);
}

/* Nobody waits for it, and nothing is lost when it is refused. */
static void
authenticate_touch(struct service *service, const struct session *session)
{
	struct touch *touch = calloc(1, sizeof(*touch));

	if (touch == NULL)
		return;
	touch->job.run = touch_run;
	touch->job.done = touch_done;
	touch->session = *session;
	if (shop_submit(service->shop, &touch->job) != ERR_OK)
		free(touch);
}

/* The browser's copy slides with the session. */
static void
authenticate_renew_cookie(struct http_request *request,
    const struct service *service, const struct credential *credential)
{
	char token[SESSION_TOKEN_LENGTH + 1], text[COOKIE_FIELD_SIZE];

	memcpy(token, credential->text, SESSION_TOKEN_LENGTH);
	token[SESSION_TOKEN_LENGTH] = '\0';
	cookie_set_text(text, service->settings->shop_url, token,
	    service->settings->session_lifetime_s);
	http_reply_field(request, "Set-Cookie", "%s", text);
	secret_wipe(token, sizeof(token));
	secret_wipe(text, sizeof(text));
}

/* --- sessions ------------------------------------------------------------- */

static bool
authenticate_is_write(const struct http_request *request)
{
	const char *method = http_request_method(request);

	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
	    strcmp(method, "OPTIONS") != 0;
}

static enum err
authenticate_credential(struct http_request *request,
    struct service *service, const struct credential *credential,
    struct principal *principal)
{
	enum err e;

	if (credential->length != SESSION_TOKEN_LENGTH)
		return ERR_SESSION_EXPIRED;
	e = session_authenticate(service->shop, credential->text,
	    credential->length, &principal->session);
	if (e != ERR_OK)
		return e;
	if (credential->is_cookie && authenticate_is_write(request) &&
	    !call_is_from_shop(request, service))
		return ERR_ORIGIN_REFUSED;
	principal->has_session = true;
	principal->by_cookie = credential->is_cookie;
	if (session_wants_touch(service->shop, &principal->session)) {
		authenticate_touch(service, &principal->session);
		if (credential->is_cookie)
			authenticate_renew_cookie(request, service,
			    credential);
	}
	return ERR_OK;
}

/*
 * The header counts where both are there.  A browser's cookie that has ended
 * does not keep it from looking at what everybody may see.
 */
static enum err
authenticate_session(struct http_request *request, struct service *service,
    struct principal *principal, bool is_optional)
{
	const char *field = http_request_field(request, "Authorization");
	struct credential credential = { 0 };
	enum err e = ERR_SESSION_MISSING;

	if (authenticate_bearer(field, &credential) ||
	    (field == NULL &&
	    authenticate_cookie(request, service, &credential)))
		e = authenticate_credential(request, service, &credential,
		    principal);
	if (is_optional && field == NULL &&
	    (e == ERR_SESSION_MISSING || e == ERR_SESSION_EXPIRED))
		e = ERR_OK;
	return e;
}

static enum err
authenticate_people(const struct http_request *request,
    const struct service *service)
{
	struct credential credential = { 0 };

	if (!authenticate_bearer(http_request_field(request,
	    "Authorization"), &credential) ||
	    !admin_token_matches(service->admin_token, credential.text,
	    credential.length))
		return ERR_ADMIN_TOKEN_REFUSED;
	return ERR_OK;
}

static enum err
authenticate_by_route(struct http_request *request, struct service *service,
    struct principal *principal, enum authentication authentication)
{
	switch (authentication) {
	case AUTH_NOTHING:
	case AUTH_ANYBODY:
		return ERR_OK;
	case AUTH_SESSION:
		return authenticate_session(request, service, principal,
		    false);
	case AUTH_SESSION_OPTIONAL:
		return authenticate_session(request, service, principal,
		    true);
	case AUTH_NEW_SESSION:
		return http_request_field(request, "Origin") == NULL ||
		    call_is_from_shop(request, service) ? ERR_OK :
		    ERR_ORIGIN_REFUSED;
	case AUTH_ADMIN:
		return authenticate_people(request, service);
	}
	return ERR_INTERNAL;
}

/* Where a query means nothing there must be none. */
static enum err
authenticate_refuse_query(struct http_request *request)
{
	json_t *object = NULL;

	if (http_request_query(request)[0] == '\0')
		return ERR_OK;
	if (!call_parse_query(request, NULL, 0, NULL, &object))
		return ERR_UNKNOWN_MEMBER;
	json_decref(object);
	return ERR_OK;
}

enum err
service_authenticate(struct http_request *request, void *application,
    int authentication)
{
	struct principal *principal = http_request_allocate(request,
	    sizeof(*principal));
	enum err e;

	if (principal == NULL)
		return ERR_NO_MEMORY;
	*principal = (struct principal){ 0 };
	http_request_set_principal(request, principal, NULL);
	e = authenticate_by_route(request, application, principal,
	    (enum authentication)(authentication & ~TAKES_QUERY));
	if (e != ERR_OK)
		call_reply_error(request, e);
	else if ((authentication & TAKES_QUERY) == 0)
		e = authenticate_refuse_query(request);
	return e;
}

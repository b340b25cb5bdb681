#include "commerced/http/sign_in_limit.h"

#include "common/clock.h"

static struct attempts_key
limit_account_key(const struct sign_in_limit *limit)
{
	const struct attempts_key key = { .account = limit->email,
	    .address = limit->address };

	return key;
}

static struct attempts_key
limit_address_key(const struct sign_in_limit *limit)
{
	const struct attempts_key key = { .address = limit->address };

	return key;
}

static enum err
limit_take(const struct sign_in_limit *limit, struct service *service,
    int64_t *retry_s)
{
	const struct attempts_key by_account = limit_account_key(limit);
	const struct attempts_key by_address = limit_address_key(limit);
	int64_t now_ms = clock_monotonic_ms();
	enum err e;

	e = attempts_take(service->by_address, &by_address, now_ms, retry_s);
	if (e != ERR_OK || limit->email[0] == '\0')
		return e;
	e = attempts_take(service->by_account, &by_account, now_ms, retry_s);
	if (e != ERR_OK)
		attempts_give_back(service->by_address, &by_address, now_ms);
	return e;
}

bool
sign_in_limit_take(struct sign_in_limit *limit, struct http_request *request,
    struct service *service)
{
	int64_t retry_s = 1;
	enum err e;

	limit->address = http_request_peer(request);
	e = limit_take(limit, service, &retry_s);
	limit->is_taken = e == ERR_OK;
	if (e == ERR_OK)
		return true;
	http_reply_field(request, "Retry-After", "%lld", (long long)retry_s);
	http_reply_error(request, e, "Wait for the seconds in Retry-After.");
	return false;
}

void
sign_in_limit_settle(struct sign_in_limit *limit, struct service *service,
    enum err e)
{
	const struct attempts_key by_account = limit_account_key(limit);
	const struct attempts_key by_address = limit_address_key(limit);
	int64_t now_ms = clock_monotonic_ms();

	if (!limit->is_taken || e == ERR_SIGN_IN_REFUSED ||
	    e == ERR_EMAIL_TAKEN || e == ERR_CODE_UNKNOWN)
		return;
	limit->is_taken = false;
	attempts_give_back(service->by_address, &by_address, now_ms);
	if (limit->email[0] != '\0')
		attempts_give_back(service->by_account, &by_account, now_ms);
}

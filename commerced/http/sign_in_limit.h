/* Attempts at passwords and reset codes: by address, and by address and
 * account together, so that nobody elsewhere can use up what the owner of an
 * account has.
 */
#ifndef COMMERCED_HTTP_SIGN_IN_LIMIT_H
#define COMMERCED_HTTP_SIGN_IN_LIMIT_H

#include <stdbool.h>

#include "commerced/http/call.h"

struct sign_in_limit {
	char email[EMAIL_MAX + 1];	/* "": by address alone */
	const char *address;		/* the request's */
	bool is_taken;
};

/*
 * Take an attempt for limit->email; the address is filled in.  False: there
 * were too many, and that was answered.
 */
bool sign_in_limit_take(struct sign_in_limit *limit,
    struct http_request *request, struct service *service);

/*
 * Give it back unless e is a refusal for what was said: a wrong password or
 * code, an address that is taken.
 */
void sign_in_limit_settle(struct sign_in_limit *limit,
    struct service *service, enum err e);

#endif

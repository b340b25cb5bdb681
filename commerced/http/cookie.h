/* The session cookie: one value out of a Cookie field, and the field that sets
 * it (RFC 6265).
 */
#ifndef COMMERCED_HTTP_COOKIE_H
#define COMMERCED_HTTP_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COOKIE_FIELD_SIZE 192

/* "__Host-session" where the shop's URL is https, else "session". */
const char *cookie_name(const char *shop_url);

/*
 * The value of the cookie name in a Cookie field: *value points into field and
 * has *length bytes.  False when the name is absent, or there twice (a second
 * one was planted by a neighbour of ours on the domain).
 */
bool cookie_find(const char *field, const char *name, const char **value,
    size_t *length);

/*
 * The text of Set-Cookie for a session token that lasts lifetime_s; an empty
 * token and 0 end it.
 */
void cookie_set_text(char text[static COOKIE_FIELD_SIZE],
    const char *shop_url, const char *token, int64_t lifetime_s);

#endif

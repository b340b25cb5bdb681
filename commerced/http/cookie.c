/* Reading and writing the one cookie that this project has. */
#include <stdio.h>
#include <string.h>

#include "commerced/http/cookie.h"

static bool
cookie_is_secure(const char *shop_url)
{
	return strncmp(shop_url, "https://", 8) == 0;
}

const char *
cookie_name(const char *shop_url)
{
	return cookie_is_secure(shop_url) ? "__Host-session" : "session";
}

bool
cookie_find(const char *field, const char *name, const char **value,
    size_t *length)
{
	size_t name_length = strlen(name);
	unsigned found = 0;

	while (*field != '\0') {
		size_t part = strcspn(field, ";");

		/* The whole name up to the "=": no prefix of it will do. */
		if (part > name_length && field[name_length] == '=' &&
		    strncmp(field, name, name_length) == 0) {
			*value = field + name_length + 1;
			*length = part - name_length - 1;
			found++;
		}
		field += part;
		field += strspn(field, "; \t");
	}
	if (found != 1)
		return false;
	while (*length > 0 && strchr(" \t", (*value)[*length - 1]) != NULL)
		(*length)--;
	return true;
}

void
cookie_set_text(char text[static COOKIE_FIELD_SIZE], const char *shop_url,
    const char *token, int64_t lifetime_s)
{
	(void)snprintf(text, COOKIE_FIELD_SIZE,
	    "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
	    cookie_name(shop_url), token, (long long)lifetime_s,
	    cookie_is_secure(shop_url) ? "; Secure" : "");
}

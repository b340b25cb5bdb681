/* What is accepted as an e-mail address. */
#include <stdbool.h>
#include <string.h>

#include "commerced/shop/account.h"

#define EMAIL_LOCAL_MAX 64
#define EMAIL_LABEL_MAX 63

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A dot-atom of RFC 5322: atoms parted by single dots. */
static bool
local_is_valid(const char *text, size_t length)
{
	char before = '.';

	if (length == 0 || length > EMAIL_LOCAL_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '.' ? before == '.' : !is_alphanumeric(c) &&
		    (c == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL))
			return false;
		before = c;
	}
	return before != '.';
}

/* Two or more labels of letters, digits and inner hyphens. */
static bool
domain_is_valid(const char *text, size_t length)
{
	size_t label = 0, labels = 1;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '.') {
			if (label == 0 || text[i - 1] == '-')
				return false;
			label = 0;
			labels++;
			continue;
		}
		if (!is_alphanumeric(c) && (c != '-' || label == 0))
			return false;
		if (++label > EMAIL_LABEL_MAX)
			return false;
	}
	return label > 0 && labels > 1 && text[length - 1] != '-';
}

enum err
email_normalise(char email[static EMAIL_MAX + 1], const char *text,
    size_t length)
{
	const char *at;
	size_t local;

	if (length == 0 || length > EMAIL_MAX)
		return ERR_EMAIL_MALFORMED;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		email[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	email[length] = '\0';
	at = memchr(email, '@', length);
	if (at == NULL)
		return ERR_EMAIL_MALFORMED;
	local = (size_t)(at - email);
	if (!local_is_valid(email, local) ||
	    !domain_is_valid(at + 1, length - local - 1))
		return ERR_EMAIL_MALFORMED;
	return ERR_OK;
}

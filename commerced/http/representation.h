/* Answering GET and HEAD with a file that has validators: conditions and Range
 * as RFC 9110 has them.
 */
#ifndef COMMERCED_HTTP_REPRESENTATION_H
#define COMMERCED_HTTP_REPRESENTATION_H

#include <stdint.h>

#include "common/http_server.h"

struct representation {
	int descriptor;			/* taken */
	uint64_t size;			/* of all of it, bytes */
	const char *tag;		/* strong entity tag, without quotes */
	int64_t changed_s;		/* Unix seconds */
	const char *media_type;
	const char *cache_control;
};

/* 200, 206, 304; 412 precondition-failed, 416 range-not-satisfiable. */
void representation_reply(struct http_request *request,
    const struct representation *what);

#define HTTP_DATE_SIZE 30	/* Sun, 06 Nov 1994 08:49:37 GMT and a NUL */

/* RFC 9110, section 5.6.7; the years 1970 to 9999. */
void http_date_text(char text[static HTTP_DATE_SIZE], int64_t unix_s);
/* Of any of its three forms; INT64_MIN: none of them. */
int64_t http_date_parse(const char *text);

#endif

/* The gate over the raw request: what is malformed or ambiguous goes no
 * further.  Pure functions of what the library handed over, so that a table
 * of shapes can be held against them (docs/security.md, "Malformed HTTP").
 */
#ifndef COMMON_HTTP_GATE_H
#define COMMON_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define HTTP_FIELDS_MAX 100	/* more are refused */

struct http_field {
	const char *name;		/* a NUL follows name and value */
	size_t name_length;
	const char *value;
	size_t value_length;
};

/* What one request looks like before anything of it is believed. */
struct http_gate_input {
	const char *method;
	const char *target;
	const char *version;
	const struct http_field *fields;
	size_t field_count;
};

/* What the gate found out about the body. */
struct http_framing {
	int64_t content_length;	/* -1: chunked; 0: none */
	bool expects_continue;
};

/*
 * May this request go on?  On ERR_OK *framing is filled.  Otherwise *reason
 * is a sentence for the answer, static.
 * ERR_MALFORMED_REQUEST, ERR_EXPECTATION_FAILED.
 */
enum err http_gate_check(const struct http_gate_input *input,
    struct http_framing *framing, const char **reason);

/*
 * libmicrohttpd 0.9.75 takes a bare LF for a line end, unfolds continued
 * lines wrongly, and cuts a value at a NUL, and none of it shows in what it
 * hands over, but in where the pieces lie: it cuts the header up in place,
 * so that between two pieces lie exactly the bytes of "SP", ":" with blanks,
 * or CR LF.  target is where it had the target, of which input holds a copy;
 * end is the byte after the header's last LF.  Compares addresses, and reads
 * the blanks.  False: the header was not written that way.
 */
bool http_gate_layout_is_exact(const struct http_gate_input *input,
    uintptr_t target, uintptr_t end);

/* Is c a character of an RFC 9110 token? */
bool http_is_token_character(unsigned char c);

/* Is it a token: such characters, one at least? */
bool http_is_token(const char *text, size_t length);

/* Is every byte from first, which is ASCII, to "~"?  Without an early end. */
bool http_is_from(unsigned char first, const char *text, size_t length);

/* May this stand in a field value: no controls but tab? */
bool http_field_value_is_sound(const char *value, size_t length);

#endif

/* JSON written as text, member after member, without a value in memory for
 * each: for answers that are given often.
 *
 * Names are of our own: ASCII without quotes and backslashes.  Inside of a
 * list name is NULL, as it is for the outermost value.
 */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
	char *bytes;
	size_t length, capacity;
	bool is_lost;		/* no memory for it, or not UTF-8 */
};

/* Ended by json_text_take(), whatever happened in between. */
void json_text_begin(struct json_text *text);

/*
 * The text, of *length bytes and a NUL, the caller's to free().  NULL: no
 * memory, or a string was not UTF-8.
 */
char *json_text_take(struct json_text *text, size_t *length);

void json_text_open_object(struct json_text *text, const char *name);
void json_text_close_object(struct json_text *text);
void json_text_open_list(struct json_text *text, const char *name);
void json_text_close_list(struct json_text *text);

/* Any name; the value follows, without one. */
void json_text_name(struct json_text *text, const char *name);

/* NULL is written as null. */
void json_text_string(struct json_text *text, const char *name,
    const char *value);
/* The same of length bytes, NULs among them escaped. */
void json_text_bytes(struct json_text *text, const char *name,
    const char *value, size_t length);
void json_text_integer(struct json_text *text, const char *name,
    int64_t value);
void json_text_boolean(struct json_text *text, const char *name, bool value);
/* What is JSON already; a value, whole. */
void json_text_raw(struct json_text *text, const char *name,
    const char *json, size_t length);

#endif

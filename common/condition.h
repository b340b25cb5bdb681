/* Entity tags in conditions (RFC 9110, sections 8.8.3 and 13).  What is served
 * is an object with a strong tag: its id in double quotes.
 */
#ifndef COMMON_CONDITION_H
#define COMMON_CONDITION_H

#include <stdbool.h>

enum condition_compare {
	CONDITION_STRONG,	/* If-Match, If-Range: W/ never matches */
	CONDITION_WEAK		/* If-None-Match: W/ makes no difference */
};

/*
 * Does list, the value of If-Match or If-None-Match, name the object's tag, or
 * is it "*"?  A malformed list names nothing.
 */
bool condition_list_has(const char *list, const char *object,
    enum condition_compare compare);

/* Is value, of If-Range, exactly the object's tag?  A date is not. */
bool condition_is_tag(const char *value, const char *object);

#endif

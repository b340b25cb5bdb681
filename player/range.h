/* Byte ranges of the content as people write them, and what a media URL says
 * about the object behind it.
 */
#ifndef PLAYER_RANGE_H
#define PLAYER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* As in HTTP: "FROM-TO" (both included), "FROM-", "-SUFFIX". */
struct byte_range {
	bool is_suffix;		/* to is the number of last bytes */
	uint64_t from;
	uint64_t to;		/* UINT64_MAX: to the end */
};

/* ERR_OUT_OF_RANGE when the text is none of the three forms. */
enum err range_parse(const char *text, struct byte_range *out);

/*
 * Does the outcome depend on where the content ends, other than by bytes that
 * come from there?  Then its end is to be authenticated first.
 */
bool range_needs_end(const struct byte_range *range, uint64_t size);

/*
 * The bytes [*from, *from + *count) of a content of size bytes.
 * ERR_RANGE_NOT_SATISFIABLE when not one of them exists.
 */
enum err range_resolve(const struct byte_range *range, uint64_t size,
    uint64_t *from, uint64_t *count);

/*
 * The object id in a URL of the form .../media/OBJECT?..., as 64 digits and a
 * NUL; false when there is none.
 */
bool range_url_object(const char *url, char object[static 65]);

#endif

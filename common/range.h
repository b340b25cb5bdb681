/* Byte ranges: Range of a request (RFC 9110, section 14), Content-Range of an
 * upload in pieces.
 */
#ifndef COMMON_RANGE_H
#define COMMON_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One or more decimal digits at text; returns what follows them, or NULL
 * when there is none.  What does not fit is UINT64_MAX: larger than any file.
 */
const char *range_parse_number(const char *text, uint64_t *value);

enum range_verdict {
	RANGE_WHOLE,		/* no header, or one that is to be ignored */
	RANGE_PART,
	RANGE_UNSATISFIABLE	/* well-formed, but no byte of it exists */
};

struct range {
	uint64_t offset;
	uint64_t length;	/* > 0 */
};

/*
 * What field, the value of Range (NULL: absent), asks of size bytes.
 * Ignored are: another unit, more than one range, malformed ones.
 * *range is filled for RANGE_PART alone.
 */
enum range_verdict range_select(const char *field, uint64_t size,
    struct range *range);

/* Content-Range: bytes FROM-TO/TOTAL */
struct content_range {
	uint64_t from, to;	/* both within the piece */
	uint64_t total;
};

/*
 * False unless field is of that form, all numbers fit into an int64_t, and
 * FROM <= TO < TOTAL.
 */
bool range_parse_content(const char *field, struct content_range *range);

#endif

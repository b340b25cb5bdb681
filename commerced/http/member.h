/* What a request says, checked at the edge: the members of a JSON object or
 * the parameters of a query, by table, into a plain struct.
 */
#ifndef COMMERCED_HTTP_MEMBER_H
#define COMMERCED_HTTP_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/uuid.h"

#define MEMBER_NAME_SIZE 65
#define MEMBER_TABLE_MAX 32
#define MONEY_MOST INT64_C(1000000000000)	/* minor units: 10^12 */

/* How a value becomes a field of the struct. */
enum member_kind {
	MEMBER_LINE,		/* const char *: no control characters;
				 * least and most count bytes of UTF-8 */
	MEMBER_TEXT,		/* the same, with tabs and line ends */
	MEMBER_SECRET,		/* const char *: any text, as it is */
	MEMBER_INTEGER,		/* int64_t from least to most */
	MEMBER_BOOLEAN,		/* bool */
	MEMBER_MONEY,		/* int64_t minor units, from least to most; the
				 * currency must be the shop's */
	MEMBER_ID,		/* struct uuid */
	MEMBER_IDS,		/* struct member_ids: least to most of them */
	MEMBER_TIME,		/* int64_t: RFC 3339 to Unix seconds */
	MEMBER_DATE,		/* const char *: YYYY-MM-DD, a real day */
	MEMBER_CHOICE		/* int: index in choices, NULL-terminated */
};

struct member_ids {
	struct uuid *ids;
	size_t count;
};

enum member_need {
	MEMBER_OPTIONAL,	/* may be absent */
	MEMBER_REQUIRED,
	MEMBER_NULLABLE		/* may be absent or null (merge patch) */
};

struct member {
	const char *name;
	enum member_kind kind;
	enum member_need need;
	size_t offset;		/* of the field in the struct */
	int64_t least, most;
	const char *const *choices;
};

/* The member at fault and what to write instead. */
struct member_fault {
	char member[MEMBER_NAME_SIZE];	/* "" when it is none alone */
	char detail[160];
};

/* Which rows of the table were there, one bit for each; null counts. */
struct member_presence {
	uint32_t given;
	uint32_t nulls;
};

/*
 * Take object apart by a table of count rows (MEMBER_TABLE_MAX at most) into
 * out, which is all zero before.  Texts are borrowed from object; struct
 * member_ids is freed by member_clear(), also after an error.  currency is the
 * shop's.  presence may be NULL.  On an error *fault is filled.
 * ERR_UNKNOWN_MEMBER, ERR_WRONG_TYPE (also: a required member is missing),
 * ERR_OUT_OF_RANGE, ERR_NO_MEMORY.
 */
struct member_source {
	const struct member *table;
	size_t count;
	const char *currency;
};
enum err member_parse(json_t *object, const struct member_source *source,
    void *out, struct member_presence *presence, struct member_fault *fault);
void member_clear(const struct member *table, size_t count, void *out);

/*
 * The same for a query ("a=b&c=d", what follows "?"): "%XX" is decoded, "+"
 * is a blank; values must be UTF-8 without NUL.  Kinds: LINE, INTEGER,
 * BOOLEAN ("true", "false"), ID, TIME, DATE and CHOICE.  The object that the
 * texts are borrowed from is *object, the caller's to json_decref(); NULL
 * after an error.  ERR_UNKNOWN_MEMBER also for a repeated parameter.
 */
enum err member_parse_query(const char *query,
    const struct member_source *source, void *out, json_t **object,
    struct member_fault *fault);

/* Name the member at fault: name and suffix, cut where a character begins. */
void member_fault_name(struct member_fault *fault, const char *name,
    const char *suffix);

/* --- the parsers of single values, for others and for tests ------------- */

/* RFC 3339, to the second, "Z" or an offset; fractions are dropped.  The years
 * 1970 to 9999.  ERR_OUT_OF_RANGE. */
enum err member_time_parse(const char *text, int64_t *unix_s);

/* YYYY-MM-DD, a day that exists, years 1 to 9999. */
bool member_date_is_valid(const char *text);

/* Is every byte sequence of text valid UTF-8 (no surrogates, shortest form)? */
bool member_utf8_is_valid(const char *text, size_t length);

#endif

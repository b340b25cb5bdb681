#include "commerced/http/representation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/condition.h"
#include "common/range.h"

enum outcome { OUTCOME_SEND, OUTCOME_UNCHANGED, OUTCOME_FAILED };

/* --- dates ---------------------------------------------------------------- */

void
http_date_text(char text[static HTTP_DATE_SIZE], int64_t unix_s)
{
	time_t when = (time_t)unix_s;
	struct tm tm = { 0 };

	(void)gmtime_r(&when, &tm);
	/* No program of ours sets a locale. */
	if (strftime(text, HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT",
	    &tm) == 0)
		text[0] = '\0';
}

int64_t
http_date_parse(const char *text)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT",	/* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT",	/* RFC 850 */
		"%a %b %e %H:%M:%S %Y",		/* as C writes them */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end != NULL && *end == '\0')
			return (int64_t)timegm(&tm);
	}
	return INT64_MIN;
}

/* --- conditions ----------------------------------------------------------- */

/* The one date of a field; false: absent, or none. */
static bool
field_date(const struct http_request *request, const char *name,
    int64_t *out)
{
	const char *field = http_request_field(request, name);

	if (field == NULL || http_request_field_count(request, name) != 1)
		return false;
	*out = http_date_parse(field);
	return *out != INT64_MIN;
}

/* RFC 9110, section 13.2.2. */
static enum outcome
check_conditions(const struct http_request *request,
    const struct representation *what)
{
	const char *match = http_request_field_list(request, "If-Match");
	const char *none = http_request_field_list(request, "If-None-Match");
	int64_t date_s;

	if (match != NULL) {
		if (!condition_list_has(match, what->tag, CONDITION_STRONG))
			return OUTCOME_FAILED;
	} else if (field_date(request, "If-Unmodified-Since", &date_s) &&
	    what->changed_s > date_s) {
		return OUTCOME_FAILED;
	}
	if (none != NULL)
		return condition_list_has(none, what->tag, CONDITION_WEAK) ?
		    OUTCOME_UNCHANGED : OUTCOME_SEND;
	if (field_date(request, "If-Modified-Since", &date_s) &&
	    what->changed_s <= date_s)
		return OUTCOME_UNCHANGED;
	return OUTCOME_SEND;
}

/* A date counts only to the letter: two changes may fall into one second. */
static bool
is_same(const char *if_range, const struct representation *what)
{
	char date[HTTP_DATE_SIZE];

	if (if_range[0] == '"' || strncmp(if_range, "W/", 2) == 0)
		return condition_is_tag(if_range, what->tag);
	http_date_text(date, what->changed_s);
	return strcmp(if_range, date) == 0 &&
	    what->changed_s < (int64_t)time(NULL) - 1;
}

static enum range_verdict
select_range(const struct http_request *request,
    const struct representation *what, struct range *range)
{
	const char *field = http_request_field(request, "Range");
	const char *if_range = http_request_field(request, "If-Range");

	if (field == NULL ||
	    strcmp(http_request_method(request), "HEAD") == 0 ||
	    http_request_field_count(request, "Range") != 1 ||
	    (if_range != NULL && !is_same(if_range, what)))
		return RANGE_WHOLE;
	return range_select(field, what->size, range);
}

/* --- answers -------------------------------------------------------------- */

static void
add_fields(struct http_request *request, const struct representation *what)
{
	char date[HTTP_DATE_SIZE];

	http_date_text(date, what->changed_s);
	http_reply_field(request, "ETag", "\"%s\"", what->tag);
	http_reply_field(request, "Last-Modified", "%s", date);
	http_reply_field(request, "Accept-Ranges", "bytes");
	http_reply_field(request, "Content-Type", "%s", what->media_type);
	http_reply_field(request, "Cache-Control", "%s",
	    what->cache_control);
	http_reply_field(request, "X-Content-Type-Options", "nosniff");
	http_reply_field(request, "Cross-Origin-Resource-Policy",
	    "cross-origin");
}

static void
send_part(struct http_request *request, const struct representation *what,
    const struct range *range)
{
	add_fields(request, what);
	http_reply_field(request, "Content-Range", "bytes %" PRIu64 "-%" PRIu64
	    "/%" PRIu64, range->offset, range->offset + range->length - 1,
	    what->size);
	http_reply_file(request, 206, what->descriptor, range->offset,
	    range->length);
}

static void
refuse(struct http_request *request, const struct representation *what,
    enum err e)
{
	(void)close(what->descriptor);
	if (e == ERR_RANGE_NOT_SATISFIABLE)
		http_reply_field(request, "Content-Range", "bytes */%" PRIu64,
		    what->size);
	http_reply_error(request, e, NULL);
}

void
representation_reply(struct http_request *request,
    const struct representation *what)
{
	struct range range;
	int status = 200;

	switch (check_conditions(request, what)) {
	case OUTCOME_FAILED:
		refuse(request, what, ERR_PRECONDITION_FAILED);
		return;
	case OUTCOME_UNCHANGED:
		status = 304;
		break;
	case OUTCOME_SEND:
		break;
	}
	switch (status == 304 ? RANGE_WHOLE :
	    select_range(request, what, &range)) {
	case RANGE_PART:
		send_part(request, what, &range);
		break;
	case RANGE_UNSATISFIABLE:
		refuse(request, what, ERR_RANGE_NOT_SATISFIABLE);
		break;
	case RANGE_WHOLE:
		add_fields(request, what);
		http_reply_file(request, status, what->descriptor, 0,
		    what->size);
		break;
	}
}

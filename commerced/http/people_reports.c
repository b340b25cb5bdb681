/* The books for the shop's people, as JSON or as CSV: one table of columns
 * for both.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/report.h"
#include "common/clock.h"

#define LIMIT_JSON 100
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* The books look at every sale, so a worker thread does. */
struct reading {
	struct worker_job work;		/* first */
	struct http_request *request;
	struct service *service;
	json_t *object;			/* which the query's texts are of */
	struct report_query query;
	struct report report;
	bool is_csv;
	enum err result;
};

static void
reading_release(void *state)
{
	struct reading *reading = state;

	report_clear(&reading->report);
	json_decref(reading->object);
	free(reading);
}

static void
reading_work(struct worker_job *work)
{
	struct reading *reading = (struct reading *)work;

	reading->result = report_list(reading->service->shop,
	    &reading->query, &reading->report);
	http_request_resume(reading->request);
}

/* --- JSON ----------------------------------------------------------------- */

static json_t *
reading_cell(const struct report_cell *cell, enum report_cell_kind kind,
    const char *currency)
{
	if (cell->is_null)
		return json_null();
	switch (kind) {
	case CELL_TEXT:
		return json_string(cell->text);
	case CELL_ID:
		return shape_uuid(&cell->id);
	case CELL_NUMBER:
		return json_integer(cell->number);
	case CELL_BOOLEAN:
		return json_boolean(cell->number != 0);
	case CELL_MONEY:
		return shape_money(currency, cell->number);
	case CELL_TIME:
		return shape_time_ms(cell->number);
	}
	return NULL;
}

static json_t *
reading_row(const struct report *report, size_t row, const char *currency)
{
	json_t *json = json_object();

	for (size_t i = 0; json != NULL && i < report->column_count; i++) {
		const struct report_column *column = &report->columns[i];

		if (json_object_set_new(json, column->name, reading_cell(
		    &report->rows[row][i], column->kind, currency)) != 0) {
			json_decref(json);
			json = NULL;
		}
	}
	return json;
}

static void
reading_answer_json(struct http_request *request,
    const struct report *report, const char *currency)
{
	json_t *items = json_array();

	for (size_t i = 0; items != NULL && i < report->row_count; i++) {
		if (json_array_append_new(items,
		    reading_row(report, i, currency)) != 0) {
			json_decref(items);
			items = NULL;
		}
	}
	http_reply_json(request, 200, shape_page(items, report->next));
}

/* --- CSV: RFC 4180 -------------------------------------------------------- */

/*
 * In quotes.  An apostrophe before what a spreadsheet would take for a
 * formula: buyers choose their e-mail addresses.
 */
static void
csv_text(FILE *out, const char *text)
{
	(void)fputc('"', out);
	if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
		(void)fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)fputc('"', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void
csv_cell(FILE *out, const struct report_cell *cell,
    enum report_cell_kind kind)
{
	char text[UUID_TEXT_SIZE > CLOCK_TEXT_SIZE ? UUID_TEXT_SIZE :
	    CLOCK_TEXT_SIZE];

	if (cell->is_null)
		return;
	switch (kind) {
	case CELL_TEXT:
		csv_text(out, cell->text);
		break;
	case CELL_ID:
		uuid_text(text, &cell->id);
		(void)fputs(text, out);
		break;
	case CELL_BOOLEAN:
		(void)fputs(cell->number != 0 ? "true" : "false", out);
		break;
	case CELL_NUMBER:
	case CELL_MONEY:
		(void)fprintf(out, "%" PRId64, cell->number);
		break;
	case CELL_TIME:
		clock_text(text, cell->number / 1000);
		(void)fputs(text, out);
		break;
	}
}

static void
csv_write(FILE *out, const struct report *report, const char *currency)
{
	for (size_t i = 0; i < report->column_count; i++)
		(void)fprintf(out, "%s%s,", report->columns[i].name,
		    report->columns[i].kind == CELL_MONEY ? ".amount" : "");
	(void)fputs("currency\r\n", out);
	for (size_t row = 0; row < report->row_count; row++) {
		for (size_t i = 0; i < report->column_count; i++) {
			csv_cell(out, &report->rows[row][i],
			    report->columns[i].kind);
			(void)fputc(',', out);
		}
		(void)fprintf(out, "%s\r\n", currency);
	}
}

static void
reading_answer_csv(struct http_request *request, const struct report *report,
    const char *currency)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool is_whole = out != NULL;

	if (is_whole) {
		csv_write(out, report, currency);
		is_whole = ferror(out) == 0;
		if (fclose(out) != 0)
			is_whole = false;
	}
	if (!is_whole) {
		call_reply_error(request, ERR_NO_MEMORY);
	} else {
		if (report->next != NULL)
			http_reply_field(request, "Next-Cursor", "%s",
			    report->next);
		http_reply_bytes(request, 200, "text/csv; charset=utf-8; "
		    "header=present", text, size);
	}
	free(text);
}

static void
reading_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct reading *reading = http_request_state(request);
	const char *currency = service->settings->currency;

	if (reading->result != ERR_OK)
		call_reply_error(request, reading->result);
	else if (reading->is_csv)
		reading_answer_csv(request, &reading->report, currency);
	else
		reading_answer_json(request, &reading->report, currency);
}

/* --- what is asked for ---------------------------------------------------- */

struct report_parameters {
	int64_t limit;
	const char *cursor;
	int by;
	const char *from;
	const char *to;
};

/* by, by its number */
static const char *const sales_by[] = { "day", "item", NULL };

#define FIELD(f) offsetof(struct report_parameters, f)
/* The last three are those of sales alone. */
static const struct member report_parameters[] = {
	{ .name = "limit", .kind = MEMBER_INTEGER, .offset = FIELD(limit),
	    .least = 1, .most = REPORT_LIMIT_MAX },
	{ .name = "cursor", .kind = MEMBER_LINE, .offset = FIELD(cursor),
	    .most = PAGE_CURSOR_MAX },
	{ .name = "by", .kind = MEMBER_CHOICE, .offset = FIELD(by),
	    .choices = sales_by },
	{ .name = "from", .kind = MEMBER_DATE, .offset = FIELD(from) },
	{ .name = "to", .kind = MEMBER_DATE, .offset = FIELD(to) },
};
#undef FIELD
#define PARAMETERS_ALL (sizeof(report_parameters) / \
	sizeof(report_parameters[0]))
#define PARAMETERS_COMMON 2

/* The first millisecond of a day; before 1970 it is 0. */
static int64_t
day_begins_ms(const char *date)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t unix_s = 0;

	(void)snprintf(text, sizeof(text), "%.10sT00:00:00Z", date);
	return member_time_parse(text, &unix_s) == ERR_OK ? unix_s * 1000 : 0;
}

/* False: it was answered. */
static bool
reading_fill(struct http_request *request, struct reading *reading)
{
	const bool is_sales = reading->query.kind == REPORT_SALES_BY_DAY;
	const char *accept = http_request_field(request, "Accept");
	struct report_parameters parameters = { .limit = 0 };

	reading->is_csv = accept != NULL &&
	    strstr(accept, "text/csv") != NULL;
	if (!call_parse_query(request, report_parameters, is_sales ?
	    PARAMETERS_ALL : PARAMETERS_COMMON, &parameters,
	    &reading->object))
		return false;
	if (!reading->is_csv && parameters.limit > LIMIT_JSON) {
		http_reply_error_member(request, ERR_OUT_OF_RANGE, "limit",
		    "limit: at most 100; with Accept: text/csv at most 10000");
		return false;
	}
	if (parameters.limit == 0)
		parameters.limit = reading->is_csv ? REPORT_LIMIT_MAX :
		    PAGE_ROWS_DEFAULT;
	reading->query.limit = (size_t)parameters.limit;
	reading->query.cursor = parameters.cursor;
	if (is_sales && parameters.by == 1)
		reading->query.kind = REPORT_SALES_BY_ITEM;
	if (parameters.from != NULL)
		reading->query.from_ms = day_begins_ms(parameters.from);
	if (parameters.to != NULL)
		reading->query.until_ms = day_begins_ms(parameters.to) +
		    DAY_MS;
	return true;
}

static void
reading_submit(struct http_request *request, struct service *service,
    enum report_kind kind)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	call_forbid_caching(request);
	http_reply_field(request, "Vary", "Accept");
	if (reading == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, reading, reading_release);
	reading->request = request;
	reading->service = service;
	reading->query.kind = kind;
	reading->work.run = reading_work;
	if (!reading_fill(request, reading))
		return;
	http_request_suspend(request, reading_answer);
	if (worker_pool_submit(service->lookups, &reading->work) != ERR_OK) {
		reading->result = ERR_BUSY;
		http_request_resume(request);
	}
}

void
handle_list_all_purchases(struct http_request *request, void *application)
{
	reading_submit(request, application, REPORT_PURCHASES);
}

void
handle_list_accounts(struct http_request *request, void *application)
{
	reading_submit(request, application, REPORT_ACCOUNTS);
}

void
handle_list_ledger(struct http_request *request, void *application)
{
	reading_submit(request, application, REPORT_LEDGER);
}

void
handle_list_sales(struct http_request *request, void *application)
{
	reading_submit(request, application, REPORT_SALES_BY_DAY);
}

void
handle_get_any_purchase(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct purchase purchase = { 0 };
	struct uuid id;
	enum err e;

	call_forbid_caching(request);
	if (!call_path_id(request, "purchase", &id))
		return;
	e = report_purchase_get(service->shop, &id, &purchase);
	call_reply_purchase(request, service, e, &purchase);
	purchase_clear(&purchase);
}

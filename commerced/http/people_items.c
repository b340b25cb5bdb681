/* Items as the shop's people make and change them. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/item_query.h"
#include "commerced/http/shape.h"
#include "commerced/shop/catalogue.h"

/* A write to one item. */
struct item_change {
	struct call call;	/* first */
	struct uuid id;
	struct member_ids contains;
	struct item_fields fields;
	struct item item;	/* afterwards */
	struct item_obstacles obstacles;
};

/* kind by its number in enum item_kind */
#define KIND_TEXT(name, text) text,
static const char *const kinds[] = { ITEM_KINDS(KIND_TEXT) NULL };

struct item_members {
	const char *title;
	const char *creator;
	int kind;
	int64_t price_minor;
	const char *genre;
	const char *description;
	const char *released;
	struct member_ids contains;
};

#define FIELD(f) offsetof(struct item_members, f)
/* Row by row the bits of enum item_member. */
static const struct member item_members[] = {
	{ .name = "title", .kind = MEMBER_LINE, .offset = FIELD(title),
	    .least = 1, .most = ITEM_TITLE_MAX },
	{ .name = "creator", .kind = MEMBER_LINE, .offset = FIELD(creator),
	    .least = 1, .most = ITEM_CREATOR_MAX },
	{ .name = "kind", .kind = MEMBER_CHOICE, .offset = FIELD(kind),
	    .choices = kinds },
	{ .name = "price", .kind = MEMBER_MONEY, .offset = FIELD(price_minor),
	    .most = MONEY_MOST },
	{ .name = "genre", .kind = MEMBER_LINE, .need = MEMBER_NULLABLE,
	    .offset = FIELD(genre), .least = 1, .most = ITEM_GENRE_MAX },
	{ .name = "description", .kind = MEMBER_TEXT,
	    .need = MEMBER_NULLABLE, .offset = FIELD(description),
	    .most = ITEM_DESCRIPTION_MAX },
	{ .name = "released", .kind = MEMBER_DATE, .need = MEMBER_NULLABLE,
	    .offset = FIELD(released) },
	{ .name = "contains", .kind = MEMBER_IDS, .need = MEMBER_NULLABLE,
	    .offset = FIELD(contains), .most = ITEM_CONTAINS_MAX },
};
#undef FIELD
#define MEMBER_COUNT (sizeof(item_members) / sizeof(item_members[0]))

static void
item_change_release(void *state)
{
	struct item_change *change = state;

	item_clear(&change->item);
	item_obstacles_clear(&change->obstacles);
	free(change->contains.ids);
	free(change);
}

/* --- the body ------------------------------------------------------------- */

/*
 * A merge patch changes of an object what it names (RFC 7396): a price without
 * its currency is one in the shop's, one without an amount stays as it is.
 */
static enum err
item_price_merge(json_t *body, const char *currency)
{
	json_t *price = json_object_get(body, "price");
	const char *named;

	if (!json_is_object(price))
		return ERR_OK;
	if (json_object_get(price, "currency") == NULL &&
	    json_object_set_new(price, "currency", json_string(currency)) != 0)
		return ERR_NO_MEMORY;
	named = json_string_value(json_object_get(price, "currency"));
	if (json_object_size(price) == 1 && named != NULL &&
	    strcmp(named, currency) == 0)
		(void)json_object_del(body, "price");
	return ERR_OK;
}

/*
 * The body into the fields of change, whose texts it lends; false: it was
 * answered.  The
 * rules themselves are the shop's (item_fields_check()).
 */
static bool
item_fields_parse(struct http_request *request,
    const struct service *service, bool is_new, struct item_change *change)
{
	struct item_fields *fields = &change->fields;
	const struct member_source source = { item_members, MEMBER_COUNT,
	    service->settings->currency };
	struct item_members members = { 0 };
	struct member_presence presence;
	struct member_fault fault;
	const char *member = NULL;
	enum err e;

	if (!is_new && (e = item_price_merge(http_request_json(request),
	    source.currency)) != ERR_OK) {
		call_reply_error(request, e);
		return false;
	}
	e = member_parse(http_request_json(request), &source, &members,
	    &presence, &fault);
	change->contains = members.contains;
	if (e != ERR_OK) {
		call_reply_fault(request, e, &fault);
		return false;
	}
	fields->given = presence.given;
	fields->title = members.title;
	fields->creator = members.creator;
	fields->kind = (enum item_kind)members.kind;
	fields->price_minor = members.price_minor;
	fields->genre = members.genre;
	fields->description = members.description;
	fields->released = members.released;
	fields->contains = members.contains.ids;
	fields->contains_count = members.contains.count;
	e = item_fields_check(fields, is_new, &member);
	if (e == ERR_OK)
		return true;
	if (member == NULL)
		call_reply_error(request, e);
	else
		http_reply_error_member(request, e, member, "%s: %s", member,
		    e == ERR_WRONG_TYPE ? "this is needed" :
		    e == ERR_DUPLICATE_ITEM ? "name each item once" :
		    "the value is out of bounds");
	return false;
}

/* --- writes --------------------------------------------------------------- */

static struct item_change *
item_change_of(struct shop_job *job)
{
	struct item_change *change = (struct item_change *)job;

	item_clear(&change->item);	/* of a run before */
	return change;
}

static enum err
item_create_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct item_change *change = item_change_of(job);

	return item_create(tx, &change->fields, &change->item);
}

static enum err
item_change_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct item_change *change = item_change_of(job);

	return item_change(tx, &change->id, &change->fields, &change->item,
	    &change->obstacles);
}

static enum err
item_withdraw_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct item_change *change = item_change_of(job);

	return item_withdraw(tx, &change->id, &change->item);
}

static enum err
item_publish_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct item_change *change = item_change_of(job);

	return item_publish(tx, &change->id, &change->item,
	    &change->obstacles);
}

/* The state of a request for one item; NULL: it was answered. */
static struct item_change *
item_change_new(struct http_request *request, bool has_id)
{
	struct item_change *change = calloc(1, sizeof(*change));

	http_reply_field(request, "Cache-Control", "no-store");
	if (change == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return NULL;
	}
	http_request_set_state(request, change, item_change_release);
	if (has_id && !call_path_id(request, "item", &change->id))
		return NULL;
	return change;
}

/* --- answers -------------------------------------------------------------- */

/* What keeps an item from being sold, as paths below it; NULL: no memory. */
static json_t *
item_missing(const struct item_obstacles *obstacles)
{
	json_t *missing = json_array();
	bool is_whole = missing != NULL;
	char id[UUID_TEXT_SIZE];

	for (size_t i = 0; is_whole && i < obstacles->files.count; i++)
		is_whole = json_array_append_new(missing, json_sprintf(
		    "files/%s", obstacles->files.files[i].name)) == 0;
	for (size_t i = 0; is_whole && i < obstacles->empty_count; i++) {
		uuid_text(id, &obstacles->empty[i]);
		is_whole = json_array_append_new(missing, json_sprintf(
		    "contains/%s", id)) == 0;
	}
	if (is_whole && obstacles->nothing)
		is_whole = json_array_append_new(missing,
		    json_string("files")) == 0;
	if (is_whole && obstacles->too_deep)
		is_whole = json_array_append_new(missing,
		    json_string("contains")) == 0;
	if (is_whole)
		return missing;
	json_decref(missing);
	return NULL;
}

static void
item_refuse_publish(struct http_request *request,
    const struct item_obstacles *obstacles)
{
	const char *advice = "Wait until every file of the item is stored.";

	if (obstacles->too_deep)
		advice = "An album may contain albums, but these no further "
		    "ones, and nothing may contain itself.";
	else if (obstacles->empty_count > 0)
		advice = "Everything that it contains needs a stored file.";
	else if (obstacles->nothing)
		advice = "Upload a file first.";
	http_reply_problem(request, ERR_NOT_PUBLISHABLE, json_pack("{s:o}",
	    "missing", item_missing(obstacles)), "%s", advice);
}

/* The rest was looked at before. */
static void
item_refuse_contents(struct http_request *request, enum err e)
{
	http_reply_error_member(request, e, "contains", "contains: name items "
	    "of this shop, and not the item itself");
}

static void
item_reply(struct http_request *request, int status, const struct item *item,
    const struct settings *settings)
{
	struct json_text json;

	json_text_begin(&json);
	shape_write_item(&json, item, settings, SHAPE_PEOPLE);
	http_reply_json_text(request, status, &json);
}

static void
item_change_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct item_change *change = http_request_state(request);
	enum err e = change->call.job.result;

	if (e == ERR_OK)
		item_reply(request, 200, &change->item, service->settings);
	else if (e == ERR_NOT_PUBLISHABLE)
		item_refuse_publish(request, &change->obstacles);
	else if (e == ERR_OUT_OF_RANGE)
		item_refuse_contents(request, e);
	else
		call_reply_error(request, e);
}

static void
item_create_answer(struct http_request *request, void *application)
{
	const struct service *service = application;
	const struct item_change *change = http_request_state(request);
	enum err e = change->call.job.result;
	char id[UUID_TEXT_SIZE];

	if (e == ERR_OUT_OF_RANGE) {
		item_refuse_contents(request, e);
		return;
	}
	if (e != ERR_OK) {
		call_reply_error(request, e);
		return;
	}
	uuid_text(id, &change->item.id);
	http_reply_field(request, "Location", "/admin/v1/items/%s", id);
	item_reply(request, 201, &change->item, service->settings);
}

static void
item_withdraw_answer(struct http_request *request, void *application)
{
	const struct item_change *change = http_request_state(request);

	(void)application;
	if (change->call.job.result == ERR_OK)
		http_reply_empty(request, 204);
	else
		call_reply_error(request, change->call.job.result);
}

/* --- handlers ------------------------------------------------------------- */

void
handle_create_item(struct http_request *request, void *application)
{
	struct item_change *change = item_change_new(request, false);

	if (change == NULL || !item_fields_parse(request, application, true,
	    change))
		return;
	change->call.job.run = item_create_run;
	call_submit(&change->call, application, request, item_create_answer);
}

void
handle_change_item(struct http_request *request, void *application)
{
	struct item_change *change = item_change_new(request, true);

	if (change == NULL || !item_fields_parse(request, application, false,
	    change))
		return;
	change->call.job.run = item_change_run;
	call_submit(&change->call, application, request, item_change_answer);
}

void
handle_withdraw_item(struct http_request *request, void *application)
{
	struct item_change *change = item_change_new(request, true);

	if (change == NULL)
		return;
	change->call.job.run = item_withdraw_run;
	call_submit(&change->call, application, request,
	    item_withdraw_answer);
}

void
handle_publish_item(struct http_request *request, void *application)
{
	struct item_change *change = item_change_new(request, true);

	if (change == NULL)
		return;
	change->call.job.run = item_publish_run;
	call_submit(&change->call, application, request, item_change_answer);
}

void
handle_list_any_items(struct http_request *request, void *application)
{
	http_reply_field(request, "Cache-Control", "no-store");
	item_query_answer(request, application, SHAPE_PEOPLE);
}

void
handle_get_any_item(struct http_request *request, void *application)
{
	const struct service *service = application;
	struct item item = { 0 };
	struct uuid id;
	enum err e;

	http_reply_field(request, "Cache-Control", "no-store");
	if (!call_path_id(request, "item", &id))
		return;
	e = item_get_any(service->shop, &id, &item);
	if (e == ERR_OK)
		item_reply(request, 200, &item, service->settings);
	else
		call_reply_error(request, e);
	item_clear(&item);
}

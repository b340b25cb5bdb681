/* The shapes of api.md as JSON.  Each function returns a new object, or NULL
 * without memory, which http_reply_json() answers with 503.
 */
#ifndef COMMERCED_HTTP_SHAPE_H
#define COMMERCED_HTTP_SHAPE_H

#include <jansson.h>

#include "commerced/model.h"
#include "commerced/settings.h"
#include "commerced/shop/access.h"
#include "commerced/shop/account.h"
#include "commerced/shop/claim.h"
#include "commerced/shop/picture.h"
#include "commerced/shop/refund.h"
#include "common/json_text.h"

json_t *shape_money(const char *currency, int64_t minor);
json_t *shape_time_s(int64_t unix_s);
json_t *shape_time_ms(int64_t unix_ms);
json_t *shape_uuid(const struct uuid *uuid);
json_t *shape_uuids(const struct uuid *ids, size_t count);

enum shape_view {
	SHAPE_BUYER,		/* files that are stored */
	SHAPE_PEOPLE		/* all files, each with its state */
};
/* "cover" or "preview"; and where it is to be had, the caller's; NULL without
 * memory. */
const char *shape_picture_name(enum picture_kind kind);
char *shape_picture_url(const char *shop_url,
    const struct picture_place *place);
/* A cover or preview as the shop's people see it. */
json_t *shape_picture(const struct picture *picture,
    const struct picture_place *place, const char *shop_url);

json_t *shape_account(const struct account *account, const char *currency);
/* with_token: for whoever keeps no cookie. */
json_t *shape_session_start(const struct session_start *start,
    const char *currency, bool with_token);

json_t *shape_fulfilment(const struct fulfilment *fulfilment);
json_t *shape_library(const struct library_list *list);

/* A file as the shop's people see it. */
json_t *shape_file(const struct file *file);

/* Everything that is held about a person. */
json_t *shape_person(const struct person *person, const char *currency);

/* {"items": [...], "next": ...}; takes items. */
json_t *shape_page(json_t *items, const char *next);

/* Without access: what the export of a person tells of it. */
json_t *shape_purchase(const struct purchase *purchase, const char *currency);

void shape_write_uuid(struct json_text *text, const char *name,
    const struct uuid *uuid);
void shape_write_uuids(struct json_text *text, const char *name,
    const struct uuid *uuids, size_t count);
void shape_write_money(struct json_text *text, const char *name,
    const char *currency, int64_t minor);

/*
 * Items (shape_item.c) and what belongs to a sale (shape_sale.c) are written
 * as text, each as one value, for http_reply_json_text().
 */
void shape_write_item(struct json_text *text, const struct item *item,
    const struct settings *settings, enum shape_view view);
void shape_write_item_list(struct json_text *text,
    const struct item_list *list, const struct settings *settings,
    enum shape_view view);
/* Values with counts, by facet. */
void shape_write_facets(struct json_text *text, const struct facets *facets);
void shape_write_access(struct json_text *text, const struct access *access);
/* access may be NULL: then the member is absent. */
void shape_write_purchase(struct json_text *text,
    const struct purchase *purchase, const char *currency,
    const struct access_list *access);
void shape_write_purchase_list(struct json_text *text,
    const struct purchase_list *list, const char *currency);
void shape_write_gift(struct json_text *text, const struct purchase *purchase,
    const char *currency, const char *claim_code);
void shape_write_refunded(struct json_text *text,
    const struct purchase *purchase, const struct refund *refund,
    const char *currency);
void shape_write_claim(struct json_text *text,
    const struct claim_result *claim, const struct access_list *access);
/* Lines and total alone. */
void shape_write_quote(struct json_text *text, const struct purchase *quote,
    const char *currency);

#endif

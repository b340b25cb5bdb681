/* A shop in a temporary folder, with a clock of its own, and sentences to
 * tell stories with: each writes through the writer thread and waits.
 */
#ifndef TESTS_UNIT_COMMERCED_SHOP_FIXTURE_H
#define TESTS_UNIT_COMMERCED_SHOP_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "commerced/shop/access.h"
#include "commerced/shop/account.h"
#include "commerced/shop/catalogue.h"
#include "commerced/shop/code.h"
#include "commerced/shop/library.h"
#include "commerced/shop/publish.h"
#include "commerced/shop/claim.h"
#include "commerced/shop/purchase.h"
#include "commerced/shop/refund.h"
#include "commerced/shop/shop.h"

#define FIXTURE_COMMERCE "shop.example.com"
#define FIXTURE_ORIGIN "https://media.example.com"
#define FIXTURE_START_MS INT64_C(1790000000000)

struct fixture {
	char folder[64];
	char database[96];
	struct master_keys *master_keys;
	struct shop *shop;
	atomic_int_fast64_t now_ms;
	atomic_int fatal_calls;
	struct shop_options options;	/* as the shop was opened with */
};

/* cmocka's setup and teardown; the teardown checks the books. */
int fixture_make(void **state);
int fixture_remove(void **state);

/* Close and open the shop again. */
void fixture_reopen(struct fixture *fixture);
/* Options to open by hand; the signing keys are the caller's to give. */
struct signing_keys *fixture_signing_keys(const struct fixture *fixture,
    const char *key_id);

/* Everything that must be true of the books at any time. */
void fixture_check_books(const struct fixture *fixture);
/* The one number that an SQL query gives; for what has no reader yet. */
int64_t fixture_number(const struct fixture *fixture, const char *sql);
/* Change the books behind the shop's back. */
void fixture_execute(const struct fixture *fixture, const char *sql);
/* Does the schema refuse it? */
bool fixture_sql_fails(const struct fixture *fixture, const char *sql);

/* A write as a function with in and out, run and waited for. */
typedef enum err fixture_write(struct shop_transaction *tx, const void *in,
    void *out);
enum err fixture_run(struct fixture *fixture, fixture_write *write,
    const void *in, void *out);

int64_t fixture_account(struct fixture *fixture, const char *email,
    struct session_start *start);
enum err fixture_end_session(struct fixture *fixture, int64_t account,
    const struct uuid *session);
struct uuid fixture_item(struct fixture *fixture, const char *title,
    int64_t price_minor);
/* Record content under a name; its object is made from salt. */
enum err fixture_upload(struct fixture *fixture, const struct uuid *item,
    const char *name, const char *content);
/* Everything that is pending becomes stored. */
void fixture_store_all(struct fixture *fixture);
/* With one stored file "TITLE.ogg", on sale. */
struct uuid fixture_item_on_sale(struct fixture *fixture, const char *title,
    int64_t price_minor);
enum err fixture_publish(struct fixture *fixture, const struct uuid *item);
enum err fixture_withdraw(struct fixture *fixture, const struct uuid *item);
enum err fixture_remove_file(struct fixture *fixture,
    const struct uuid *item, const char *name);

/* obstacles may be NULL. */
enum err fixture_change(struct fixture *fixture, const struct uuid *item,
    const struct item_fields *fields, struct item_obstacles *obstacles);
enum err fixture_contain(struct fixture *fixture,
    const struct uuid *container, const struct uuid *items, size_t count);
/* Without files of its own. */
struct uuid fixture_album_on_sale(struct fixture *fixture,
    int64_t price_minor, const struct uuid *items, size_t count);

/* Gift codes to the value of amount, redeemed. */
void fixture_give(struct fixture *fixture, int64_t account,
    int64_t amount_minor);
/* One item; the result is thrown away. */
enum err fixture_buy(struct fixture *fixture, int64_t account,
    const struct uuid *item, const char *key);
/* The whole request. */
enum err fixture_purchase(struct fixture *fixture,
    const struct purchase_request *in, struct purchase_result *out);
enum err fixture_refund(struct fixture *fixture,
    const struct refund_request *in, struct refund_result *out);
/* Of these items, or of all that are left; the result is thrown away. */
enum err fixture_give_back(struct fixture *fixture,
    const struct uuid *purchase, const struct uuid *items, size_t count);
/* How many files are in the library; pages of three. */
size_t fixture_library_count(struct fixture *fixture, int64_t account);
int64_t fixture_balance(struct fixture *fixture, int64_t account);

#endif

/* The shop that paper requests go to: a fixture of the unit tests. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commerced/http/answers.h"
#include "commerced/http/service.h"
#include "commerced/shop/library.h"
#include "commerced/shop/search.h"
#include "common/log.h"
#include "tests/fuzz/daemon/expand.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/paper/paper.h"
#include "tests/fuzz/paper/paper_shop.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define INPUTS 3000		/* for one shop */
#define ATTEMPTS 1000000	/* wrong ones: no limit in the way */
#define SLOTS 1024
#define QUEUE 16
#define SEARCH_WAIT_MS 60000
#define ADMIN "an-admin-token-of-the-paper-shop"

static struct fixture *fixture;
static struct service service;
static struct settings settings = {
	.commerce_id = (char[]){ FIXTURE_COMMERCE },
	.shop_name = (char[]){ "A shop on paper" },
	.shop_url = (char[]){ "https://shop.example.com" },
	.currency = (char[]){ "EUR" },
	.session_lifetime_s = 2592000,
	.password_wait_s = 60,
};

/* --- what is slow on purpose ---------------------------------------------- */

/* Instead of libcrypto's: any function of all that it is given will do. */
int
EVP_PBE_scrypt(const char *password, size_t password_length,
    const unsigned char *salt, size_t salt_length, uint64_t n, uint64_t r,
    uint64_t p, uint64_t memory_max, unsigned char *key, size_t key_length)
{
	unsigned char sum = (unsigned char)(n + r + p);

	(void)memory_max;
	for (size_t i = 0; i < password_length; i++)
		sum = (unsigned char)(sum * 31 + password[i]);
	for (size_t i = 0; i < salt_length; i++)
		sum = (unsigned char)(sum * 31 + salt[i]);
	memset(key, sum, key_length);
	return 1;
}

/* The disk is not what is looked at here. */
int
fsync(int descriptor)
{
	(void)descriptor;
	return 0;
}

int
fdatasync(int descriptor)
{
	(void)descriptor;
	return 0;
}

/* --- the shop ------------------------------------------------------------- */

static void
set_id(const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_text(text, id);
	expand_set(name, text);
}

static enum err
write_codes(struct shop_transaction *tx, const void *in, void *out)
{
	const char *member;

	return gift_codes_issue(tx, in, out, &member);
}

static void
set_code(void)
{
	const struct gift_codes_request request = { .amount_minor = 100,
		.count = 1, .request = { .method = "POST", .path = "/",
		.idempotency_key = "paper" } };
	struct gift_codes codes = { 0 };

	PROMISE(gift_codes_prepare(fixture->shop, &request, &codes) ==
	    ERR_OK);
	PROMISE(fixture_run(fixture, write_codes, &request, &codes) == ERR_OK);
	expand_set("code", codes.codes[0]);
	gift_codes_clear(&codes);
}

static void
set_owned(int64_t account)
{
	const struct library_query query = { .account = account, .limit = 1 };
	struct purchase_list purchases = { 0 };
	struct library_list library = { 0 };

	PROMISE(library_list(fixture->shop, &query, &library) == ERR_OK);
	PROMISE(library.count == 1);
	set_id("file", &library.entries[0].file.id);
	PROMISE(purchase_list(fixture->shop, account, 1, NULL, &purchases) ==
	    ERR_OK);
	PROMISE(purchases.count == 1);
	set_id("purchase", &purchases.purchases[0].id);
	purchase_list_clear(&purchases);
	library_list_clear(&library);
}

static void
fill(void)
{
	const struct uuid item = fixture_item_on_sale(fixture, "First", 99);
	const struct uuid other = fixture_item_on_sale(fixture, "Second", 0);
	const struct uuid items[] = { item, other };
	const struct uuid album = fixture_album_on_sale(fixture, 150, items, 2);
	const struct uuid draft = fixture_item(fixture, "Draft", 5);
	struct session_start start;
	int64_t account = fixture_account(fixture, "owner@shop.example",
	    &start);

	set_id("item", &item);
	set_id("other", &other);
	set_id("album", &album);
	set_id("draft", &draft);
	set_id("account", &start.account.id);
	set_id("session-id", &start.session.id);
	expand_set("session", start.token);
	expand_set("admin", ADMIN);
	expand_set("origin", settings.shop_url);
	expand_set("email", "owner@shop.example");
	fixture_give(fixture, account, 100000);
	PROMISE(fixture_buy(fixture, account, &item, "paper") == ERR_OK);
	set_owned(account);
	set_code();
}

static void
load_admin_token(void)
{
	static char path[96];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/admin", fixture->folder);
	file = fopen(path, "w");
	PROMISE(file != NULL && fputs(ADMIN "\n", file) >= 0 &&
	    fclose(file) == 0);
	PROMISE(admin_token_load(path, &service.admin_token) == ERR_OK);
}

static void
make(void)
{
	void *state = NULL;

	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	(void)umask(077);
	PROMISE(fixture_make(&state) == 0);
	fixture = state;
	service.settings = &settings;
	service.shop = fixture->shop;
	load_admin_token();
	PROMISE(attempts_new(ATTEMPTS, 1000, SLOTS, &service.by_account) ==
	    ERR_OK && attempts_new(ATTEMPTS, 1000, SLOTS,
	    &service.by_address) == ERR_OK && attempts_new(ATTEMPTS, 1000,
	    SLOTS, &service.wrong_codes) == ERR_OK);
	PROMISE(worker_pool_new("password", 1, QUEUE, &service.passwords) ==
	    ERR_OK && worker_pool_new("lookup", 1, QUEUE, &service.lookups) ==
	    ERR_OK && worker_pool_new("disk", 1, QUEUE, &service.disk) ==
	    ERR_OK);
	PROMISE(answers_new(&service.answers) == ERR_OK &&
	    metrics_new(service_routes(), &service.metrics) == ERR_OK &&
	    pictures_open(fixture->folder, &service.pictures) == ERR_OK);
	fill();
	PROMISE(search_wait(fixture->shop, false, SEARCH_WAIT_MS) == ERR_OK);
}

static void
unmake(void)
{
	void *state = fixture;

	worker_pool_free(service.lookups);
	worker_pool_free(service.passwords);
	worker_pool_free(service.disk);
	pictures_close(service.pictures);
	metrics_free(service.metrics);
	answers_free(service.answers);
	attempts_free(service.by_account);
	attempts_free(service.by_address);
	attempts_free(service.wrong_codes);
	admin_token_free(service.admin_token);
	PROMISE(atomic_load(&fixture->fatal_calls) == 0);
	/* Checks the books. */
	PROMISE(fixture_remove(&state) == 0);
	fixture = NULL;
}

static void
unmake_last(void)
{
	if (fixture != NULL)
		unmake();
}

void
paper_begin(void)
{
	static unsigned inputs;

	if (inputs == 0) {
		/* First, so that it ends last. */
		(void)OPENSSL_init_crypto(
		    OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
		(void)atexit(unmake_last);
	}
	if (inputs++ % INPUTS == 0) {
		unmake_last();
		make();
	}
}

struct service *
paper_shop_service(void)
{
	PROMISE(fixture != NULL);
	return &service;
}

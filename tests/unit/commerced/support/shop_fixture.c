#include "tests/unit/commerced/support/shop_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "common/encoding.h"

static int64_t
fixture_now(void *context)
{
	struct fixture *fixture = context;

	return atomic_load(&fixture->now_ms);
}

static void
fixture_fatal(void *context)
{
	struct fixture *fixture = context;

	atomic_fetch_add(&fixture->fatal_calls, 1);
}

/* A file that only we can read. */
static void
fixture_write_file(char *path, size_t size, const struct fixture *fixture,
    const char *text)
{
	FILE *file;
	int descriptor;

	(void)snprintf(path, size, "%s/keys-XXXXXX", fixture->folder);
	descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	file = fdopen(descriptor, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct signing_keys *
fixture_signing_keys(const struct fixture *fixture, const char *key_id)
{
	struct signing_keys *keys = NULL;
	char text[256], path[128];

	(void)snprintf(text, sizeof(text), FIXTURE_COMMERCE " %s "
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	    "\n", key_id);
	fixture_write_file(path, sizeof(path), fixture, text);
	assert_int_equal(signing_keys_load(path, &keys), ERR_OK);
	(void)unlink(path);
	return keys;
}

static void
fixture_open(struct fixture *fixture)
{
	fixture->options = (struct shop_options){
		.state_path = fixture->folder,
		.commerce_id = FIXTURE_COMMERCE, .currency = "EUR",
		.storage_origin = FIXTURE_ORIGIN,
		.master_keys = fixture->master_keys,
		.signing_keys = fixture_signing_keys(fixture, "2026a"),
		.now_ms = fixture_now, .fatal = fixture_fatal,
		.context = fixture
	};
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
}

int
fixture_make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char path[128];

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof(fixture->folder),
	    "/tmp/shop-unit-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->database, sizeof(fixture->database),
	    "%s/counterfoil.db", fixture->folder);
	atomic_init(&fixture->now_ms, FIXTURE_START_MS);
	atomic_init(&fixture->fatal_calls, 0);
	fixture_write_file(path, sizeof(path), fixture, "new "
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	    "\nold "
	    "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	    "\n");
	assert_int_equal(keys_load(path, &fixture->master_keys), ERR_OK);
	fixture_open(fixture);
	*state = fixture;
	return 0;
}

void
fixture_reopen(struct fixture *fixture)
{
	shop_close(fixture->shop);
	fixture_open(fixture);
}

static int
fixture_remove_entry(const char *path, const struct stat *status, int kind,
    struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int
fixture_remove(void **state)
{
	struct fixture *fixture = *state;

	shop_close(fixture->shop);
	fixture_check_books(fixture);
	keys_free(fixture->master_keys);
	(void)nftw(fixture->folder, fixture_remove_entry, 16,
	    FTW_DEPTH | FTW_PHYS);
	free(fixture);
	return 0;
}

static int64_t
fixture_query(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) !=
	    SQLITE_OK)
		print_error("%s: %s\n", sql, sqlite3_errmsg(handle));
	assert_non_null(statement);
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	return number;
}

static sqlite3 *
fixture_connect(const struct fixture *fixture)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open_v2(fixture->database, &handle,
	    SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(handle, 5000);
	return handle;
}

int64_t
fixture_number(const struct fixture *fixture, const char *sql)
{
	sqlite3 *handle = fixture_connect(fixture);
	int64_t number = fixture_query(handle, sql);

	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return number;
}

static enum err
fixture_change_nothing(struct shop_transaction *tx, struct shop_job *job)
{
	(void)tx;
	(void)job;
	return ERR_OK;
}

void
fixture_execute(const struct fixture *fixture, const char *sql)
{
	struct shop_job job = { .run = fixture_change_nothing };
	sqlite3 *handle = fixture_connect(fixture);

	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	/* A commit of the shop's own ends the snapshots that it keeps. */
	if (fixture->shop != NULL)
		(void)shop_run(fixture->shop, &job);
}

bool
fixture_sql_fails(const struct fixture *fixture, const char *sql)
{
	sqlite3 *handle = fixture_connect(fixture);
	int rc;

	/* REPLACE deletes rows without a trigger unless it is told so. */
	(void)sqlite3_exec(handle, "PRAGMA recursive_triggers = ON", NULL,
	    NULL, NULL);
	rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return (rc & 0xff) == SQLITE_CONSTRAINT;
}

/* What accounts are due: account, item, source, purchase. */
#define DUE \
	"SELECT p.account, l.item, 1, p.id FROM purchase p" \
	" JOIN account a ON a.id = p.account" \
	" JOIN purchase_line l ON l.purchase = p.id" \
	" WHERE p.is_gift = 0 AND l.status = 0 UNION ALL" \
	" SELECT c.claimed_by, i.item, c.kind, c.purchase FROM claim c" \
	" JOIN account a ON a.id = c.claimed_by" \
	" JOIN claim_item i ON i.claim = c.id WHERE i.granted = 1" \
	" AND NOT EXISTS (SELECT 1 FROM purchase_line l" \
	" WHERE l.purchase = c.purchase AND l.item = i.item" \
	" AND l.status <> 0)"

/* File f is given by the entitlement to owned, since then. */
#define FILES_OWNED \
	"(SELECT account, item AS owned, item, sequence AS since" \
	" FROM entitlement UNION ALL SELECT e.account, e.item, n.item," \
	" max(e.sequence, n.since_sequence) FROM entitlement e" \
	" JOIN item_inside n ON n.container = e.item" \
	" AND n.until_sequence > e.sequence) o JOIN file f" \
	" ON f.item = o.item AND f.stored_version IS NOT NULL" \
	" AND (f.removed_sequence IS NULL OR f.removed_sequence > o.since)"

/* Each counts what must not be. */
static const char *const fixture_faults[] = {
	"SELECT count(*) FROM pragma_integrity_check"
	" WHERE integrity_check <> 'ok'",
	"SELECT count(*) FROM pragma_foreign_key_check",
	/* a buyer's balance is what the transfers say */
	"SELECT count(*) FROM account a LEFT JOIN account_balance b"
	" ON b.account = a.id WHERE b.balance IS NOT"
	" (SELECT coalesce(sum(amount), 0) FROM transfer"
	" WHERE credit_account = a.id) -"
	" (SELECT coalesce(sum(amount), 0) FROM transfer"
	" WHERE debit_account = a.id)",
	/* money moves, and things are bought, under numbers that were given */
	"SELECT count(*) FROM transfer WHERE debit_account NOT IN"
	" (SELECT id FROM ledger_account) OR credit_account NOT IN"
	" (SELECT id FROM ledger_account)",
	"SELECT count(*) FROM purchase WHERE account NOT IN"
	" (SELECT id FROM ledger_account WHERE kind = 3)",
	/* reports find purchases of a time by their ids */
	"SELECT count(*) FROM purchase WHERE hex(substr(uuid, 1, 6)) <>"
	" format('%012X', created_ms)",
	/* an account's purchases are listed with it, while there is one */
	"SELECT count(*) FROM (SELECT p.account, p.id FROM purchase p"
	" JOIN account a ON a.id = p.account EXCEPT"
	" SELECT account, purchase FROM account_purchase)",
	"SELECT count(*) FROM (SELECT account, purchase FROM account_purchase"
	" EXCEPT SELECT account, id FROM purchase)",
	/* receipts are numbered without gaps */
	"SELECT coalesce(max(id), 0) <> count(*) FROM purchase",
	/* a total is its lines, and one transfer */
	"SELECT count(*) FROM purchase p WHERE total <>"
	" (SELECT coalesce(sum(price - deducted), -1) FROM purchase_line"
	" WHERE purchase = p.id)",
	"SELECT count(*) FROM purchase p WHERE (total > 0) <>"
	" (SELECT count(*) FROM transfer WHERE kind = 2 AND reference = p.id"
	" AND amount = p.total AND debit_account = p.account"
	" AND credit_account = 2)",
	"SELECT count(*) FROM transfer WHERE kind = 2 AND reference NOT IN"
	" (SELECT id FROM purchase)",
	/* one key for each purchase, while there is a person */
	"SELECT count(*) FROM purchase p WHERE (SELECT count(*)"
	" FROM account a WHERE a.id = p.account) <> (SELECT count(*)"
	" FROM purchase_key k WHERE k.purchase = p.id"
	" AND k.account = p.account)",
	/* what is owned: lines paid and not refunded, gifts and fulfilments
	 * claimed; all of it, and no more */
	"SELECT count(*) FROM (SELECT * FROM (" DUE ") EXCEPT SELECT account,"
	" item, source, purchase FROM entitlement)",
	"SELECT count(*) FROM (SELECT account, item, source, purchase"
	" FROM entitlement EXCEPT SELECT * FROM (" DUE "))",
	/* a refund is its lines, and one transfer back to who paid */
	"SELECT count(*) FROM refund r JOIN purchase p ON p.id = r.purchase"
	" WHERE amount <> (SELECT coalesce(sum(price - deducted), -1)"
	" FROM purchase_line WHERE purchase = p.id AND refund = r.id)"
	" OR (amount > 0) <> (SELECT count(*) FROM transfer WHERE kind = 3"
	" AND reference = r.id AND amount = r.amount AND debit_account = 2"
	" AND credit_account = p.account)",
	"SELECT count(*) FROM transfer WHERE kind = 3 AND reference NOT IN"
	" (SELECT id FROM refund)",
	"SELECT count(*) FROM purchase_line l LEFT JOIN refund r"
	" ON r.id = l.refund WHERE (l.status = 2) <> (r.id IS NOT NULL)"
	" OR r.purchase <> l.purchase",
	"SELECT count(*) FROM purchase p WHERE status <> (SELECT CASE"
	" sum(l.status = 2) WHEN 0 THEN 0 WHEN count(*) THEN 2 ELSE 1 END"
	" FROM purchase_line l WHERE l.purchase = p.id)",
	/* every gift has its code, every receipt its seller */
	"SELECT count(*) FROM purchase p WHERE is_gift <> (SELECT count(*)"
	" FROM claim WHERE purchase = p.id) OR seller IS NULL",
	/* who has gone leaves nothing to spend */
	"SELECT count(*) FROM ledger_account l WHERE kind = 3"
	" AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = l.id)"
	" AND ((SELECT coalesce(sum(amount), 0) FROM transfer"
	" WHERE credit_account = l.id) <>"
	" (SELECT coalesce(sum(amount), 0) FROM transfer"
	" WHERE debit_account = l.id)"
	" OR EXISTS (SELECT 1 FROM holding WHERE account = l.id))",
	/* a code redeemed is one transfer, and no other way round */
	"SELECT count(*) FROM gift_code c JOIN gift_batch b ON b.id = c.batch"
	" WHERE (c.redeemed_by IS NOT NULL) <> (SELECT count(*)"
	" FROM transfer t WHERE t.kind = 1 AND t.reference = c.id"
	" AND t.amount = b.amount AND t.credit_account = c.redeemed_by"
	" AND t.debit_account = 1)",
	"SELECT count(*) FROM transfer WHERE kind = 1 AND reference NOT IN"
	" (SELECT id FROM gift_code)",
	/* what is deducted from a line is told, and was paid before */
	"SELECT count(*) FROM purchase_line l WHERE deducted <>"
	" (SELECT coalesce(sum(amount), 0) FROM deduction d"
	" WHERE d.purchase = l.purchase AND d.position = l.position)",
	"SELECT count(*) FROM deduction d JOIN purchase p ON p.id = d.purchase"
	" JOIN purchase paid ON paid.id = d.paid_purchase"
	" JOIN purchase_line l ON l.purchase = d.paid_purchase"
	" AND l.position = d.paid_position WHERE p.account <> paid.account"
	" OR d.amount > l.price - l.deducted",
	/* what was deducted from a line that is not refunded is neither */
	"SELECT count(*) FROM deduction d JOIN purchase_line l"
	" ON l.purchase = d.purchase AND l.position = d.position"
	" JOIN purchase_line paid ON paid.purchase = d.paid_purchase"
	" AND paid.position = d.paid_position"
	" WHERE l.status = 0 AND paid.status <> 0",
	/* what is on sale, and what it contains, has something to give */
	"SELECT count(*) FROM item i WHERE (state = 1 OR id IN (SELECT n.item"
	" FROM item_inside n JOIN item c ON c.id = n.container"
	" WHERE c.state = 1 AND n.until_sequence = 9223372036854775807))"
	" AND NOT EXISTS (SELECT 1"
	" FROM file f WHERE f.item = i.id AND f.removed_sequence IS NULL"
	" AND f.stored_version IS NOT NULL) AND NOT EXISTS (SELECT 1"
	" FROM item_content c WHERE c.container = i.id"
	" AND c.until_sequence = 9223372036854775807)",
	/* item_inside is item_content to two levels */
	"SELECT count(*) FROM (SELECT 1 FROM (SELECT container, item,"
	" since_sequence, until_sequence, 1 AS side FROM item_inside UNION ALL"
	" SELECT container, item, min(since_sequence), until_sequence, -1"
	" FROM (SELECT container, item, since_sequence, until_sequence"
	" FROM item_content UNION ALL SELECT a.container, b.item,"
	" max(a.since_sequence, b.since_sequence),"
	" min(a.until_sequence, b.until_sequence)"
	" FROM item_content a JOIN item_content b ON b.container = a.item"
	" WHERE a.container <> b.item"
	" AND a.since_sequence < b.until_sequence)"
	" GROUP BY container, item, until_sequence) GROUP BY container, item,"
	" since_sequence, until_sequence HAVING sum(side) <> 0)",
	/* nothing is in a container twice at a time */
	"SELECT count(*) FROM item_content a JOIN item_content b"
	" USING (container, item) WHERE a.since_sequence < b.since_sequence"
	" AND a.until_sequence > b.since_sequence",
	/* nothing on sale reaches deeper than two levels */
	"SELECT count(*) FROM item i JOIN item_content a ON a.container = i.id"
	" JOIN item_content b ON b.container = a.item"
	" JOIN item_content c ON c.container = b.item WHERE i.state = 1"
	" AND min(a.until_sequence, b.until_sequence, c.until_sequence)"
	" = 9223372036854775807",
	/* stored_version is the newest that is stored */
	"SELECT count(*) FROM file f WHERE stored_version IS NOT (SELECT v.id"
	" FROM version v WHERE v.file = f.id AND v.state = 1"
	" ORDER BY v.number DESC LIMIT 1)",
	/* whoever has bought has something to download */
	"SELECT count(*) FROM entitlement e WHERE NOT EXISTS (SELECT 1 FROM "
	FILES_OWNED " WHERE o.account = e.account AND o.owned = e.item)",
	/* and none of it will be deleted */
	"SELECT count(*) FROM " FILES_OWNED
	" JOIN item i ON i.id = f.item WHERE i.sold_sequence < o.since",
	"SELECT count(*) FROM version WHERE local = 0 AND state IN (0, 2)",
	/* what is kept of an item's sales is what its lines say */
	"SELECT count(*) FROM item_sales s LEFT JOIN (SELECT item,"
	" count(*) AS sold, sum(price - deducted) AS paid,"
	" sum(status = 2) AS returned,"
	" sum((status = 2) * (price - deducted)) AS refunded"
	" FROM purchase_line GROUP BY item) l ON l.item = s.item"
	" WHERE (s.sold, s.paid, s.returned, s.refunded) <>"
	" (coalesce(l.sold, 0), coalesce(l.paid, 0), coalesce(l.returned, 0),"
	" coalesce(l.refunded, 0))",
	/* at most 20 sessions */
	"SELECT count(*) FROM (SELECT 1 FROM session GROUP BY account"
	" HAVING count(*) > 20)"
};

/* What must be none of a search index, attached as s, beside its books. */
static const char *const fixture_index_faults[] = {
	/* as the items were at their changes */
	"SELECT count(*) FROM item i LEFT JOIN s.entry e ON e.item = i.id"
	" WHERE i.change <= (SELECT change FROM s.state) AND (e.item IS NULL"
	" OR e.kind <> i.kind OR e.state <> i.state OR e.price <> i.price"
	" OR e.published_ms <> i.published_ms OR e.released IS NOT i.released"
	" OR e.title <> i.title OR e.creator <> i.creator"
	" OR e.genre IS NOT i.genre)",
	"SELECT count(*) FROM s.entry WHERE item NOT IN (SELECT id FROM item)",
	/* facets count what is for sale */
	"SELECT count(*) FROM (SELECT 1 FROM (SELECT kind, creator, genre, n"
	" FROM s.facet UNION ALL SELECT kind, creator, coalesce(genre, ''), -1"
	" FROM s.entry WHERE is_counted = 1) GROUP BY kind,"
	" creator COLLATE NOCASE, genre COLLATE NOCASE HAVING sum(n) <> 0)",
	"SELECT count(*) FROM s.facet WHERE n <= 0",
	/* in brackets: clang takes it for a forgotten comma */
	("SELECT count(*) FROM s.entry WHERE is_counted <> (state = 1"
	" AND (released IS NULL OR released <= (SELECT day FROM s.state)))")
};

static void
fixture_check_all(sqlite3 *handle, const char *const *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t found = fixture_query(handle, faults[i]);

		if (found != 0)
			print_error("%s\n", faults[i]);
		assert_int_equal(found, 0);
	}
}

static void
fixture_check_index(const struct fixture *fixture, sqlite3 *handle)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "ATTACH '%s/search.db' AS s",
	    fixture->folder);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL),
	    SQLITE_OK);
	if (fixture_query(handle, "SELECT count(*) FROM s.sqlite_schema") > 0)
		fixture_check_all(handle, fixture_index_faults,
		    sizeof(fixture_index_faults) /
		    sizeof(fixture_index_faults[0]));
}

void
fixture_check_books(const struct fixture *fixture)
{
	sqlite3 *handle = fixture_connect(fixture);

	fixture_check_all(handle, fixture_faults,
	    sizeof(fixture_faults) / sizeof(fixture_faults[0]));
	fixture_check_index(fixture, handle);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

struct fixture_job {
	struct shop_job job;
	fixture_write *write;
	const void *in;
	void *out;
};

static enum err
fixture_job_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct fixture_job *mine = (struct fixture_job *)job;

	return mine->write(tx, mine->in, mine->out);
}

enum err
fixture_run(struct fixture *fixture, fixture_write *write, const void *in,
    void *out)
{
	struct fixture_job job = { .job = { .run = fixture_job_run },
	    .write = write, .in = in, .out = out };

	return shop_run(fixture->shop, &job.job);
}

static enum err
write_register(struct shop_transaction *tx, const void *in, void *out)
{
	return account_register(tx, in, out);
}

int64_t
fixture_account(struct fixture *fixture, const char *email,
    struct session_start *start)
{
	struct account_registration in = { .password = { .n_log2 = 14,
	    .r = 8, .p = 5 } };
	struct session_start mine;

	if (start == NULL)
		start = &mine;
	assert_int_equal(email_normalise(in.email, email, strlen(email)),
	    ERR_OK);
	assert_int_equal(fixture_run(fixture, write_register, &in, start),
	    ERR_OK);
	return start->account.number;
}

static enum err
write_item(struct shop_transaction *tx, const void *in, void *out)
{
	return item_create(tx, in, out);
}

struct ending {
	int64_t account;
	const struct uuid *session;
};

static enum err
write_end(struct shop_transaction *tx, const void *in, void *out)
{
	const struct ending *ending = in;

	(void)out;
	return session_end(tx, ending->account, ending->session);
}

enum err
fixture_end_session(struct fixture *fixture, int64_t account,
    const struct uuid *session)
{
	const struct ending in = { account, session };

	return fixture_run(fixture, write_end, &in, NULL);
}

struct uuid
fixture_item(struct fixture *fixture, const char *title, int64_t price_minor)
{
	const struct item_fields in = { .given = ITEM_REQUIRED,
	    .title = title, .creator = "Somebody", .kind = ITEM_KIND_TRACK,
	    .price_minor = price_minor };
	struct item item = { 0 };
	struct uuid id;

	assert_int_equal(fixture_run(fixture, write_item, &in, &item),
	    ERR_OK);
	id = item.id;
	item_clear(&item);
	return id;
}

static enum err
write_record(struct shop_transaction *tx, const void *in, void *out)
{
	return publish_record(tx, in, out);
}

enum err
fixture_upload(struct fixture *fixture, const struct uuid *item,
    const char *name, const char *content)
{
	struct version_upload in = { .item = *item, .name = name,
	    .media_type = "audio/ogg", .size = (int64_t)strlen(content) };
	struct version_record record = { 0 };
	struct version_plan plan;
	uint8_t object[32];
	enum err e;

	e = publish_begin(fixture->shop, item, name, in.media_type, &plan);
	if (e)
		return e;
	in.version_id = plan.version_id;
	memcpy(in.master_key, plan.master_key, sizeof(in.master_key));
	in.sealed_size = (int64_t)sealed_size((uint64_t)in.size);
	assert_int_equal(EVP_Digest(content, strlen(content), in.plain_hash,
	    NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_Digest(plan.identity, sizeof(plan.identity),
	    object, NULL, EVP_sha256(), NULL), 1);
	hex_encode(in.object, object, sizeof(object));
	e = fixture_run(fixture, write_record, &in, &record);
	file_clear(&record.file);
	return e;
}

static enum err
write_stored(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return push_stored(tx, *(const int64_t *)in);
}

void
fixture_store_all(struct fixture *fixture)
{
	struct push pushes[64];
	size_t count = 0;

	assert_int_equal(push_list(fixture->shop, PUSH_STORE, pushes, 64,
	    &count), ERR_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(fixture_run(fixture, write_stored,
		    &pushes[i].version, NULL), ERR_OK);
}

static enum err
write_publish(struct shop_transaction *tx, const void *in, void *out)
{
	struct item_obstacles obstacles = { 0 };
	enum err e = item_publish(tx, in, out, &obstacles);

	item_obstacles_clear(&obstacles);
	return e;
}

enum err
fixture_publish(struct fixture *fixture, const struct uuid *item)
{
	struct item out = { 0 };
	enum err e = fixture_run(fixture, write_publish, item, &out);

	item_clear(&out);
	return e;
}

struct change {
	const struct uuid *item;
	struct item_fields fields;
	struct item_obstacles *obstacles;
};

static enum err
write_change(struct shop_transaction *tx, const void *in, void *out)
{
	const struct change *change = in;

	return item_change(tx, change->item, &change->fields, out,
	    change->obstacles);
}

enum err
fixture_change(struct fixture *fixture, const struct uuid *item,
    const struct item_fields *fields, struct item_obstacles *obstacles)
{
	struct item_obstacles mine = { 0 };
	const struct change in = { .item = item, .fields = *fields,
	    .obstacles = obstacles == NULL ? &mine : obstacles };
	struct item out = { 0 };
	enum err e = fixture_run(fixture, write_change, &in, &out);

	item_clear(&out);
	item_obstacles_clear(&mine);
	return e;
}

enum err
fixture_contain(struct fixture *fixture, const struct uuid *container,
    const struct uuid *items, size_t count)
{
	const struct item_fields fields = { .given = ITEM_CONTAINS,
	    .contains = items, .contains_count = count };

	return fixture_change(fixture, container, &fields, NULL);
}

struct uuid
fixture_album_on_sale(struct fixture *fixture, int64_t price_minor,
    const struct uuid *items, size_t count)
{
	struct uuid album = fixture_item(fixture, "album", price_minor);

	assert_int_equal(fixture_contain(fixture, &album, items, count),
	    ERR_OK);
	assert_int_equal(fixture_publish(fixture, &album), ERR_OK);
	return album;
}

static enum err
write_withdraw(struct shop_transaction *tx, const void *in, void *out)
{
	return item_withdraw(tx, in, out);
}

enum err
fixture_withdraw(struct fixture *fixture, const struct uuid *item)
{
	struct item out = { 0 };
	enum err e = fixture_run(fixture, write_withdraw, item, &out);

	item_clear(&out);
	return e;
}

struct named_file {
	const struct uuid *item;
	const char *name;
};

static enum err
write_remove_file(struct shop_transaction *tx, const void *in, void *out)
{
	const struct named_file *file = in;

	(void)out;
	return publish_file_remove(tx, file->item, file->name);
}

enum err
fixture_remove_file(struct fixture *fixture, const struct uuid *item,
    const char *name)
{
	const struct named_file in = { item, name };

	return fixture_run(fixture, write_remove_file, &in, NULL);
}

struct uuid
fixture_item_on_sale(struct fixture *fixture, const char *title,
    int64_t price_minor)
{
	struct uuid item = fixture_item(fixture, title, price_minor);
	char name[128];

	(void)snprintf(name, sizeof(name), "%s.ogg", title);
	assert_int_equal(fixture_upload(fixture, &item, name, title),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_publish(fixture, &item), ERR_OK);
	return item;
}

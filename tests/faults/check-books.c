/* check-books STATE [MARKS]: are the books of a shop as they must be, and is
 * all there that was acknowledged?  Knows the schema and nothing of commerced.
 * Opening the database is what recovers it after a crash.  Prints what is
 * wrong; status 0 when nothing is.
 *
 * MARKS is a file of lines; each says what the shop had answered:
 *
 *	registered E-MAIL
 *	issued COUNT		gift codes so far
 *	redeemed E-MAIL COUNT	codes so far
 *	uploaded COUNT		versions so far
 *	paying KEY		asked, not yet answered
 *	paid KEY
 *
 * The sealed files of versions that are on this host must be whole.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_BYTES 32

/*
 * What accounts are due: account, item, source, purchase.  Lines paid and not
 * refunded; of gifts and fulfilments claimed, what was not owned already.
 */
#define DUE \
	"SELECT p.account, l.item, 1, p.id FROM purchase AS p" \
	" JOIN account AS a ON a.id = p.account" \
	" JOIN purchase_line AS l ON l.purchase = p.id" \
	" WHERE p.is_gift = 0 AND l.status = 0 UNION ALL" \
	" SELECT c.claimed_by, i.item, c.kind, c.purchase FROM claim AS c" \
	" JOIN account AS a ON a.id = c.claimed_by" \
	" JOIN claim_item AS i ON i.claim = c.id AND i.granted = 1" \
	" WHERE NOT EXISTS (SELECT 1 FROM purchase_line AS l" \
	" WHERE l.purchase = c.purchase AND l.item = i.item" \
	" AND l.status <> 0)"

/* Each finds rows only where something is wrong. */
static const struct {
	const char *what;
	const char *sql;
} rules[] = {
	{ "integrity", "SELECT * FROM pragma_integrity_check"
	    " WHERE integrity_check <> 'ok'" },
	{ "foreign keys", "SELECT \"table\" FROM pragma_foreign_key_check" },
	{ "a balance is not what the ledger says",
	    "SELECT a.id FROM ledger_account AS a WHERE a.kind = 3 AND"
	    " a.balance IS NOT"
	    " (SELECT coalesce(sum(amount), 0) FROM transfer"
	    " WHERE credit_account = a.id) -"
	    " (SELECT coalesce(sum(amount), 0) FROM transfer"
	    " WHERE debit_account = a.id)" },
	{ "a receipt number is missing",
	    "SELECT count(*) FROM purchase HAVING count(*) <> max(id)" },
	{ "a total is not that of its lines",
	    "SELECT p.id FROM purchase AS p WHERE p.total IS NOT"
	    " (SELECT sum(price - deducted) FROM purchase_line"
	    " WHERE purchase = p.id)" },
	{ "a purchase is not paid once",
	    "SELECT p.id FROM purchase AS p WHERE p.total IS NOT"
	    " (SELECT coalesce(sum(amount), 0) FROM transfer"
	    " WHERE kind = 2 AND reference = p.id)"
	    " OR (SELECT count(*) FROM transfer"
	    " WHERE kind = 2 AND reference = p.id) > 1" },
	{ "what was paid or claimed gives nothing",
	    DUE " EXCEPT SELECT account, item, source, purchase"
	    " FROM entitlement" },
	{ "something is owned that nobody paid or claimed",
	    "SELECT account, item, source, purchase FROM entitlement"
	    " EXCEPT SELECT * FROM (" DUE ")" },
	{ "an album does not give what it contains",
	    "SELECT a.container FROM (SELECT container, item, until_sequence"
	    " FROM item_content UNION SELECT above.container, below.item,"
	    " min(above.until_sequence, below.until_sequence)"
	    " FROM item_content AS above JOIN item_content AS below"
	    " ON below.container = above.item"
	    " WHERE below.item <> above.container) AS a"
	    " LEFT JOIN item_inside AS i ON i.container = a.container"
	    " AND i.item = a.item WHERE i.until_sequence IS NULL"
	    " OR i.until_sequence < a.until_sequence" },
	{ "a deduction is not what the line says",
	    "SELECT l.purchase FROM purchase_line AS l WHERE l.deducted <>"
	    " (SELECT coalesce(sum(amount), 0) FROM deduction AS d"
	    " WHERE d.purchase = l.purchase AND d.position = l.position)" },
	{ "what was deducted was paid back",
	    "SELECT d.paid_purchase FROM deduction AS d"
	    " JOIN purchase_line AS l ON l.purchase = d.purchase"
	    " AND l.position = d.position JOIN purchase_line AS paid"
	    " ON paid.purchase = d.paid_purchase"
	    " AND paid.position = d.paid_position"
	    " WHERE l.status = 0 AND paid.status <> 0" },
	{ "a refund is not paid back once",
	    "SELECT r.id FROM refund AS r JOIN purchase AS p"
	    " ON p.id = r.purchase WHERE r.amount IS NOT"
	    " (SELECT sum(price - deducted) FROM purchase_line"
	    " WHERE purchase = p.id AND refund = r.id AND status = 2)"
	    " OR (r.amount > 0) <> (SELECT count(*) FROM transfer"
	    " WHERE kind = 3 AND reference = r.id AND amount = r.amount"
	    " AND credit_account = p.account)" },
	{ "a line is refunded without a refund",
	    "SELECT purchase FROM purchase_line"
	    " WHERE (status = 2) <> (refund IS NOT NULL)" },
	{ "a receipt has no seller, or a gift no code",
	    "SELECT p.id FROM purchase AS p WHERE p.seller IS NULL"
	    " OR p.is_gift <> (SELECT count(*) FROM claim"
	    " WHERE purchase = p.id)" },
	{ "a key names no purchase of its account",
	    "SELECT key FROM purchase_key AS k WHERE NOT EXISTS"
	    " (SELECT 1 FROM purchase AS p WHERE p.id = k.purchase"
	    " AND p.account = k.account)" },
	{ "a redeemed code was not credited once",
	    "SELECT c.id FROM gift_code AS c"
	    " JOIN gift_batch AS b ON b.id = c.batch"
	    " WHERE (SELECT count(*) FROM transfer WHERE kind = 1"
	    " AND reference = c.id AND credit_account IS c.redeemed_by"
	    " AND amount = b.amount) <> (c.redeemed_by IS NOT NULL)" },
	{ "a credit has no code",
	    "SELECT t.id FROM transfer AS t WHERE t.kind = 1 AND"
	    " NOT EXISTS (SELECT 1 FROM gift_code AS c"
	    " WHERE c.id = t.reference AND c.redeemed_by = t.credit_account)"
	},
};

/* What was answered, by the word of its mark; finds a row when it is there. */
static const struct {
	const char *word;
	const char *sql;
} promises[] = {
	{ "registered", "SELECT 1 FROM account WHERE email = ?1" },
	{ "issued", "SELECT 1 WHERE"
	    " (SELECT count(*) FROM gift_code) >= CAST(?1 AS INTEGER)" },
	{ "redeemed", "SELECT 1 FROM account AS a WHERE a.email = ?1 AND"
	    " (SELECT count(*) FROM gift_code WHERE redeemed_by = a.id)"
	    " >= CAST(?2 AS INTEGER)" },
	{ "uploaded", "SELECT 1 WHERE"
	    " (SELECT count(*) FROM version) >= CAST(?1 AS INTEGER)" },
	{ "paying", "INSERT INTO temp.asked VALUES (?1) RETURNING 1" },
	{ "paid", "SELECT 1 FROM purchase_key WHERE key = ?1" },
};

static sqlite3 *db;
static int wrong;

_Noreturn static void
give_up(const char *what)
{
	printf("%s: %s\n", what, db == NULL ? "" : sqlite3_errmsg(db));
	exit(2);
}

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		give_up(sql);
	return statement;
}

static bool
step(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		give_up(sqlite3_sql(statement));
	return rc == SQLITE_ROW;
}

static void
complain(const char *what, const char *about)
{
	printf("%s: %s\n", what, about);
	wrong++;
}

static void
check_rules(void)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		sqlite3_stmt *statement = prepare(rules[i].sql);

		while (step(statement))
			complain(rules[i].what, (const char *)
			    sqlite3_column_text(statement, 0));
		sqlite3_finalize(statement);
	}
}

/* --- marks ---------------------------------------------------------------- */

static void
check_promise(char *line)
{
	char *state = NULL, *words[3] = { NULL };
	sqlite3_stmt *statement;
	size_t kind = 0;

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 3; i++)
		words[i] = strtok_r(i == 0 ? line : NULL, " ", &state);
	while (kind < sizeof(promises) / sizeof(promises[0]) &&
	    (words[0] == NULL || strcmp(words[0], promises[kind].word) != 0))
		kind++;
	if (kind == sizeof(promises) / sizeof(promises[0]))
		give_up("not a mark for the books");
	statement = prepare(promises[kind].sql);
	for (int i = 1; i < 3 && words[i] != NULL; i++)
		sqlite3_bind_text(statement, i, words[i], -1, SQLITE_STATIC);
	if (!step(statement))
		complain(words[0], words[1]);
	sqlite3_finalize(statement);
}

static void
check_promises(const char *path)
{
	FILE *marks = fopen(path, "r");
	sqlite3_stmt *statement;
	char line[512];

	if (marks == NULL)
		give_up(path);
	statement = prepare("CREATE TABLE temp.asked (key TEXT)");
	step(statement);
	sqlite3_finalize(statement);
	while (fgets(line, sizeof(line), marks) != NULL)
		check_promise(line);
	fclose(marks);
	statement = prepare("SELECT key FROM purchase_key"
	    " WHERE key NOT IN (SELECT key FROM temp.asked)");
	while (step(statement))
		complain("nobody asked for the purchase",
		    (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
}

/* --- sealed files --------------------------------------------------------- */

static bool
is_whole(int file, const uint8_t *object)
{
	uint8_t buffer[65536], digest[OBJECT_BYTES];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	ssize_t size;

	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		give_up("no memory");
	while ((size = read(file, buffer, sizeof(buffer))) > 0)
		EVP_DigestUpdate(hash, buffer, (size_t)size);
	EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
	return memcmp(digest, object, OBJECT_BYTES) == 0;
}

static void
check_files(const char *state)
{
	sqlite3_stmt *statement = prepare("SELECT object, lower(hex(object))"
	    " FROM version WHERE local = 1 AND state IN (0, 1)");
	char path[4096];
	int file;

	while (step(statement)) {
		const char *name = (const char *)sqlite3_column_text(statement,
		    1);

		snprintf(path, sizeof(path), "%s/sealed/%.2s/%s", state, name,
		    name);
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file == -1) {
			complain("a sealed file is missing", name);
			continue;
		}
		if (!is_whole(file, sqlite3_column_blob(statement, 0)))
			complain("a sealed file is not whole", name);
		close(file);
	}
	sqlite3_finalize(statement);
}

/* With all tables that the rules name: migration 4 makes the last of them. */
static bool
has_books(void)
{
	sqlite3_stmt *statement = prepare("SELECT 1 FROM pragma_user_version"
	    " WHERE user_version >= 4");
	bool has = step(statement);

	sqlite3_finalize(statement);
	return has;
}

static bool
is_empty(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_size == 0;
}

int
main(int argc, char *argv[])
{
	char path[4096];

	if (argc < 2)
		give_up("usage: check-books STATE [MARKS]");
	snprintf(path, sizeof(path), "%s/counterfoil.db", argv[1]);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		give_up(path);
	sqlite3_busy_timeout(db, 10000);
	/* The log stays as it is for the next who looks. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	/* Before the last migration nothing can have been promised. */
	if (has_books()) {
		check_rules();
		check_files(argv[1]);
		if (argc > 2)
			check_promises(argv[2]);
	} else if (argc > 2 && !is_empty(argv[2])) {
		complain("there are no books", argv[1]);
	}
	sqlite3_close(db);
	return wrong == 0 ? 0 : 1;
}

/* What the shop keeps, as plain structs: what the rules (shop/) fill, the
 * handlers (http/) answer from, and the database (db/) reads and writes.
 * No behaviour beyond names, limits and giving memory back.
 *
 * Strings are UTF-8 and owned by the struct that holds them; each
 * x_clear() frees them and leaves the struct all zero.  Money is int64_t in
 * minor units of the shop's one currency.  Times are Unix milliseconds.
 */
#ifndef COMMERCED_MODEL_H
#define COMMERCED_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/token.h"
#include "common/uuid.h"

#define MONEY_MAX INT64_C(1000000000000)	/* of any amount and balance */
#define CURRENCY_SIZE 4				/* "EUR" and a NUL */
#define EMAIL_MAX 254
#define SESSION_TOKEN_LENGTH 43			/* base64url of 32 bytes */
#define IDEMPOTENCY_KEY_MAX 64
#define GRANT_SEED_BYTES 16
#define REQUEST_HASH_BYTES 32			/* SHA-256 */
#define MEDIA_TYPE_MAX 127
#define MASTER_KEY_ID_SIZE 33
#define DATE_SIZE 11				/* 2026-11-22 and a NUL */

/* X(name, text) in the order of the numbers that the database holds. */
#define ITEM_KINDS(X) X(TRACK, "track") X(ALBUM, "album") X(VIDEO, "video") \
	X(BOOK, "book") X(AUDIOBOOK, "audiobook") X(SOFTWARE, "software") \
	X(BUNDLE, "bundle") X(OTHER, "other")
#define ITEM_STATES(X) X(DRAFT, "draft") X(PUBLISHED, "published") \
	X(WITHDRAWN, "withdrawn")
#define VERSION_STATES(X) X(PENDING, "pending") X(STORED, "stored") \
	X(DELETING, "deleting") X(DELETED, "deleted")
#define PURCHASE_STATUSES(X) X(PAID, "paid") \
	X(PART_REFUNDED, "part-refunded") X(REFUNDED, "refunded")

#define MODEL_ENUM_ITEM_KIND(name, text) ITEM_KIND_##name,
#define MODEL_ENUM_ITEM_STATE(name, text) ITEM_##name,
#define MODEL_ENUM_VERSION_STATE(name, text) VERSION_##name,
#define MODEL_ENUM_PURCHASE_STATUS(name, text) PURCHASE_##name,
enum item_kind { ITEM_KINDS(MODEL_ENUM_ITEM_KIND) ITEM_KIND__COUNT };
enum item_state { ITEM_STATES(MODEL_ENUM_ITEM_STATE) ITEM_STATE__COUNT };
enum version_state { VERSION_STATES(MODEL_ENUM_VERSION_STATE)
	VERSION_STATE__COUNT };
enum purchase_status { PURCHASE_STATUSES(MODEL_ENUM_PURCHASE_STATUS)
	PURCHASE_STATUS__COUNT };

/* The words of api.md; static. */
const char *item_kind_text(enum item_kind kind);
const char *item_state_text(enum item_state state);
const char *version_state_text(enum version_state state);
const char *purchase_status_text(enum purchase_status status);
/* ERR_OUT_OF_RANGE when text is no kind. */
enum err item_kind_parse(const char *text, enum item_kind *kind);

/*
 * The tax that an amount contains at a rate in hundredths of a percent, to
 * the nearest minor unit, halves up.
 */
int64_t tax_contained(int64_t amount_minor, int64_t rate);

struct account {
	int64_t number;		/* inside: of the books and all other tables */
	struct uuid id;		/* outside */
	char email[EMAIL_MAX + 1];
	int64_t balance_minor;
	int64_t created_ms;
};

struct session {
	int64_t number;
	struct uuid id;
	int64_t account;	/* its number */
	int64_t created_ms;
	int64_t used_ms;	/* to the hour */
	int64_t expires_ms;
};

/* A file of an item with the version that the reader may have. */
struct file {
	int64_t number;
	struct uuid id;
	struct uuid item;
	char *name;
	char *media_type;
	int64_t version;	/* from 1; 0: none yet, and all below is zero */
	struct uuid version_id;
	enum version_state state;
	int64_t size, duration_ms;	/* of the plaintext; 0: not known */
	int64_t sealed_size;
	char object[OBJECT_ID_LENGTH + 1];
	char master_key[MASTER_KEY_ID_SIZE];	/* id, not the key */
};

struct file_list {
	struct file *files;
	size_t count;
};

struct item {
	int64_t number;
	struct uuid id;
	enum item_kind kind;
	enum item_state state;
	char *title;
	char *creator;
	char *genre, *description;	/* NULL: none */
	char released[DATE_SIZE];	/* "": unknown */
	int64_t price_minor;
	int64_t created_ms;
	int64_t published_ms;	/* of the first time; 0: never */
	unsigned pictures;	/* 1 << each picture_kind that it has */
	bool owned;		/* by the account that asks */
	struct file_list files;	/* in the order they were first added */
	struct uuid *contains;	/* items, in the album's order */
	size_t contains_count;
};

struct item_list {
	struct item *items;
	size_t count;
	char *next;		/* cursor of the next page; NULL: the end */
};

/* What items have in common: values, the most frequent first. */
enum facet { FACET_KIND, FACET_CREATOR, FACET_GENRE, FACET__COUNT };

struct facet_list {
	struct facet_value {
		char *value;
		int64_t count;		/* of items */
	} *values;
	size_t count;
};

struct facets {
	struct facet_list lists[FACET__COUNT];
};

struct purchase_line {
	struct uuid item;
	char *title;		/* as it was when sold */
	int64_t price_minor;
	int64_t deducted_minor;
	int64_t tax_minor;	/* contained in what it cost */
	enum purchase_status status;	/* PAID or REFUNDED */
};

/* Who sells, as receipts tell it. */
struct seller {
	int64_t number;
	char *legal_name;
	char *tax_id;		/* NULL: none */
	int64_t tax_rate;	/* in hundredths of a percent */
};

struct purchase {
	int64_t number;		/* of the receipt: 1, 2, 3, ... without gaps */
	struct uuid id;
	int64_t account;
	enum purchase_status status;
	int64_t created_ms;
	int64_t total_minor;
	int64_t tax_minor;	/* the sum of the lines' */
	int64_t refunded_minor;	/* likewise, of those refunded */
	bool is_gift;		/* for somebody else */
	struct seller seller;
	struct purchase_line *lines;
	size_t line_count;
};

/* Money back for lines of a purchase. */
struct refund {
	int64_t number;
	struct uuid id;
	int64_t purchase;	/* its number */
	int64_t amount_minor;
	char *reason;
	int64_t created_ms;
	struct uuid *items;	/* of the lines */
	size_t item_count;
};

/* The books row by row, for the shop's people. */
enum report_kind { REPORT_PURCHASES, REPORT_ACCOUNTS, REPORT_LEDGER,
	REPORT_SALES_BY_DAY, REPORT_SALES_BY_ITEM, REPORT__COUNT };

enum report_cell_kind { CELL_TEXT, CELL_ID, CELL_NUMBER, CELL_BOOLEAN,
	CELL_MONEY, CELL_TIME };

struct report_column {
	const char *name;
	enum report_cell_kind kind;
};

struct report_cell {
	bool is_null;
	int64_t number;		/* all kinds but TEXT and ID */
	struct uuid id;
	char *text;
};

struct report {
	const struct report_column *columns;	/* borrowed, for ever */
	size_t column_count;
	struct report_cell **rows;	/* each of column_count */
	size_t row_count;
	char *next;
};

struct purchase_list {
	struct purchase *purchases;
	size_t count;
	char *next;
};

struct library_entry {
	struct file file;	/* with its newest stored version */
	int64_t bought_version;	/* newest stored when bought; for a file that
				 * came later, its first */
	int64_t bought_ms;
	int64_t completed_ms;	/* of that newest version; 0: not completed */
};

struct library_list {
	struct library_entry *entries;
	size_t count;
	char *next;
};

#define PERSON_SESSIONS_MAX 20

/* What an account owns, and how it came to it. */
struct owned_item {
	struct uuid item;
	char *title;
	int64_t source;		/* as of the database: see entitlement */
	int64_t since_ms;
};

struct person_transfer {
	int64_t at_ms;
	int64_t kind;		/* as of the database: see transfer */
	int64_t amount_minor;	/* negative: it went */
};

/* A claim code that was taken. */
struct person_claim {
	int64_t source;		/* as owned_item */
	char *reference;	/* of the other shop; NULL: none */
	int64_t claimed_ms;
};

struct person_refund {
	int64_t purchase;	/* the receipt's number */
	int64_t amount_minor;
	char *reason;
	int64_t at_ms;
};

/* Everything that is held about the person of an account. */
struct person {
	struct account account;
	struct session sessions[PERSON_SESSIONS_MAX];
	size_t session_count;
	struct purchase_list purchases;
	struct library_list library;
	struct owned_item *owned;
	size_t owned_count;
	struct person_transfer *transfers;
	size_t transfer_count;
	struct person_claim *claims;
	size_t claim_count;
	struct person_refund *refunds;
	size_t refund_count;
	char **keys;		/* idempotency keys of the purchases */
	size_t key_count;
	int64_t reset_expires_ms;	/* 0: no reset code is out */
};

/* NULL members and structs that are all zero are allowed. */
void file_clear(struct file *file);
void file_list_clear(struct file_list *list);
void item_clear(struct item *item);
void item_list_clear(struct item_list *list);
void facets_clear(struct facets *facets);
void seller_clear(struct seller *seller);
void purchase_clear(struct purchase *purchase);
void refund_clear(struct refund *refund);
void report_clear(struct report *report);
void purchase_list_clear(struct purchase_list *list);
void library_list_clear(struct library_list *list);
void person_clear(struct person *person);

#endif

/* Making the search index, and keeping it as the books are. */
#include <stdlib.h>
#include <string.h>

#include "commerced/db/query.h"
#include "commerced/db/rows.h"
#include "commerced/db/search.h"
#include "commerced/db/search_score.h"

#define SEARCH_FORMAT 2
#define PLACE_STEP 64		/* room beside the old place, for changes */

/*
 * item_search keeps words alone: what an entry was found by before it changed
 * stays there without an entry, and is passed over until all is made anew.
 * Its last column is a word for the kind, which nobody can type.
 * item_word: the words in item_search in their order, a row for each place.
 * place: the row in item_search.  sold: when the index was made; that and the
 * item's number are the order of the places.  is_counted: it is for sale and
 * counted in facet, which has '' for items without a genre.
 */
static const char search_schema[] =
    "CREATE VIRTUAL TABLE item_search USING fts5 ("
    " title, creator, genre, description, kind, content = '',"
    " columnsize = 0, prefix = '1 2 3',"
    " tokenize = 'unicode61 remove_diacritics 2');"
    "INSERT INTO item_search (item_search, rank) VALUES ('hashsize',"
    " 16777216);"
    "CREATE VIRTUAL TABLE item_word USING fts5vocab (item_search, instance);"
    "CREATE TABLE entry ("
    " place INTEGER PRIMARY KEY,"
    " item INTEGER NOT NULL UNIQUE,"
    " sold INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,"
    " price INTEGER NOT NULL,"
    " published_ms INTEGER NOT NULL,"
    " is_counted INTEGER NOT NULL,"
    " text_hash INTEGER NOT NULL,"
    " released TEXT,"
    " title TEXT NOT NULL COLLATE NOCASE,"
    " creator TEXT NOT NULL COLLATE NOCASE,"
    " genre TEXT COLLATE NOCASE) STRICT;"
    "CREATE TABLE facet ("
    " kind INTEGER NOT NULL,"
    " creator TEXT NOT NULL COLLATE NOCASE,"
    " genre TEXT NOT NULL COLLATE NOCASE,"
    " n INTEGER NOT NULL,"
    " PRIMARY KEY (kind, creator, genre)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE state ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " era BLOB NOT NULL, next_era BLOB NOT NULL,"
    " change INTEGER NOT NULL, day TEXT NOT NULL) STRICT;"
    "PRAGMA application_id = 1128680534;"
    "PRAGMA user_version = 2;";

/* Made when all entries are there. */
static const char search_indexes[] =
    "CREATE INDEX entry_by_sold ON entry (sold, item);"
    "CREATE INDEX entry_due ON entry (released)"
    " WHERE state = 1 AND is_counted = 0;"
    "INSERT INTO item_search (item_search, rank) VALUES ('hashsize',"
    " 1048576);";

static enum err
db_search_run(struct db *index, const char *sql)
{
	int rc = sqlite3_exec(index->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : query_error(index, rc, "search");
}

enum err
db_search_create(struct db *index)
{
	return db_search_run(index, search_schema);
}

enum err
db_search_finish(struct db *index, const struct search_state *state)
{
	struct query query;
	enum err e;

	e = db_search_run(index, search_indexes);
	if (!e) {
		query_begin(&query, index, STMT_FACET_MAKE);
		e = query_run(&query);
	}
	if (!e) {
		query_begin(&query, index, STMT_SEARCH_MERGE);
		e = query_run(&query);
	}
	return e ? e : db_search_state_set(index, state);
}

enum err
db_search_state_get(struct db *index, struct search_state *out)
{
	struct query query;
	int64_t format = 0;
	bool found = false;
	enum err e;

	query_begin(&query, index, STMT_SCHEMA_VERSION);
	if (query_next(&query))
		format = row_int(&query);
	e = query_end(&query);
	if (e || format != SEARCH_FORMAT)
		return e ? e : ERR_DB;
	query_begin(&query, index, STMT_SEARCH_STATE_GET);
	if (query_next(&query)) {
		row_bytes(&query, out->era, SEARCH_ERA_BYTES);
		row_bytes(&query, out->next_era, SEARCH_ERA_BYTES);
		out->change = row_int(&query);
		row_text_into(&query, out->day, sizeof(out->day));
		found = true;
	}
	e = query_end(&query);
	return e || found ? e : ERR_DB;
}

enum err
db_search_state_set(struct db *index, const struct search_state *state)
{
	struct query query;

	query_begin(&query, index, STMT_SEARCH_STATE_SET);
	query_bytes(&query, state->era, SEARCH_ERA_BYTES);
	query_bytes(&query, state->next_era, SEARCH_ERA_BYTES);
	query_int(&query, state->change);
	query_text(&query, state->day);
	return query_run(&query);
}

/* FNV-1a over all that item_search has words of, and the ends between. */
static int64_t
entry_text_hash(const struct item *item)
{
	const char *const texts[] = { item->title, item->creator, item->genre,
	    item->description, item_kind_text(item->kind) };
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = texts[i] == NULL ? "" : texts[i];

		do {
			hash ^= (unsigned char)*text;
			hash *= UINT64_C(1099511628211);
		} while (*text++ != '\0');
	}
	return (int64_t)(hash >> 1);
}

static enum err
entry_add_words(struct db *index, int64_t place, const struct item *item)
{
	char kind[] = SEARCH_KIND_MARK "a";
	struct query query;

	kind[sizeof(kind) - 2] = (char)('a' + (int)item->kind);
	query_begin(&query, index, STMT_SEARCH_WORDS_ADD);
	query_int(&query, place);
	query_text(&query, item->title);
	query_text(&query, item->creator);
	query_text(&query, item->genre);
	query_text(&query, item->description);
	query_text(&query, kind);
	return query_run(&query);
}

static bool
entry_is_for_sale(const struct item *item, const char *today)
{
	return item->state == ITEM_PUBLISHED &&
	    strcmp(item->released, today) <= 0;
}

static enum err
entry_add(struct db *index, const struct item *item, const int64_t at[2],
    const char *today)
{
	struct query query;

	query_begin(&query, index, STMT_ENTRY_ADD);
	query_int(&query, at[0]);
	query_int(&query, at[1]);
	query_int(&query, item->number);
	query_int(&query, item->state);
	query_int(&query, item->kind);
	query_int(&query, item->price_minor);
	query_int(&query, item->published_ms);
	query_text(&query, item->released[0] == '\0' ? NULL : item->released);
	query_text(&query, item->title);
	query_text(&query, item->creator);
	query_text(&query, item->genre);
	query_int(&query, entry_text_hash(item));
	query_int(&query, entry_is_for_sale(item, today));
	return query_run(&query);
}

static enum err
entry_last_place(struct db *index, int64_t *place)
{
	struct query query;

	query_begin(&query, index, STMT_ENTRY_LAST);
	*place = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

/* The next place that begins a step. */
static int64_t
entry_step_after(int64_t place)
{
	return (place / PLACE_STEP + 1) * PLACE_STEP;
}

enum err
db_search_append(struct db *index, const struct item *item, int64_t sold,
    const char *today)
{
	int64_t at[2] = { 0, sold };
	enum err e;

	e = entry_last_place(index, &at[0]);
	at[0] = entry_step_after(at[0]);
	if (!e)
		e = entry_add_words(index, at[0], item);
	return e ? e : entry_add(index, item, at, today);
}

/* --- changes -------------------------------------------------------------- */

/* An entry as it stands; the texts are its own. */
struct entry {
	int64_t place, sold;
	int64_t text_hash;
	bool is_counted;
	int64_t kind;
	char *creator;
	char *genre;
};

static void
entry_clear(struct entry *entry)
{
	free(entry->creator);
	free(entry->genre);
}

/* entry->place stays 0 where there is none. */
static enum err
entry_get(struct db *index, int64_t item, struct entry *entry)
{
	struct query query;

	query_begin(&query, index, STMT_ENTRY_GET);
	query_int(&query, item);
	if (query_next(&query)) {
		entry->place = row_int(&query);
		entry->sold = row_int(&query);
		entry->text_hash = row_int(&query);
		entry->is_counted = row_int(&query) != 0;
		entry->kind = row_int(&query);
		entry->creator = row_text(&query);
		entry->genre = row_text(&query);
	}
	return query_end(&query);
}

static enum err
facet_forget(struct db *index, const struct entry *entry)
{
	struct query query;

	query_begin(&query, index, STMT_FACET_FORGET);
	query_int(&query, entry->kind);
	query_text(&query, entry->creator);
	query_text(&query, entry->genre);
	return query_run(&query);
}

static enum err
facet_count(struct db *index, const struct entry *entry, int64_t by)
{
	struct query query;
	enum err e;

	query_begin(&query, index, STMT_FACET_CHANGE);
	query_int(&query, entry->kind);
	query_text(&query, entry->creator);
	query_text(&query, entry->genre);
	query_int(&query, by);
	e = query_run(&query);
	return e || by > 0 ? e : facet_forget(index, entry);
}

static enum err
entry_by_place(struct db *index, enum statement number, int64_t place)
{
	struct query query;

	query_begin(&query, index, number);
	query_int(&query, place);
	return query_run(&query);
}

/*
 * Other words take another place, since the old ones stay at theirs: the next
 * in the same step, or behind all.  That a place in the step is free says only
 * that no entry stands there: none but this one's words ever did, and those
 * were at places before.
 */
static enum err
entry_move(struct db *index, int64_t *place, bool *is_crowded)
{
	enum err e;

	if ((*place + 1) % PLACE_STEP != 0) {
		(*place)++;
		return ERR_OK;
	}
	*is_crowded = true;
	e = entry_last_place(index, place);
	*place = entry_step_after(*place);
	return e;
}

/* Where the item goes, whose entry old has been removed, if there was one. */
static enum err
entry_put(struct db *index, const struct item *item,
    const struct entry *old, const int64_t at[2], const char *today)
{
	const struct entry fresh = { .kind = (int64_t)item->kind,
	    .creator = item->creator, .genre = item->genre };
	enum err e = ERR_OK;

	if (old->place != at[0])
		e = entry_add_words(index, at[0], item);
	if (!e)
		e = entry_add(index, item, at, today);
	if (!e && old->is_counted)
		e = facet_count(index, old, -1);
	if (!e && entry_is_for_sale(item, today))
		e = facet_count(index, &fresh, 1);
	return e;
}

enum err
db_search_put(struct db *index, const struct item *item, const char *today,
    bool *is_crowded)
{
	struct entry old = { 0 };
	int64_t at[2] = { 0, 0 };
	enum err e;

	e = entry_get(index, item->number, &old);
	if (e)
		goto out;
	at[0] = old.place;
	at[1] = old.sold;
	if (old.place == 0) {
		e = entry_last_place(index, &at[0]);
		at[0] = entry_step_after(at[0]);
	} else if (old.text_hash != entry_text_hash(item)) {
		e = entry_move(index, &at[0], is_crowded);
	}
	if (!e && old.place != 0)
		e = entry_by_place(index, STMT_ENTRY_REMOVE, old.place);
	if (!e)
		e = entry_put(index, item, &old, at, today);
out:
	entry_clear(&old);
	return e;
}

/* The next one that is due, counted; *found is false when there is none. */
static enum err
entry_release(struct db *index, const char *today, bool *found)
{
	struct entry entry = { 0 };
	struct query query;
	enum err e;

	query_begin(&query, index, STMT_ENTRY_DUE);
	query_text(&query, today);
	*found = query_next(&query);
	if (*found) {
		entry.place = row_int(&query);
		entry.kind = row_int(&query);
		entry.creator = row_text(&query);
		entry.genre = row_text(&query);
	}
	e = query_end(&query);
	if (!e && *found)
		e = facet_count(index, &entry, 1);
	if (!e && *found)
		e = entry_by_place(index, STMT_ENTRY_COUNTED, entry.place);
	entry_clear(&entry);
	return e;
}

enum err
db_search_release(struct db *index, const char *today)
{
	bool found = true;
	enum err e = ERR_OK;

	while (!e && found)
		e = entry_release(index, today, &found);
	return e;
}

enum err
db_search_check(struct db *index)
{
	struct query query;
	char text[4] = "";

	query_begin(&query, index, STMT_SEARCH_CHECK);
	if (query_next(&query))
		row_text_into(&query, text, sizeof(text));
	/* Whatever is longer than "ok" says what is damaged. */
	return query_end(&query) == ERR_OK && strcmp(text, "ok") == 0 ?
	    ERR_OK : ERR_DB;
}

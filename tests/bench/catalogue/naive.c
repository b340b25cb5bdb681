/* The obvious way to answer what run.sh asks for, by SQL on the same books,
 * without HTTP and JSON in front: what bench-catalogue stands beside.
 *
 *	naive ROW STATE-FOLDER TARGETS-FILE SECONDS
 *
 *	prefix	all that match a prefix, ordered by rank, 20 of them
 *	browse	pages by OFFSET
 *	item	a connection for each item
 *
 * The line is that of the load client, as far as it applies.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/storage/measure.h"

#define DEPTH 1000		/* pages */

struct naive {
	char books[4096], words[4096];
	sqlite3 *db;		/* NULL: one for each answer */
	sqlite3_stmt *statement;
	char **lines;
	size_t count;
};

static const char prefix_sql[] =
    "SELECT i.* FROM naive n JOIN books.item i ON i.id = n.rowid"
    " WHERE naive MATCH ?1 AND i.state = 1"
    " AND (i.released IS NULL OR i.released <= date('now'))"
    " ORDER BY n.rank LIMIT 20";
static const char browse_sql[] =
    "SELECT * FROM item WHERE state = 1"
    " AND (released IS NULL OR released <= date('now'))"
    " ORDER BY published_ms DESC, id DESC LIMIT 20 OFFSET ?1";
static const char item_sql[] =
    "SELECT i.*, f.*, v.* FROM item i LEFT JOIN file f ON f.item = i.id"
    " LEFT JOIN version v ON v.id = f.stored_version WHERE i.uuid = ?1";

/* The index that an index of words in the books would be. */
static const char words_sql[] =
    "CREATE VIRTUAL TABLE IF NOT EXISTS naive USING fts5 (title, creator,"
    " genre, description, content = '', tokenize ="
    " 'unicode61 remove_diacritics 2');"
    "INSERT INTO naive (rowid, title, creator, genre, description)"
    " SELECT id, title, creator, genre, description FROM books.item"
    " WHERE NOT EXISTS (SELECT 1 FROM naive_docsize);";

static int
naive_open(struct naive *naive, const char *path, const char *sql)
{
	int rc = sqlite3_open(path, &naive->db);

	if (rc == SQLITE_OK && path == naive->words) {
		char *attach = sqlite3_mprintf("ATTACH %Q AS books",
		    naive->books);

		rc = sqlite3_exec(naive->db, attach, NULL, NULL, NULL);
		sqlite3_free(attach);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(naive->db, words_sql, NULL, NULL,
			    NULL);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(naive->db, sql, -1,
		    &naive->statement, NULL);
	if (rc != SQLITE_OK)
		fprintf(stderr, "naive: %s\n", sqlite3_errmsg(naive->db));
	return rc;
}

static void
naive_close(struct naive *naive)
{
	(void)sqlite3_finalize(naive->statement);
	(void)sqlite3_close(naive->db);
	naive->statement = NULL;
	naive->db = NULL;
}

static void
naive_lines_read(struct naive *naive, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (file != NULL && getline(&line, &size, file) > 0) {
		naive->lines = realloc(naive->lines, (naive->count + 1) *
		    sizeof(naive->lines[0]));
		if (naive->lines == NULL)
			abort();
		line[strcspn(line, "\t\n")] = '\0';
		naive->lines[naive->count++] = strdup(line);
	}
	free(line);
	if (file != NULL)
		(void)fclose(file);
}

/* What stands for a percent sign and two digits. */
static void
decode(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		unsigned byte;

		if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
			*out++ = (char)byte;
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static void
bind_uuid(sqlite3_stmt *statement, const char *text)
{
	unsigned char uuid[16];

	for (size_t i = 0; i < sizeof(uuid); text++) {
		unsigned byte;

		if (*text == '-')
			continue;
		if (sscanf(text, "%2x", &byte) != 1)
			abort();
		uuid[i++] = (unsigned char)byte;
		text++;
	}
	(void)sqlite3_bind_blob(statement, 1, uuid, sizeof(uuid),
	    SQLITE_TRANSIENT);
}

static void
naive_bind(struct naive *naive, const char *row, const char *line)
{
	const char *value = row[0] == 'p' ? strchr(line, '=') :
	    strrchr(line, '/');
	char words[512];

	if (row[0] == 'b') {
		(void)sqlite3_bind_int64(naive->statement, 1,
		    20 * (int64_t)(drand48() * DEPTH));
	} else if (row[0] == 'p') {
		(void)snprintf(words, sizeof(words), "\"%s", value + 1);
		words[strcspn(words, "&")] = '\0';
		decode(words);
		(void)strncat(words, "\"*", sizeof(words) - strlen(words) - 1);
		(void)sqlite3_bind_text(naive->statement, 1, words, -1,
		    SQLITE_TRANSIENT);
	} else {
		bind_uuid(naive->statement, value + 1);
	}
}

static bool
naive_answer(struct naive *naive, const char *row, const char *line)
{
	bool is_own = row[0] == 'i';
	int rc;

	if (is_own && naive_open(naive, naive->books, item_sql) != SQLITE_OK)
		return false;
	naive_bind(naive, row, line);
	do {
		rc = sqlite3_step(naive->statement);
	} while (rc == SQLITE_ROW);
	(void)sqlite3_reset(naive->statement);
	if (is_own)
		naive_close(naive);
	return rc == SQLITE_DONE;
}

static bool
naive_run(struct naive *naive, const char *row, double seconds)
{
	static struct histogram latency;
	struct cpu_time before, after;
	uint64_t begin = measure_now_ns(), now = begin, count = 0;
	bool is_good = naive->count > 0 &&
	    measure_cpu_time(getpid(), &before);

	while (is_good && (double)(now - begin) < seconds * 1e9) {
		uint64_t asked = now;

		is_good = naive_answer(naive, row,
		    naive->lines[(size_t)(drand48() *
		    (double)naive->count)]);
		now = measure_now_ns();
		histogram_add(&latency, (now - asked) / 1000);
		count++;
	}
	if (!is_good || !measure_cpu_time(getpid(), &after))
		return false;
	printf("name=naive requests=%" PRIu64 " seconds=%.4f cpu_s=%.6f"
	    " p50_us=%" PRIu64 " p99_us=%" PRIu64 " max_us=%" PRIu64 "\n",
	    count, (double)(now - begin) / 1e9,
	    (double)(after.ran_ns - before.ran_ns) / 1e9,
	    histogram_quantile(&latency, 0.5),
	    histogram_quantile(&latency, 0.99), latency.max_us);
	return true;
}

int
main(int argc, char *argv[])
{
	struct naive naive = { .db = NULL };
	bool is_good = true;

	if (argc != 5)
		return 2;
	(void)snprintf(naive.books, sizeof(naive.books), "%s/counterfoil.db",
	    argv[2]);
	(void)snprintf(naive.words, sizeof(naive.words), "%s/naive.db",
	    argv[2]);
	naive_lines_read(&naive, argv[3]);
	if (argv[1][0] == 'p')
		is_good = naive_open(&naive, naive.words, prefix_sql) ==
		    SQLITE_OK;
	else if (argv[1][0] == 'b')
		is_good = naive_open(&naive, naive.books, browse_sql) ==
		    SQLITE_OK;
	is_good = is_good && naive_run(&naive, argv[1],
	    strtod(argv[4], NULL));
	naive_close(&naive);
	for (size_t i = 0; i < naive.count; i++)
		free(naive.lines[i]);
	free(naive.lines);
	return is_good ? 0 : 1;
}

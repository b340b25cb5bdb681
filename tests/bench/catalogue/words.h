/* Functions for SQL that makes up a large shop: words.c says which. */
#ifndef BENCH_CATALOGUE_WORDS_H
#define BENCH_CATALOGUE_WORDS_H

#include <sqlite3.h>

/* Teach them to a connection; the library's code. */
int words_add(sqlite3 *db);

#endif

/* The migrations of schema/, embedded when the program is built. */
#ifndef COMMERCED_DB_SCHEMA_H
#define COMMERCED_DB_SCHEMA_H

/* Migration N, from 1, is db_migrations[N - 1] and sets user_version to N. */
extern const char *const db_migrations[];
extern const int db_migration_count;

#endif

/* The file of the write-ahead log, as the writer's connection has it. */
#ifndef COMMERCED_DB_LOG_FILE_H
#define COMMERCED_DB_LOG_FILE_H

/*
 * The name of a VFS for sqlite3_open_v2(): the system's, but for the log, of
 * which it holds back what is written until there is a large piece of it.
 * For a connection that syncs the log at each commit and is the only one that
 * writes to it.  NULL: there is none.  Before the first connection, once.
 */
const char *log_file_prepare(void);

#endif

/* Bytes as a file that only we can read, by a path: for what is read once. */
#ifndef TESTS_FUZZ_SUPPORT_MEMORY_H
#define TESTS_FUZZ_SUPPORT_MEMORY_H

#include <stddef.h>

#define MEMORY_PATH_SIZE 40

/* A descriptor to be closed; path names the file until then. */
int memory_file(const void *bytes, size_t size,
    char path[static MEMORY_PATH_SIZE]);

#endif

/* What a fuzz target is, and how it says that a promise was broken. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry: any bytes; always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Abort, which is what fuzzers look for, unless the promise holds. */
#define PROMISE(holds) \
	do { \
		if (!(holds)) { \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
			    __LINE__, #holds); \
			abort(); \
		} \
	} while (0)

/* The bytes as text with a NUL of its own; to be freed. */
static inline char *
fuzz_text(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	for (size_t i = 0; i < size; i++)
		text[i] = (char)bytes[i];
	text[size] = '\0';
	return text;
}

#endif

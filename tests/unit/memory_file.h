/* For unit tests: bytes that grow in memory, as a sink. */
#ifndef TESTS_UNIT_MEMORY_FILE_H
#define TESTS_UNIT_MEMORY_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct memory_file {
	uint8_t *bytes;
	size_t size, capacity;
	size_t refuse_from;	/* not 0: ERR_STORAGE_FULL beyond that size */
};

/* A sealer_sink and opener_sink. */
static inline enum err
memory_file_add(void *context, const uint8_t *bytes, size_t size)
{
	struct memory_file *file = context;

	if (file->refuse_from != 0 && file->size + size > file->refuse_from)
		return ERR_STORAGE_FULL;
	if (file->size + size > file->capacity) {
		file->capacity = (file->size + size) * 2;
		file->bytes = realloc(file->bytes, file->capacity);
		if (file->bytes == NULL)
			abort();
	}
	memcpy(file->bytes + file->size, bytes, size);
	file->size += size;
	return ERR_OK;
}

/* Bytes that differ from chunk to chunk. */
static inline uint8_t *
memory_pattern(size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	uint32_t x = 12345;

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return bytes;
}

#endif

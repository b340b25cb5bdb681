/* For unit tests: tests/vectors/counterfoil-v1.json, from the root of the
 * tree, where the tests run.
 */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VECTORS_PATH "tests/vectors/counterfoil-v1.json"

/* The array of that name, which must hold count vectors; ends the test else. */
static inline json_t *
vectors_load(const char *name, size_t count)
{
	json_error_t error;
	json_t *all = json_load_file(VECTORS_PATH, 0, &error);
	json_t *array = json_incref(json_object_get(all, name));

	json_decref(all);
	if (json_array_size(array) != count) {
		printf("Bail out! %s has not %zu vectors of %s: %s\n",
		    VECTORS_PATH, count, name, error.text);
		exit(1);
	}
	return array;
}

static inline const char *
vector_text(const json_t *vector, const char *member)
{
	const char *text = json_string_value(json_object_get(vector, member));

	if (text == NULL) {
		printf("Bail out! a vector without %s\n", member);
		exit(1);
	}
	return text;
}

static inline uint64_t
vector_number(const json_t *vector, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(vector, member));
}

/* A file of mode 0600 with this text; the path lives until the next call. */
static inline const char *
temporary_file(const char *text)
{
	static char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/counterfoil-unit-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	return path;
}

#endif

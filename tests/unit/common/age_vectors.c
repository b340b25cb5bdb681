/* The CCTV age vectors against our reader: each that concerns X25519, stream
 * or header in the binary form must end as it says, with exactly the content
 * released that it says.  AGE_VECTORS names the folder they were unpacked to
 * (make sets it; tests/tools/unpack-age-vectors.mjs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <openssl/evp.h>

#include "common/encoding.h"
#include "common/sealed_open.h"

#define VECTORS_RUN 67
#define VECTORS_ARMOR 31
#define VECTORS_SCRYPT 26
#define VECTORS_HYBRID 19
#define VECTORS_ALL \
	(VECTORS_RUN + VECTORS_ARMOR + VECTORS_SCRYPT + VECTORS_HYBRID)
#define NAME_SIZE 64

enum kind { KIND_RUN, KIND_ARMOR, KIND_SCRYPT, KIND_HYBRID, KIND__COUNT };

struct vector {
	char *bytes;		/* the file as unpacked */
	size_t size;
	const uint8_t *sealed;	/* after the empty line */
	size_t sealed_size;
};

static char names[VECTORS_ALL + 1][NAME_SIZE];	/* one more shows a surplus */
static size_t name_count;
static const char *folder;

/* --- reading a vector ---------------------------------------------------- */

static void
vector_load(const char *name, struct vector *vector)
{
	char path[4096];
	FILE *file;
	char *end;
	long size;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	vector->size = (size_t)size;
	vector->bytes = malloc(vector->size + 1);
	assert_non_null(vector->bytes);
	assert_int_equal(fread(vector->bytes, 1, vector->size, file),
	    vector->size);
	vector->bytes[vector->size] = '\0';
	fclose(file);
	end = memmem(vector->bytes, vector->size, "\n\n", 2);
	assert_non_null(end);
	end[1] = '\0';	/* the head becomes a string of lines */
	vector->sealed = (const uint8_t *)end + 2;
	vector->sealed_size = vector->size -
	    (size_t)(end + 2 - vector->bytes);
}

/* The value of the head's first line "key: value"; false: no such line. */
static bool
vector_field(const struct vector *vector, const char *key, char *value,
    size_t capacity)
{
	const char *line = vector->bytes;
	size_t length = strlen(key);

	while (line != NULL && *line != '\0') {
		if (strncmp(line, key, length) == 0 &&
		    strncmp(line + length, ": ", 2) == 0) {
			line += length + 2;
			assert_true(strcspn(line, "\n") < capacity);
			memcpy(value, line, strcspn(line, "\n"));
			value[strcspn(line, "\n")] = '\0';
			return true;
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return false;
}

static enum kind
vector_kind(const struct vector *vector)
{
	char value[4096];

	/* Any of the identities: one vector has two. */
	if (strstr(vector->bytes, "identity: AGE-SECRET-KEY-PQ-") != NULL)
		return KIND_HYBRID;
	if (vector_field(vector, "passphrase", value, sizeof(value)))
		return KIND_SCRYPT;
	if (vector_field(vector, "armored", value, sizeof(value)))
		return KIND_ARMOR;
	return KIND_RUN;
}

/* --- running one --------------------------------------------------------- */

static enum err
digest_sink(void *context, const uint8_t *bytes, size_t size)
{
	return EVP_DigestUpdate(context, bytes, size) == 1 ? ERR_OK :
	    ERR_CRYPTO;
}

/* Open in pieces of that size; the digest of what was released. */
static enum err
open_in_pieces(const struct vector *vector, const uint8_t *identity,
    size_t piece, char digest_text[65])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	struct opener *opener;
	uint8_t bytes[32];
	enum err e;

	assert_non_null(digest);
	assert_int_equal(EVP_DigestInit_ex(digest, EVP_sha256(), NULL), 1);
	assert_int_equal(opener_new(identity, digest_sink, digest, &opener),
	    ERR_OK);
	e = ERR_OK;
	for (size_t at = 0; e == ERR_OK && at < vector->sealed_size;
	    at += piece)
		e = opener_write(opener, vector->sealed + at,
		    vector->sealed_size - at < piece ?
		    vector->sealed_size - at : piece);
	if (e == ERR_OK)
		e = opener_finish(opener);
	opener_free(opener);
	assert_int_equal(EVP_DigestFinal_ex(digest, bytes, NULL), 1);
	EVP_MD_CTX_free(digest);
	hex_encode(digest_text, bytes, sizeof(bytes));
	return e;
}

static const char *
outcome_name(enum err e)
{
	if (e == ERR_OK)
		return "success";
	if (e == ERR_SEALED_HEADER)
		return "header failure";
	if (e == ERR_SEALED_NO_MATCH)
		return "no match";
	if (e == ERR_SEALED_MAC)
		return "HMAC failure";
	if (e == ERR_SEALED_PAYLOAD || e == ERR_SEALED_TRUNCATED)
		return "payload failure";
	return err_text(e);
}

static void
the_vector_ends_as_it_says(void **state)
{
	static const size_t pieces[] = { 1 << 30, 65552, 65551, 1000, 1 };
	struct vector vector;
	char expected[256], text[256], payload[65], digest[65];
	uint8_t identity[SEALED_IDENTITY_BYTES] = { 1 };
	bool has_payload;
	enum err e;

	vector_load(*state, &vector);
	assert_true(vector_field(&vector, "expect", expected,
	    sizeof(expected)));
	/* The vector of an empty file needs none, and gives none. */
	if (vector_field(&vector, "identity", text, sizeof(text)))
		assert_int_equal(sealed_identity_parse(identity, text),
		    ERR_OK);
	else
		assert_int_equal(vector.sealed_size, 0);
	has_payload = vector_field(&vector, "payload", payload,
	    sizeof(payload));
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (pieces[i] == 1 && vector.sealed_size > 200000)
			continue;	/* the others say enough */
		e = open_in_pieces(&vector, identity, pieces[i], digest);
		assert_string_equal(outcome_name(e), expected);
		if (has_payload)
			assert_string_equal(digest, payload);
	}
	free(vector.bytes);
}

/* --- the whole set -------------------------------------------------------- */

static size_t kind_counts[KIND__COUNT];

static void
exactly_the_known_vectors_run_and_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(kind_counts[KIND_RUN], VECTORS_RUN);
	assert_int_equal(kind_counts[KIND_ARMOR], VECTORS_ARMOR);
	assert_int_equal(kind_counts[KIND_SCRYPT], VECTORS_SCRYPT);
	assert_int_equal(kind_counts[KIND_HYBRID], VECTORS_HYBRID);
}

static void
the_vectors_are_there(void **state)
{
	(void)state;
	if (name_count == 0)
		fail_msg("AGE_VECTORS names no folder with the vectors: run"
		    " the tests by make, or unpack them with: node"
		    " tests/tools/unpack-age-vectors.mjs FOLDER");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
list_names(void)
{
	DIR *stream = folder == NULL ? NULL : opendir(folder);
	const struct dirent *entry;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL &&
	    name_count <= VECTORS_ALL)
		if (entry->d_name[0] != '.')
			(void)snprintf(names[name_count++], NAME_SIZE, "%.63s",
			    entry->d_name);
	closedir(stream);
	qsort(names, name_count, NAME_SIZE, by_name);
}

/* Vectors of our kinds become tests; the others are named and counted. */
static size_t
make_tests(struct CMUnitTest tests[])
{
	static const char *const kinds[KIND__COUNT] = { "run", "armor",
		"scrypt", "hybrid" };
	size_t count = 0;

	for (size_t i = 0; i < name_count; i++) {
		struct vector vector;
		enum kind kind;

		vector_load(names[i], &vector);
		kind = vector_kind(&vector);
		free(vector.bytes);
		kind_counts[kind]++;
		if (kind == KIND_RUN)
			tests[count++] = (struct CMUnitTest){ names[i],
				the_vector_ends_as_it_says, NULL, NULL,
				names[i] };
		else
			printf("# skipped, %s: %s\n", kinds[kind], names[i]);
	}
	printf("# %zu vectors run; skipped: %zu armor, %zu scrypt, %zu"
	    " hybrid\n", kind_counts[KIND_RUN], kind_counts[KIND_ARMOR],
	    kind_counts[KIND_SCRYPT], kind_counts[KIND_HYBRID]);
	fflush(stdout);
	return count;
}

int
main(void)
{
	static struct CMUnitTest tests[VECTORS_ALL + 3] = {
		cmocka_unit_test(the_vectors_are_there),
		cmocka_unit_test(
		    exactly_the_known_vectors_run_and_are_skipped),
	};
	size_t count;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	folder = getenv("AGE_VECTORS");
	list_names();
	count = 2 + make_tests(tests + 2);
	return _cmocka_run_group_tests("age vectors", tests, count, NULL,
	    NULL);
}

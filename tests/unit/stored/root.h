/* A root of objects in a temporary folder, for the tests of stored. */
#ifndef TESTS_UNIT_STORED_ROOT_H
#define TESTS_UNIT_STORED_ROOT_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/encoding.h"
#include "stored/incoming.h"
#include "stored/objects.h"

#define ISSUER "shop.example.com"
#define OTHER_ISSUER "other.example.com"

struct root {
	char path[64];
	struct objects *objects;
};

static inline int
root_make(void **state)
{
	struct root *root = calloc(1, sizeof(*root));

	if (root == NULL)
		return -1;
	snprintf(root->path, sizeof(root->path), "/tmp/stored-unit-XXXXXX");
	if (mkdtemp(root->path) == NULL ||
	    objects_open(root->path, &root->objects) != ERR_OK) {
		free(root);
		return -1;
	}
	*state = root;
	return 0;
}

static inline int
root_remove_entry(const char *path, const struct stat *status, int kind,
    struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline int
root_remove(void **state)
{
	struct root *root = *state;

	objects_close(root->objects);
	nftw(root->path, root_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(root);
	return 0;
}

/* The key under which bytes are an object of issuer. */
static inline struct object_key
root_key(const char *issuer, const void *bytes, size_t size)
{
	struct object_key key;
	uint8_t digest[32];

	snprintf(key.commerce_id, sizeof(key.commerce_id), "%s", issuer);
	EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL);
	hex_encode(key.object, digest, sizeof(digest));
	return key;
}

/* Bytes, stored as an object of issuer. */
static inline struct object_key
root_store_bytes(const struct root *root, const char *issuer,
    const void *bytes, size_t size)
{
	struct object_key key = root_key(issuer, bytes, size);
	struct incoming *incoming;
	bool is_new;

	if (incoming_create(root->objects, &key, size, &incoming) != ERR_OK ||
	    incoming_write(incoming, bytes, size) != ERR_OK ||
	    incoming_commit(incoming, &is_new) != ERR_OK)
		abort();
	return key;
}

static inline struct object_key
root_store(const struct root *root, const char *issuer, const char *text)
{
	return root_store_bytes(root, issuer, text, strlen(text));
}

/* A path below the root, in a static buffer. */
static inline const char *
root_path(const struct root *root, const char *below)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", root->path, below);
	return path;
}

static inline int
root_has(const struct root *root, const char *below)
{
	return access(root_path(root, below), F_OK) == 0;
}

/* How many files lie in incoming/ISSUER. */
static inline int
root_incoming_count(const struct root *root)
{
	char command[256];
	int count = -1;
	FILE *out;

	snprintf(command, sizeof(command),
	    "find %s/incoming -type f | wc -l", root->path);
	out = popen(command, "r");
	if (out == NULL)
		return -1;
	if (fscanf(out, "%d", &count) != 1)
		count = -1;
	pclose(out);
	return count;
}

static inline void
root_write(const struct root *root, const char *below, const char *text)
{
	FILE *file = fopen(root_path(root, below), "w");

	if (file == NULL)
		abort();
	fputs(text, file);
	fclose(file);
}

#endif

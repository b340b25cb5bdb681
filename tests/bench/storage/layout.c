/* Fill a folder as stored keeps it with objects that are the same each time,
 * and print their ids.
 *
 *	layout ROOT COMMERCE-ID BYTES COUNT
 *
 * What is there already, with the right size, is not written again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/encoding.h"

struct layout {
	char folder[2048];	/* ROOT/objects/COMMERCE-ID */
	uint64_t size;
	uint8_t *content;
};

/* Incompressible, and different for each index and size. */
static void content_fill(uint8_t *content, uint64_t size, uint64_t index)
{
	uint64_t state = index * UINT64_C(0x9e3779b97f4a7c15) + size;

	for (uint64_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word = state += UINT64_C(0x9e3779b97f4a7c15);

		word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
		memcpy(content + i, &word, sizeof(word));
	}
}

/* Make every folder of path, which is changed only in passing. */
static bool folders_make(char *path)
{
	for (char *at = path + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	return true;
}

static bool content_write(const struct layout *layout, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint64_t done = 0;
	ssize_t wrote = 0;

	if (fd < 0)
		return false;
	while (done < layout->size && wrote >= 0) {
		wrote = write(fd, layout->content + done, layout->size - done);
		done += wrote > 0 ? (uint64_t)wrote : 0;
	}
	return close(fd) == 0 && done == layout->size;
}

static bool object_add(struct layout *layout, uint64_t index)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char object[HEX_SIZE(sizeof(digest))], path[4096];
	struct stat status;

	content_fill(layout->content, layout->size, index);
	SHA256(layout->content, layout->size, digest);
	hex_encode(object, digest, sizeof(digest));
	snprintf(path, sizeof(path), "%s/%.2s/%.2s/%s", layout->folder, object,
	    object + 2, object);
	puts(object);
	if (stat(path, &status) == 0 && (uint64_t)status.st_size ==
	    layout->size)
		return true;
	return folders_make(path) && content_write(layout, path);
}

int main(int argc, char *argv[])
{
	struct layout layout = { 0 };
	uint64_t count;

	if (argc != 5) {
		fputs("layout ROOT COMMERCE-ID BYTES COUNT\n", stderr);
		return 2;
	}
	snprintf(layout.folder, sizeof(layout.folder), "%s/objects/%s",
	    argv[1], argv[2]);
	layout.size = strtoull(argv[3], NULL, 10) & ~UINT64_C(7);
	count = strtoull(argv[4], NULL, 10);
	layout.content = malloc(layout.size + 1);
	if (layout.content == NULL) {
		perror("layout");
		return 1;
	}
	for (uint64_t i = 0; i < count; i++)
		if (!object_add(&layout, i)) {
			fprintf(stderr, "layout: object %" PRIu64 ": %s\n", i,
			    strerror(errno));
			return 1;
		}
	free(layout.content);
	return fflush(stdout) == 0 ? 0 : 1;
}

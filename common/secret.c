/* Secret files, wiping, comparing in constant time, random bytes. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "common/log.h"
#include "common/secret.h"

#define RANDOM_STOCK 4000	/* of each thread */
#define RANDOM_SMALL 32

/*
 * The path may be a symbolic link, as operators like them; what is judged is
 * the file that was opened. O_NONBLOCK: a FIFO must not hold up the start.
 */
static enum err
secret_file_open(const char *path, int *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		log_errno("%s: cannot be opened; a key file must be there"
		    " and readable by user id %u", path, (unsigned)geteuid());
		return ERR_IO;
	}
	*out = fd;
	return ERR_OK;
}

/* May this file hold a secret? */
static enum err
secret_file_check(const char *path, int fd, off_t *size)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		log_errno("%s: cannot be examined", path);
		return ERR_IO;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error("%s: is not a regular file; name a file", path);
		return ERR_PERMISSIONS;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		log_error("%s: belongs to user id %u; do: chown %u %s", path,
		    (unsigned)st.st_uid, (unsigned)geteuid(), path);
		return ERR_PERMISSIONS;
	}
	if ((st.st_mode & 077) != 0) {
		log_error("%s: has mode %04o, so that others than its owner"
		    " can use it; do: chmod 600 %s", path,
		    (unsigned)(st.st_mode & 07777), path);
		return ERR_PERMISSIONS;
	}
	if (st.st_size > SECRET_FILE_MAX) {
		log_error("%s: is longer than %d bytes; this is no key file",
		    path, SECRET_FILE_MAX);
		return ERR_KEY_FILE;
	}
	*size = st.st_size;
	return ERR_OK;
}

/*
 * Fill text until its end or the file's. A file that grows meanwhile is seen
 * by the byte beyond its size, for which there is room.
 */
static enum err
secret_file_fill(const char *path, int fd, char *text, size_t capacity,
    size_t *length)
{
	size_t filled = 0;

	while (filled < capacity) {
		ssize_t n = read(fd, text + filled, capacity - filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_errno("%s: cannot be read", path);
			return ERR_IO;
		}
		if (n == 0)
			break;
		filled += (size_t)n;
	}
	*length = filled;
	return ERR_OK;
}

static enum err
secret_text_check(const char *path, const char *text, size_t length,
    size_t expected)
{
	if (length > expected) {
		log_error("%s: grew while it was read; try again", path);
		return ERR_KEY_FILE;
	}
	if (memchr(text, '\0', length) != NULL) {
		log_error("%s: holds a NUL byte; a key file is plain text",
		    path);
		return ERR_KEY_FILE;
	}
	return ERR_OK;
}

enum err
secret_file_read(const char *path, char **text, size_t *length)
{
	char *buffer = NULL;
	size_t capacity = 0, filled = 0;
	off_t size = 0;
	int fd = -1;
	enum err e;

	*text = NULL;
	*length = 0;
	e = secret_file_open(path, &fd);
	if (e)
		goto out;
	e = secret_file_check(path, fd, &size);
	if (e)
		goto out;
	capacity = (size_t)size + 1;
	buffer = calloc(1, capacity + 1);
	if (buffer == NULL) {
		log_error("%s: no memory to read it", path);
		e = ERR_NO_MEMORY;
		goto out;
	}
	e = secret_file_fill(path, fd, buffer, capacity, &filled);
	if (e)
		goto out;
	e = secret_text_check(path, buffer, filled, (size_t)size);
	if (e)
		goto out;
	*text = buffer;
	*length = filled;
	buffer = NULL;
out:
	secret_free(buffer, capacity);
	if (fd >= 0)
		(void)close(fd);
	return e;
}

void
secret_free(char *text, size_t length)
{
	if (text == NULL)
		return;
	secret_wipe(text, length);
	free(text);
}

bool
secret_equal(const void *a, size_t a_size, const void *b, size_t b_size)
{
	const uint8_t *left = a, *right = b;
	uint64_t one, other, difference = 0;
	size_t i = 0;

	if (a_size != b_size)
		return false;
	/* Eight at once, which CRYPTO_memcmp() does not: 5 ns for a token
	 * instead of 26.  After each the compiler must take it that the
	 * difference is another one, so there is no end before the end. */
	for (; a_size - i >= sizeof(one); i += sizeof(one)) {
		memcpy(&one, left + i, sizeof(one));
		memcpy(&other, right + i, sizeof(other));
		difference |= one ^ other;
		__asm__ volatile ("" : "+r" (difference));
	}
	for (; i < a_size; i++) {
		difference |= (uint64_t)(left[i] ^ right[i]);
		__asm__ volatile ("" : "+r" (difference));
	}
	return difference == 0;
}

static void
random_ask(unsigned char *next, size_t size)
{

	while (size > 0) {
		int part = size > 4096 ? 4096 : (int)size;

		if (RAND_bytes(next, part) != 1) {
			log_error("the system gives no random bytes");
			abort();
		}
		next += part;
		size -= (size_t)part;
	}
}

/*
 * The generator costs more to ask than all else that a small request does, so
 * each thread asks for many bytes at once and wipes what it hands out.  No
 * program of ours goes on in a forked child.
 */
void
secret_random(void *bytes, size_t size)
{
	static _Thread_local unsigned char stock[RANDOM_STOCK];
	static _Thread_local size_t left;

	if (size > RANDOM_SMALL) {
		random_ask(bytes, size);
		return;
	}
	if (left < size) {
		random_ask(stock, sizeof(stock));
		left = sizeof(stock);
	}
	left -= size;
	memcpy(bytes, stock + left, size);
	secret_wipe(stock + left, size);
}

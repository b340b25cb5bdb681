/* The trace: lines of words, after "write" and "file" the bytes and a line end.
 * Inodes are numbers, names are percent-encoded.
 *
 *	dir PARENT INODE NAME		what was there at the start; the
 *	file PARENT INODE NAME SIZE	root is "dir 0 INODE ."
 *	begin
 *	create PARENT INODE NAME	what was done, in order
 *	mkdir PARENT INODE NAME
 *	write INODE OFFSET SIZE
 *	size INODE SIZE
 *	rename PARENT NAME PARENT NAME INODE
 *	link PARENT INODE NAME
 *	unlink PARENT 0 NAME
 *	sync INODE
 *	lost INODE			a sync that failed
 *	sync-all
 *	mark WORD...			written by the test itself
 *
 * Each entry is one write in append mode, so that a test may append marks to
 * the same file: a mark comes after all that had been done when it was made.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define ENCODED_MAX (3 * NAME_MAX + 1)
#define LINE_MAX_BYTES (2 * ENCODED_MAX + 128)

static int trace = -1;

static void
append(const char *line, int length, const void *bytes, size_t size)
{
	struct iovec parts[3];
	size_t total;

	if (length < 0 || length >= LINE_MAX_BYTES)
		fault_die("a line of the trace");
	parts[0].iov_base = (void *)(uintptr_t)line;
	parts[0].iov_len = (size_t)length;
	parts[1].iov_base = (void *)(uintptr_t)bytes;
	parts[1].iov_len = size;
	parts[2].iov_base = (void *)(uintptr_t)"\n";
	parts[2].iov_len = 1;
	total = parts[0].iov_len + (bytes == NULL ? 0 : size + 1);
	if (fault_raw(SYS_writev, trace, parts, bytes == NULL ? 1 : 3) !=
	    (long)total)
		fault_die("cannot write the trace");
}

static const char *
encode(const char *name, char text[static ENCODED_MAX])
{
	char *end = text;

	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		if (c > ' ' && c < 0x7f && c != '%')
			*end++ = (char)c;
		else
			end += snprintf(end, 4, "%%%02X", c);
	}
	*end = '\0';
	return text;
}

static ino_t
inode_of(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) == -1)
		fault_die("fstat");
	return status.st_ino;
}

/* --- the start ---------------------------------------------------------- */

static void
record_file(ino_t parent, int descriptor, const char *name)
{
	char line[LINE_MAX_BYTES], encoded[ENCODED_MAX];
	struct stat status;
	size_t size;
	char *bytes;
	int length;

	if (fstat(descriptor, &status) == -1)
		fault_die(name);
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	if (bytes == NULL || pread(descriptor, bytes, size, 0) !=
	    (ssize_t)size)
		fault_die(name);
	length = snprintf(line, sizeof(line), "file %ju %ju %s %zu\n",
	    (uintmax_t)parent, (uintmax_t)status.st_ino,
	    encode(name, encoded), size);
	append(line, length, bytes, size);
	free(bytes);
}

/* Takes descriptor. */
static void
record_folder(ino_t parent, int descriptor, const char *name)
{
	char line[LINE_MAX_BYTES], encoded[ENCODED_MAX];
	ino_t inode = inode_of(descriptor);
	DIR *stream = fdopendir(descriptor);
	const struct dirent *entry;
	struct stat status;
	int child;

	if (stream == NULL)
		fault_die(name);
	append(line, snprintf(line, sizeof(line), "dir %ju %ju %s\n",
	    (uintmax_t)parent, (uintmax_t)inode, encode(name, encoded)),
	    NULL, 0);
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		child = (int)fault_raw(SYS_openat, descriptor, entry->d_name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
		if (child == -1 || fstat(child, &status) == -1)
			fault_die(entry->d_name);
		if (S_ISDIR(status.st_mode)) {
			record_folder(inode, child, entry->d_name);
			continue;
		}
		if (!S_ISREG(status.st_mode))
			fault_die("neither file nor folder");
		record_file(inode, child, entry->d_name);
		fault_close(child);
	}
	closedir(stream);
}

void
record_start(const char *trace_path, const char *root)
{
	int folder;

	if (trace_path == NULL)
		return;
	trace = (int)fault_raw(SYS_openat, AT_FDCWD, trace_path,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (trace == -1)
		fault_die(trace_path);
	folder = (int)fault_raw(SYS_openat, AT_FDCWD, root,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (folder == -1)
		fault_die(root);
	record_folder(0, folder, ".");
	append("begin\n", 6, NULL, 0);
}

/* --- what is done ------------------------------------------------------- */

static void
record_name(const char *what, const struct fault_place *place, ino_t inode)
{
	char line[LINE_MAX_BYTES], encoded[ENCODED_MAX];

	append(line, snprintf(line, sizeof(line), "%s %ju %ju %s\n", what,
	    (uintmax_t)inode_of(place->folder), (uintmax_t)inode,
	    encode(place->name, encoded)), NULL, 0);
}

void
record_create(const struct fault_place *place, int descriptor)
{
	if (trace != -1)
		record_name("create", place, inode_of(descriptor));
}

void
record_mkdir(const struct fault_place *place)
{
	struct stat status;

	if (trace == -1)
		return;
	if (fstatat(place->folder, place->name, &status,
	    AT_SYMLINK_NOFOLLOW) == -1)
		fault_die(place->name);
	record_name("mkdir", place, status.st_ino);
}

void
record_link(const struct fault_place *place, ino_t inode)
{
	if (trace != -1)
		record_name("link", place, inode);
}

void
record_unlink(const struct fault_place *place)
{
	if (trace != -1)
		record_name("unlink", place, 0);
}

void
record_write(int descriptor, const void *bytes, size_t size, off_t end)
{
	char line[LINE_MAX_BYTES];

	if (trace != -1)
		append(line, snprintf(line, sizeof(line), "write %ju %jd %zu\n",
		    (uintmax_t)inode_of(descriptor),
		    (intmax_t)end - (intmax_t)size, size), bytes, size);
}

void
record_size(int descriptor)
{
	char line[LINE_MAX_BYTES];
	struct stat status;

	if (trace == -1)
		return;
	if (fstat(descriptor, &status) == -1)
		fault_die("fstat");
	append(line, snprintf(line, sizeof(line), "size %ju %jd\n",
	    (uintmax_t)status.st_ino, (intmax_t)status.st_size), NULL, 0);
}

void
record_rename(const struct fault_place *from, const struct fault_place *to,
    ino_t inode)
{
	char line[LINE_MAX_BYTES], old[ENCODED_MAX], new[ENCODED_MAX];

	if (trace == -1)
		return;
	append(line, snprintf(line, sizeof(line), "rename %ju %s %ju %s %ju\n",
	    (uintmax_t)inode_of(from->folder), encode(from->name, old),
	    (uintmax_t)inode_of(to->folder), encode(to->name, new),
	    (uintmax_t)inode), NULL, 0);
}

void
record_sync(int descriptor, bool is_done)
{
	char line[LINE_MAX_BYTES];

	if (trace != -1)
		append(line, snprintf(line, sizeof(line), "%s %ju\n",
		    is_done ? "sync" : "lost",
		    (uintmax_t)inode_of(descriptor)), NULL, 0);
}

void
record_sync_all(void)
{
	if (trace != -1)
		append("sync-all\n", 9, NULL, 0);
}

/* A library to preload: while the file named by HOLD_SYNC_FILE exists, every
 * call that puts data on the disk waits.  Each call that waits appends a byte
 * to HOLD_SYNC_FILE.waiting, so that a test knows when one does.
 *
 * System calls are made directly: what this stands in front of must not be
 * used by itself.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 2000000

static void
note_waiting(const char *path)
{
	char waiting[PATH_MAX];
	int fd;

	if (snprintf(waiting, sizeof(waiting), "%s.waiting", path) >=
	    (int)sizeof(waiting))
		abort();
	fd = open(waiting, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	if (write(fd, ".", 1) != 1)
		abort();
	close(fd);
}

static void
wait_while_held(void)
{
	const char *path = getenv("HOLD_SYNC_FILE");
	const struct timespec pause = { 0, POLL_NS };

	if (path == NULL || access(path, F_OK) != 0)
		return;
	note_waiting(path);
	while (access(path, F_OK) == 0)
		nanosleep(&pause, NULL);
}

int
fsync(int fd)
{
	wait_while_held();
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	wait_while_held();
	return (int)syscall(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
	wait_while_held();
	return (int)syscall(SYS_syncfs, fd);
}

void
sync(void)
{
	wait_while_held();
	syscall(SYS_sync);
}

int
msync(void *address, size_t length, int flags)
{
	if (flags & MS_SYNC)
		wait_while_held();
	return (int)syscall(SYS_msync, address, length, flags);
}

int
sync_file_range(int fd, off64_t offset, off64_t count, unsigned int flags)
{
	if (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER))
		wait_while_held();
	return (int)syscall(SYS_sync_file_range, fd, offset, count, flags);
}

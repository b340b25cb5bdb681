/* Calls on a descriptor, as the C library declares them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/faults.h"

/* False: the descriptor is not below the folder, and nothing is done. */
static bool
write_below(int descriptor, const void *bytes, size_t size, ssize_t *done)
{
	int error, old = errno;

	*done = -1;
	if (!fault_enter(FAULT_WRITE, descriptor, &size, &error))
		return false;
	if (error == 0) {
		*done = fault_raw(SYS_write, descriptor, bytes, size);
		error = *done == -1 ? errno : old;
	}
	if (*done > 0)
		record_write(descriptor, bytes, (size_t)*done,
		    lseek(descriptor, 0, SEEK_CUR));
	fault_leave(error);
	return true;
}

ssize_t
write(int descriptor, const void *bytes, size_t size)
{
	ssize_t done;

	return write_below(descriptor, bytes, size, &done) ? done :
	    fault_next_write(descriptor, bytes, size);
}

ssize_t
pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
	int error, old = errno;
	ssize_t done = -1;

	if (!fault_enter(FAULT_WRITE, descriptor, &size, &error))
		return fault_raw(SYS_pwrite64, descriptor, bytes, size,
		    offset);
	if (error == 0) {
		done = fault_raw(SYS_pwrite64, descriptor, bytes, size,
		    offset);
		error = done == -1 ? errno : old;
	}
	if (done > 0)
		record_write(descriptor, bytes, (size_t)done, offset + done);
	fault_leave(error);
	return done;
}

ssize_t
pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
	return pwrite(descriptor, bytes, size, offset);
}

/*
 * One piece is what write() of the daemons' own becomes (http_wake.c).
 * Several: allowed elsewhere, and not yet needed below the folder.
 */
ssize_t
writev(int descriptor, const struct iovec *parts, int count)
{
	ssize_t done;
	int error;

	if (count == 1 && write_below(descriptor, parts->iov_base,
	    parts->iov_len, &done))
		return done;
	if (count != 1 && fault_enter(FAULT_WRITE, descriptor, &(size_t){ 1 },
	    &error))
		fault_die("writev of several pieces is not recorded");
	return fault_raw(SYS_writev, descriptor, parts, count);
}

ssize_t
copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset,
    size_t size, unsigned flags)
{
	int error;

	if (fault_enter(FAULT_WRITE, out, &(size_t){ 1 }, &error))
		fault_die("copy_file_range is not recorded");
	return fault_raw(SYS_copy_file_range, in, in_offset, out, out_offset,
	    size, flags);
}

static int
sync_by(long number, int descriptor)
{
	int error, old = errno, result = -1;

	if (!fault_enter(FAULT_SYNC, descriptor, NULL, &error))
		return (int)fault_raw(number, descriptor);
	if (error == 0) {
		result = fault_skips_syncs() ? 0 :
		    (int)fault_raw(number, descriptor);
		error = result == -1 ? errno : old;
	}
	if (result == 0 && number == SYS_syncfs)
		record_sync_all();
	else
		record_sync(descriptor, result == 0);
	fault_leave(error);
	return result;
}

int
fsync(int descriptor)
{
	return sync_by(SYS_fsync, descriptor);
}

int
fdatasync(int descriptor)
{
	return sync_by(SYS_fdatasync, descriptor);
}

int
syncfs(int descriptor)
{
	return sync_by(SYS_syncfs, descriptor);
}

int
ftruncate(int descriptor, off_t size)
{
	int error, old = errno, result = -1;

	if (!fault_enter(FAULT_TRUNCATE, descriptor, NULL, &error))
		return (int)fault_raw(SYS_ftruncate, descriptor, size);
	if (error == 0) {
		result = (int)fault_raw(SYS_ftruncate, descriptor, size);
		error = result == -1 ? errno : old;
	}
	if (result == 0)
		record_size(descriptor);
	fault_leave(error);
	return result;
}

int
ftruncate64(int descriptor, off64_t size)
{
	return ftruncate(descriptor, size);
}

int
fallocate(int descriptor, int mode, off_t offset, off_t size)
{
	int error, old = errno, result = -1;

	if (!fault_enter(FAULT_ALLOCATE, descriptor, NULL, &error))
		return (int)fault_raw(SYS_fallocate, descriptor, mode, offset,
		    size);
	if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0)
		fault_die("this mode of fallocate is not recorded");
	if (error == 0) {
		result = (int)fault_raw(SYS_fallocate, descriptor, mode,
		    offset, size);
		error = result == -1 ? errno : old;
	}
	if (result == 0 && mode == 0)
		record_size(descriptor);
	fault_leave(error);
	return result;
}

int
fallocate64(int descriptor, int mode, off64_t offset, off64_t size)
{
	return fallocate(descriptor, mode, offset, size);
}

int
posix_fallocate(int descriptor, off_t offset, off_t size)
{
	int old = errno, error;

	error = fallocate(descriptor, 0, offset, size) == 0 ? 0 : errno;
	errno = old;
	return error;
}

int
posix_fallocate64(int descriptor, off64_t offset, off64_t size)
{
	return posix_fallocate(descriptor, offset, size);
}

/*
 * It is closed all the same, as Linux does when it tells of an error; and by
 * the next in the row, since the thread sanitizer takes a number that it did
 * not see closed, and that another thread gets, for one that both have.
 */
int
close(int descriptor)
{
	int error;

	if (!fault_enter(FAULT_CLOSE, descriptor, NULL, &error))
		return fault_next_close(descriptor);
	(void)fault_next_close(descriptor);
	fault_leave(error == 0 ? errno : error);
	return error == 0 ? 0 : -1;
}

int
fstatvfs(int descriptor, struct statvfs *status)
{
	int error, result = -1, old = errno;

	if (!fault_enter(FAULT_SPACE, descriptor, NULL, &error))
		return fault_next_fstatvfs(descriptor, status);
	if (error == 0) {
		result = fault_next_fstatvfs(descriptor, status);
		error = result == -1 ? errno : old;
	}
	fault_leave(error);
	return result;
}

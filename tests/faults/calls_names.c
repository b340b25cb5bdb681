/* Calls on a name, as the C library declares them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/faults.h"

struct opening {
	int folder;
	const char *path;
	const struct open_how *how;
	bool is_openat2;
};

static int
open_really(const struct opening *opening)
{
	const struct open_how *how = opening->how;

	if (opening->is_openat2)
		return (int)fault_raw(SYS_openat2, opening->folder,
		    opening->path, how, sizeof(*how));
	return (int)fault_raw(SYS_openat, opening->folder, opening->path,
	    (int)how->flags, (mode_t)how->mode);
}

static int
open_any(const struct opening *opening)
{
	int flags = (int)opening->how->flags, error, fd = -1, old = errno;
	struct fault_place place;
	struct stat status;
	bool existed;

	if (!fault_enter_place(flags & O_CREAT ? FAULT_CREATE : FAULT_OPEN,
	    opening->folder, opening->path, &place, &error))
		return open_really(opening);
	if ((flags & O_TMPFILE) == O_TMPFILE)
		fault_die("O_TMPFILE is not recorded");
	existed = fstatat(place.folder, place.name, &status, 0) == 0;
	if (error == 0) {
		fd = open_really(opening);
		error = fd == -1 ? errno : old;
	}
	if (fd != -1 && !existed)
		record_create(&place, fd);
	else if (fd != -1 && (flags & O_TRUNC))
		record_size(fd);
	fault_leave_place(&place, error);
	return fd;
}

static int
open_plain(int folder, const char *path, int flags, mode_t mode)
{
	const struct open_how how = { .flags = (unsigned)flags, .mode = mode };
	const struct opening opening = { folder, path, &how, false };

	return open_any(&opening);
}

static bool
has_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE_ARGUMENT(flags, mode)		\
	va_list list;				\
	mode_t mode = 0;			\
						\
	va_start(list, flags);			\
	if (has_mode(flags))			\
		mode = va_arg(list, mode_t);	\
	va_end(list)

int
open(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode);
	return open_plain(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode);
	return open_plain(AT_FDCWD, path, flags, mode);
}

int
openat(int folder, const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode);
	return open_plain(folder, path, flags, mode);
}

int
openat64(int folder, const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode);
	return open_plain(folder, path, flags, mode);
}

/* What _FORTIFY_SOURCE makes of the above. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open_plain(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_plain(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int folder, const char *path, int flags)
{
	return open_plain(folder, path, flags, 0);
}

int
__openat64_2(int folder, const char *path, int flags)
{
	return open_plain(folder, path, flags, 0);
}

/* openat2 has no wrapper: it comes this way. */
long
syscall(long number, ...)
{
	long a[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	fault_start();
	if (number == SYS_openat2) {
		const struct opening opening = { (int)a[0],
			(const char *)(uintptr_t)a[1],
			(const struct open_how *)(uintptr_t)a[2], true };

		return open_any(&opening);
	}
	return fault_raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int
mkdirat(int folder, const char *path, mode_t mode)
{
	struct fault_place place;
	int error, old = errno, result = -1;

	if (!fault_enter_place(FAULT_MKDIR, folder, path, &place, &error))
		return (int)fault_raw(SYS_mkdirat, folder, path, mode);
	if (error == 0) {
		result = (int)fault_raw(SYS_mkdirat, folder, path, mode);
		error = result == -1 ? errno : old;
	}
	if (result == 0)
		record_mkdir(&place);
	fault_leave_place(&place, error);
	return result;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
unlinkat(int folder, const char *path, int flags)
{
	struct fault_place place;
	int error, old = errno, result = -1;

	if (!fault_enter_place(FAULT_UNLINK, folder, path, &place, &error))
		return (int)fault_raw(SYS_unlinkat, folder, path, flags);
	if (error == 0) {
		result = (int)fault_raw(SYS_unlinkat, folder, path, flags);
		error = result == -1 ? errno : old;
	}
	if (result == 0)
		record_unlink(&place);
	fault_leave_place(&place, error);
	return result;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
renameat2(int from, const char *old_path, int to, const char *new_path,
    unsigned flags)
{
	struct fault_place old_place, new_place;
	int error, old = errno, result = -1;
	struct stat status;

	if (!fault_enter_place(FAULT_RENAME, from, old_path, &old_place,
	    &error))
		return (int)fault_raw(SYS_renameat2, from, old_path, to,
		    new_path, flags);
	fault_find_place(to, new_path, &new_place);
	if (new_place.folder == -1 || flags > RENAME_NOREPLACE)
		fault_die("this rename is not recorded");
	if (error == 0 && fstatat(old_place.folder, old_place.name, &status,
	    AT_SYMLINK_NOFOLLOW) == -1)
		error = errno;
	if (error == 0) {
		result = (int)fault_raw(SYS_renameat2, from, old_path, to,
		    new_path, flags);
		error = result == -1 ? errno : old;
	}
	if (result == 0)
		record_rename(&old_place, &new_place, status.st_ino);
	fault_close(new_place.folder);
	fault_leave_place(&old_place, error);
	return result;
}

int
renameat(int from, const char *old_path, int to, const char *new_path)
{
	return renameat2(from, old_path, to, new_path, 0);
}

int
rename(const char *old_path, const char *new_path)
{
	return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

int
linkat(int from, const char *old_path, int to, const char *new_path, int flags)
{
	struct fault_place place;
	int error, old = errno, result = -1;
	struct stat status;

	if (!fault_enter_place(FAULT_LINK, to, new_path, &place, &error))
		return (int)fault_raw(SYS_linkat, from, old_path, to,
		    new_path, flags);
	if (error == 0) {
		result = (int)fault_raw(SYS_linkat, from, old_path, to,
		    new_path, flags);
		error = result == -1 ? errno : old;
	}
	if (result == 0 && fstatat(place.folder, place.name, &status,
	    AT_SYMLINK_NOFOLLOW) == 0)
		record_link(&place, status.st_ino);
	fault_leave_place(&place, error);
	return result;
}

int
link(const char *old_path, const char *new_path)
{
	return linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

/* openat2(2) has no wrapper in the C library of Debian 12. */
#include "stored/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
beneath_open(int folder, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		/* Where nothing is made the kernel insists on 0. */
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS,
	};
	long descriptor;

	/* EAGAIN: a rename elsewhere raced with the look at "..". */
	do {
		descriptor = syscall(SYS_openat2, folder, path, &how,
		    sizeof(how));
	} while (descriptor == -1 && (errno == EINTR || errno == EAGAIN));
	return (int)descriptor;
}

bool
beneath_is_supported(int folder)
{
	int descriptor = beneath_open(folder, ".", O_PATH | O_DIRECTORY, 0);

	if (descriptor == -1)
		return false;
	close(descriptor);
	return true;
}

int
beneath_open_folder(int folder, const char *path)
{
	return beneath_open(folder, path, O_RDONLY | O_DIRECTORY, 0);
}

int
beneath_make_folder(int parent, const char *name)
{
	int error_number;

	if (mkdirat(parent, name, 0700) == -1)
		return errno == EEXIST ? 0 : -1;
	if (fsync(parent) == 0)
		return 0;
	error_number = errno;
	unlinkat(parent, name, AT_REMOVEDIR);
	errno = error_number;
	return -1;
}

enum err
beneath_err(int error_number)
{
	switch (error_number) {
	case ENOSPC:
	case EDQUOT:
		return ERR_STORAGE_FULL;
	case EFBIG:
		return ERR_TOO_LARGE;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ERR_BUSY;
	}
	return ERR_STORAGE_ERROR;
}

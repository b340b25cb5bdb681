/* What each call that is stood in front of begins and ends with.  From the
 * environment:
 *
 *	FAULT_FOLDER	the folder of interest
 *	FAULT_CONTROL	the control file (inject.c)
 *	FAULT_TRACE	the trace, must not exist yet (record.c)
 *	FAULT_SYNC	"skip": syncs below the folder succeed and do nothing,
 *			which saves time where the disk is not what is tested
 *
 * Files that are changed by mmap(2) are not seen, nor what the C library's
 * streams write: daemons that keep records use neither.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/faults.h"

long (*fault_raw)(long number, ...);
ssize_t (*fault_next_write)(int descriptor, const void *bytes, size_t size);
int (*fault_next_close)(int descriptor);
int (*fault_next_fstatvfs)(int descriptor, struct statvfs *status);

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static bool skips_syncs;

void
fault_die(const char *what)
{
	fprintf(stderr, "fault.so: %s: %s\n", what, strerror(errno));
	abort();
}

void
fault_close(int descriptor)
{
	fault_raw(SYS_close, descriptor);
}

static void
start(void)
{
	const char *folder = getenv("FAULT_FOLDER");

	/* ISO C has no cast from an object pointer to a function pointer. */
	*(void **)(&fault_raw) = dlsym(RTLD_NEXT, "syscall");
	*(void **)(&fault_next_write) = dlsym(RTLD_NEXT, "write");
	*(void **)(&fault_next_close) = dlsym(RTLD_NEXT, "close");
	*(void **)(&fault_next_fstatvfs) = dlsym(RTLD_NEXT, "fstatvfs");
	if (fault_raw == NULL || fault_next_write == NULL ||
	    fault_next_close == NULL || fault_next_fstatvfs == NULL)
		abort();
	if (folder == NULL || realpath(folder, root) == NULL)
		fault_die("FAULT_FOLDER");
	root_length = strlen(root);
	skips_syncs = getenv("FAULT_SYNC") != NULL;
	inject_start(getenv("FAULT_CONTROL"));
	record_start(getenv("FAULT_TRACE"), root);
}

/* Before main(), so that the trace begins with what is there. */
__attribute__((constructor)) void
fault_start(void)
{
	pthread_once(&started, start);
}

bool
fault_skips_syncs(void)
{
	return skips_syncs;
}

static bool
is_below(const char *path)
{
	return strncmp(path, root, root_length) == 0 &&
	    (path[root_length] == '/' || path[root_length] == '\0');
}

/* The path of a descriptor; false when it is not below the folder. */
static bool
find_path(int descriptor, char path[static PATH_MAX])
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, PATH_MAX - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return is_below(path);
}

static const char *
below_root(const char *path)
{
	return path[root_length] == '/' ? path + root_length + 1 : ".";
}

bool
fault_enter(enum fault_call call, int descriptor, size_t *size, int *error)
{
	char path[PATH_MAX];
	int old = errno;
	bool is_ours;

	fault_start();
	is_ours = find_path(descriptor, path);
	errno = old;
	if (!is_ours)
		return false;
	pthread_mutex_lock(&lock);
	*error = inject_decide(call, below_root(path), size);
	return true;
}

void
fault_leave(int error)
{
	pthread_mutex_unlock(&lock);
	errno = error;
}

void
fault_find_place(int folder, const char *path, struct fault_place *place)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char parent[PATH_MAX] = ".";
	int old = errno;

	place->folder = -1;
	if (strlen(name) > NAME_MAX || strlen(path) >= PATH_MAX)
		return;
	snprintf(place->name, sizeof(place->name), "%s",
	    *name == '\0' ? "." : name);
	if (slash != NULL)
		snprintf(parent, sizeof(parent), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	place->folder = (int)fault_raw(SYS_openat, folder, parent,
	    O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (place->folder != -1 && !find_path(place->folder, place->path)) {
		fault_close(place->folder);
		place->folder = -1;
	}
	errno = old;
}

bool
fault_enter_place(enum fault_call call, int folder, const char *path,
    struct fault_place *place, int *error)
{
	char whole[PATH_MAX + NAME_MAX + 2];

	fault_start();
	fault_find_place(folder, path, place);
	if (place->folder == -1)
		return false;
	pthread_mutex_lock(&lock);
	snprintf(whole, sizeof(whole), "%s/%s", place->path, place->name);
	*error = inject_decide(call, below_root(whole), NULL);
	return true;
}

void
fault_leave_place(struct fault_place *place, int error)
{
	fault_close(place->folder);
	fault_leave(error);
}

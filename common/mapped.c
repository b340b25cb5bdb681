/* Mapped files, and what SIGBUS does: the page that could not be had becomes
 * one of zeros, and the mapping is marked, which whoever read it must ask for
 * before anything that came of it goes out.
 */
#include "common/mapped.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPINGS_MAX 4096

/* Never freed: the signal handler walks through all, at any moment. */
struct mapped {
	_Atomic uintptr_t start;	/* 0: not in use */
	_Atomic size_t size;
	_Atomic bool is_broken;
};

static struct mapped all[MAPPINGS_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t next;		/* where the search for a free one begins */
static bool is_watching;	/* for SIGBUS */
static struct sigaction before;
static uintptr_t page_size;

static struct mapped *
find(uintptr_t address)
{
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		uintptr_t start = atomic_load(&all[i].start);

		if (start != 0 && address >= start &&
		    address - start < atomic_load(&all[i].size))
			return &all[i];
	}
	return NULL;
}

/* Any other SIGBUS ends the process as it would have without us. */
static void
on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	struct mapped *mapped = find(address);
	int kept_errno = errno;

	(void)context;
	if (mapped != NULL) {
		atomic_store(&mapped->is_broken, true);
		if (mmap((void *)(address & ~(page_size - 1)), page_size,
		    PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != MAP_FAILED) {
			errno = kept_errno;
			return;
		}
	}
	(void)sigaction(number, &before, NULL);
	errno = kept_errno;
}

/* The mutex is held. */
static bool
watch(void)
{
	struct sigaction action = { .sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	if (is_watching)
		return true;
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	is_watching = sigaction(SIGBUS, &action, &before) == 0;
	return is_watching;
}

/* The mutex is held; NULL: all are in use. */
static struct mapped *
find_free(void)
{
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		struct mapped *mapped = &all[next];

		next = (next + 1) % MAPPINGS_MAX;
		if (atomic_load(&mapped->start) == 0)
			return mapped;
	}
	return NULL;
}

struct mapped *
mapped_open(int descriptor, size_t size)
{
	struct mapped *mapped;
	void *start;

	pthread_mutex_lock(&mutex);
	mapped = watch() ? find_free() : NULL;
	if (mapped == NULL)
		goto out;
	start = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
	if (start == MAP_FAILED) {
		mapped = NULL;
		goto out;
	}
	atomic_store(&mapped->is_broken, false);
	atomic_store(&mapped->size, size);
	atomic_store(&mapped->start, (uintptr_t)start);
out:
	pthread_mutex_unlock(&mutex);
	return mapped;
}

void
mapped_close(struct mapped *mapped)
{
	void *start;

	if (mapped == NULL)
		return;
	pthread_mutex_lock(&mutex);
	start = (void *)atomic_load(&mapped->start);
	/* Out of the table first: the range may be another's at once. */
	atomic_store(&mapped->start, 0);
	munmap(start, atomic_load(&mapped->size));
	pthread_mutex_unlock(&mutex);
}

const char *
mapped_bytes(const struct mapped *mapped)
{
	return (const char *)atomic_load(&mapped->start);
}

bool
mapped_is_whole(const struct mapped *mapped)
{
	return !atomic_load(&mapped->is_broken);
}

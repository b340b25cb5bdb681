/* The control file names the call that shall fail, in one line:
 *
 *	ID CALLS NUMBER ERRNO MODE [PATTERN]
 *
 * ID is any word; a new one starts the count again.  CALLS: names of call_names
 * below, with commas, or "all".  NUMBER: which of them, from 1.  MODE:
 *
 *	once	this call fails
 *	on	this call and all after it
 *	short	nothing fails; if this call is a write it writes half
 *	full	as short, and all after it fail: a disk that is full now
 *	hold	this call waits until there is another order, or none, and
 *		then goes on unharmed; with it all others below the folder
 *
 * PATTERN, as of the shell, is for the path below the folder.  How far it came
 * is told in CONTROL.reached: "ID COUNTED FAILED CALL PATH" padded with blanks,
 * where FAILED is how many failed or were made short, and the rest is about
 * the first of those.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define REACHED_BYTES 400
#define HOLD_POLL_NS 2000000

static const char *const call_names[FAULT__COUNT] = {
	[FAULT_CREATE] = "create", [FAULT_OPEN] = "open",
	[FAULT_WRITE] = "write", [FAULT_SYNC] = "sync",
	[FAULT_RENAME] = "rename", [FAULT_MKDIR] = "mkdir",
	[FAULT_ALLOCATE] = "allocate", [FAULT_TRUNCATE] = "truncate",
	[FAULT_UNLINK] = "unlink", [FAULT_LINK] = "link",
	[FAULT_CLOSE] = "close", [FAULT_SPACE] = "space",
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EDQUOT", EDQUOT },
	{ "EROFS", EROFS }, { "ENOMEM", ENOMEM }, { "EMFILE", EMFILE },
};

enum mode { MODE_ONCE, MODE_ON, MODE_SHORT, MODE_FULL, MODE_HOLD,
    MODE__COUNT };
static const char *const mode_names[MODE__COUNT] = { "once", "on", "short",
	"full", "hold" };

/* All under the lock of calls.c. */
static char control[PATH_MAX], reached[PATH_MAX + 16];
static struct {
	char id[32];
	unsigned calls;			/* bit set */
	unsigned long number;
	int error;
	enum mode mode;
	char pattern[128];
} order;
static unsigned long counted, failed;
static char first[128];

void
inject_start(const char *control_path)
{
	if (control_path == NULL)
		return;
	snprintf(control, sizeof(control), "%s", control_path);
	snprintf(reached, sizeof(reached), "%s.reached", control_path);
}

static unsigned
parse_calls(char *names)
{
	unsigned calls = 0;
	char *state = NULL;

	if (strcmp(names, "all") == 0)
		return ~0u;
	for (char *name = strtok_r(names, ",", &state); name != NULL;
	    name = strtok_r(NULL, ",", &state)) {
		unsigned call = 0;

		while (call < FAULT__COUNT &&
		    strcmp(name, call_names[call]) != 0)
			call++;
		if (call == FAULT__COUNT)
			fault_die(name);
		calls |= 1u << call;
	}
	return calls;
}

static void
parse_order(const char *text)
{
	char id[32], calls[128], error[16], mode[16], pattern[128] = "*";
	size_t i = 0;
	unsigned m = 0;

	if (sscanf(text, "%31s %127s %lu %15s %15s %127s", id, calls,
	    &order.number, error, mode, pattern) < 5)
		fault_die(text);
	if (strcmp(id, order.id) != 0) {
		counted = failed = 0;
		first[0] = '\0';
	}
	memcpy(order.id, id, sizeof(id));
	memcpy(order.pattern, pattern, sizeof(pattern));
	order.calls = parse_calls(calls);
	while (i < sizeof(errors) / sizeof(errors[0]) &&
	    strcmp(error, errors[i].name) != 0)
		i++;
	while (m < MODE__COUNT && strcmp(mode, mode_names[m]) != 0)
		m++;
	if (i == sizeof(errors) / sizeof(errors[0]) || m == MODE__COUNT)
		fault_die(text);
	order.error = errors[i].number;
	order.mode = (enum mode)m;
}

/* False: nothing is ordered. */
static bool
read_order(void)
{
	char text[512];
	int fd;
	ssize_t size;

	if (control[0] == '\0')
		return false;
	fd = (int)fault_raw(SYS_openat, AT_FDCWD, control,
	    O_RDONLY | O_CLOEXEC, 0);
	if (fd == -1)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	fault_close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	parse_order(text);
	return true;
}

/* One write of one length: who reads sees a whole line. */
static void
tell(void)
{
	char line[REACHED_BYTES + 1];
	int fd, length;

	length = snprintf(line, sizeof(line), "%s %lu %lu %s", order.id,
	    counted, failed, first);
	if (length < 0 || length >= REACHED_BYTES)
		fault_die("the line of what was reached");
	memset(line + length, ' ', (size_t)(REACHED_BYTES - length));
	line[REACHED_BYTES - 1] = '\n';
	fd = (int)fault_raw(SYS_openat, AT_FDCWD, reached,
	    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || fault_raw(SYS_pwrite64, fd, line,
	    (size_t)REACHED_BYTES, (off_t)0) != REACHED_BYTES)
		fault_die(reached);
	fault_close(fd);
}

/* What the mode makes of the call that was just counted. */
static int
fate(enum fault_call call, size_t *size)
{
	bool is_it = counted == order.number;
	bool is_behind = counted > order.number;

	switch (order.mode) {
	case MODE_ONCE:
		return is_it ? order.error : 0;
	case MODE_ON:
		return is_it || is_behind ? order.error : 0;
	case MODE_FULL:
		if (is_behind)
			return order.error;
		/* FALLTHROUGH */
	case MODE_SHORT:
		if (is_it && call == FAULT_WRITE && *size > 1)
			*size /= 2;
		return 0;
	case MODE_HOLD:
	case MODE__COUNT:
		break;
	}
	return 0;
}

/* Until the order is another. */
static void
hold(void)
{
	const struct timespec pause = { 0, HOLD_POLL_NS };
	char id[sizeof(order.id)];

	memcpy(id, order.id, sizeof(id));
	while (read_order() && strcmp(order.id, id) == 0)
		nanosleep(&pause, NULL);
}

int
inject_decide(enum fault_call call, const char *path, size_t *size)
{
	size_t wanted = size == NULL ? 0 : *size;
	int error;

	if (!read_order() || (order.calls & (1u << call)) == 0 ||
	    fnmatch(order.pattern, path, 0) != 0)
		return 0;
	counted++;
	error = fate(call, size);
	if (error != 0 || (size != NULL && *size != wanted)) {
		if (failed == 0)
			snprintf(first, sizeof(first), "%s %.100s",
			    call_names[call], path);
		failed++;
	}
	tell();
	if (order.mode == MODE_HOLD && counted == order.number)
		hold();
	return error;
}

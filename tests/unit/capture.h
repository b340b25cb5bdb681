/* For unit tests of what is logged: standard error into a file in memory. */
#ifndef TESTS_UNIT_CAPTURE_H
#define TESTS_UNIT_CAPTURE_H

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CAPTURE_SIZE 65536

static int capture_saved = -1;
static int capture_fd = -1;
static char capture_text[CAPTURE_SIZE];

static void
capture_start(void)
{
	fflush(stderr);
	capture_saved = dup(STDERR_FILENO);
	capture_fd = memfd_create("stderr", MFD_CLOEXEC);
	if (capture_saved < 0 || capture_fd < 0 ||
	    dup2(capture_fd, STDERR_FILENO) < 0)
		abort();
}

/* What was written since capture_start(), until the next call. */
static const char *
capture_end(void)
{
	ssize_t n;

	fflush(stderr);
	if (dup2(capture_saved, STDERR_FILENO) < 0)
		abort();
	n = pread(capture_fd, capture_text, sizeof(capture_text) - 1, 0);
	if (n < 0)
		abort();
	capture_text[n] = '\0';
	close(capture_saved);
	close(capture_fd);
	return capture_text;
}

#endif

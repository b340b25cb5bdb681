/* The answers of a daemon, read by somebody who trusts it with nothing. */
#ifndef TESTS_FUZZ_DAEMON_ANSWERS_H
#define TESTS_FUZZ_DAEMON_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

struct answers {
	unsigned count;		/* 100 is not counted */
	bool has_media;		/* an object, or a part of one, or 304 */
	bool is_cut;		/* the last one is not whole */
	bool is_page;		/* the last one is a page of the library */
	const char *last;	/* the last header, with a NUL at the end of
				 * all */
};

/*
 * Take the answers on one connection apart.  may_be_head: some may have been
 * asked for with HEAD, so that the body may be missing.  NULL, or what is wrong
 * with them; static.
 */
const char *answers_parse(const char *bytes, size_t size, bool may_be_head,
    struct answers *out);

#endif

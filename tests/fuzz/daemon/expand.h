/* An input of the fuzzer, which knows no key and no id, becomes what is sent:
 * "@{NAME}" is replaced by a value of the running daemons.
 */
#ifndef TESTS_FUZZ_DAEMON_EXPAND_H
#define TESTS_FUZZ_DAEMON_EXPAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPAND_MAX (256 * 1024)
#define EXPAND_CUTS 32

/* What is sent; at each cut one write ends and the next begins. */
struct expansion {
	char bytes[EXPAND_MAX + 1];	/* a NUL follows */
	size_t size;
	size_t cuts[EXPAND_CUTS];
	size_t cut_count;
};

/*
 * The values: lines "NAME VALUE" of a file.  Aborts without it.  Beside them
 * there are
 *	@{|}		a cut
 *	@{fill N}	N bytes
 *	@{in N}		the Unix time in N seconds; N may be negative
 *	@{token}	the right token for the last target of stored that was
 *			written, and its method; but never one that deletes
 *			@{object}
 */
void expand_load(const char *path);

/* One more value, or another for a name that is there. */
void expand_set(const char *name, const char *text);

/* NULL: no such value. */
const char *expand_value(const char *name);

void expand(struct expansion *out, const uint8_t *bytes, size_t size);

/*
 * Does what is sent hold, together, a target of /media/ and the token that is
 * right for it?
 */
bool expand_has_media_token(const struct expansion *sent);

#endif

/* One connection to a daemon: what is sent, in how many writes, and all that
 * comes back until the daemon ends it.
 */
#ifndef TESTS_FUZZ_DAEMON_EXCHANGE_H
#define TESTS_FUZZ_DAEMON_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/fuzz/daemon/expand.h"

#define REPLY_MAX (8 * 1024 * 1024)

struct reply {
	char *bytes;		/* a NUL follows; the caller's, of REPLY_MAX + 1
				 * bytes */
	size_t size;
	bool has_ended;		/* the daemon closed the connection in time */
};

/*
 * Send all, then end our side.  False: the daemon takes no connection.
 */
bool exchange(unsigned port, const struct expansion *sent,
    struct reply *reply);

#endif

/* stored --scrub: ask the daemon to scrub and follow it, or do it here. */
#ifndef STORED_SCRUB_COMMAND_H
#define STORED_SCRUB_COMMAND_H

#include "stored/settings.h"

#define SCRUB_EXIT_FOUND 3	/* something is damaged or unreadable */

/*
 * The exit status: 0 when a whole round found every object as it was stored,
 * SCRUB_EXIT_FOUND when it did not, 1 when there was no whole round; what was
 * found is on standard output, the reason of a failure in the log.
 */
int scrub_command(const struct settings *settings);

#endif

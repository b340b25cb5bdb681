/* commerced --audit: does the storage service hold what the books say?
 *
 * Runs beside the daemon or without it: it reads the books, and writes
 * nothing but objects that are missing, damaged or of a wrong size there and
 * whose sealed file is still here.
 */
#ifndef COMMERCED_AUDIT_H
#define COMMERCED_AUDIT_H

#include <stdint.h>

#include "commerced/settings.h"

#define AUDIT_EXIT_FOUND 3	/* they do not agree */

/*
 * Also open one random chunk of sample objects (0: of none).  The exit
 * status: 0 when all agrees, AUDIT_EXIT_FOUND when something was found (also
 * when it was sent again), 1 when the audit did not come to its end.  What
 * was found is on standard output, the reason of a failure in the log.
 */
int audit_command(const struct settings *settings, int64_t sample);

#endif

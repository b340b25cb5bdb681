/* The names in ROOT/incoming/COMMERCE/, shared by incoming.c and leftovers.c;
 * everybody else uses incoming.h.
 */
#ifndef STORED_LEFTOVERS_H
#define STORED_LEFTOVERS_H

#include "stored/objects.h"

#define LEFTOVERS_TEMPORARY ".tmp"
#define LEFTOVERS_PART ".part"
#define LEFTOVERS_TOTAL ".total"

/* The folder of an issuer, made where it is missing.  -1 and errno. */
int leftovers_make_folder(struct objects *objects, const char *commerce_id);

#endif

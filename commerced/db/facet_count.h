/* How often values occur: those that differ in ASCII case only are one, as the
 * first of them is written.
 */
#ifndef COMMERCED_DB_FACET_COUNT_H
#define COMMERCED_DB_FACET_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "commerced/model.h"

struct facet_count {		/* all zero: nothing counted */
	struct facet_slot {
		uint64_t hash;
		char *value;	/* NULL: the slot is free */
		int64_t count;
	} *slots;
	size_t capacity;	/* a power of two, or 0 */
	size_t used;
};

/* n more of a value, which is copied.  ERR_NO_MEMORY. */
enum err facet_count_add(struct facet_count *counted, const char *value,
    int64_t n);

/*
 * The most frequent into an empty list, at most limit; of those equally
 * frequent the first by name.  They are not in counted any more, which is only
 * to be cleared then.  ERR_NO_MEMORY.
 */
enum err facet_count_take(struct facet_count *counted, size_t limit,
    struct facet_list *out);

void facet_count_clear(struct facet_count *counted);

#endif

/* The file by which a fuzzed daemon shows its counters to the fuzzer. */
#ifndef TESTS_FUZZ_DAEMON_COUNTERS_H
#define TESTS_FUZZ_DAEMON_COUNTERS_H

#include <stdint.h>

struct counters_head {
	uint64_t offset;	/* of the first counter in the file */
	uint64_t count;		/* bytes, one for each edge */
};

#endif

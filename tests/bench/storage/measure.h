/* What a run is measured by: a histogram of latencies, and what the kernel
 * says of another process.
 */
#ifndef BENCH_STORAGE_MEASURE_H
#define BENCH_STORAGE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HISTOGRAM_BUCKETS 2560

/* Microseconds up to 2^40, exact to one part in 64. */
struct histogram {
	uint64_t count;
	uint64_t max_us;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t us);

/* The least value that share (0 to 1) of all do not exceed; 0 for none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* The monotonic clock. */
uint64_t measure_now_ns(void);

/* All threads of a process together, from /proc/PID/task/TID/schedstat. */
struct cpu_time {
	uint64_t ran_ns;
	uint64_t waited_ns;	/* runnable, but something else had the core */
};

/* False when there is no such process. */
bool measure_cpu_time(pid_t pid, struct cpu_time *out);

/* Resident memory in KiB; 0 when there is no such process. */
uint64_t measure_resident_kib(pid_t pid);

#endif

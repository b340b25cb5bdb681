/* Histogram, processor time and memory: see measure.h. */
#include "tests/bench/storage/measure.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Up to 127 a bucket for each value, above it 64 for each power of two. */
static unsigned bucket_of(uint64_t us)
{
	unsigned shift = 0;
	unsigned index;

	while (us >> shift >= 128)
		shift++;
	index = shift * 64 + (unsigned)(us >> shift);
	return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_end(unsigned index)
{
	unsigned shift = index < 128 ? 0 : index / 64 - 1;

	return (((uint64_t)index - shift * 64 + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t us)
{
	histogram->count++;
	histogram->buckets[bucket_of(us)]++;
	if (us > histogram->max_us)
		histogram->max_us = us;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)((double)histogram->count * share);
	uint64_t seen = 0;

	if (histogram->count == 0)
		return 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= wanted && seen > 0)
			return bucket_end(i) < histogram->max_us ?
			    bucket_end(i) : histogram->max_us;
	}
	return histogram->max_us;
}

uint64_t measure_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void add_thread(pid_t pid, const char *thread, struct cpu_time *out)
{
	char path[64];
	unsigned long long ran, waited;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%.20s/schedstat",
	    (long)pid, thread);
	file = fopen(path, "re");
	if (file == NULL)	/* a thread that ended just now */
		return;
	if (fscanf(file, "%llu %llu", &ran, &waited) == 2) {
		out->ran_ns += ran;
		out->waited_ns += waited;
	}
	fclose(file);
}

bool measure_cpu_time(pid_t pid, struct cpu_time *out)
{
	char path[32];
	struct dirent *entry;
	DIR *folder;

	*out = (struct cpu_time){ 0 };
	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	folder = opendir(path);
	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			add_thread(pid, entry->d_name, out);
	closedir(folder);
	return true;
}

uint64_t measure_resident_kib(pid_t pid)
{
	char path[32], line[256];
	unsigned long long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmRSS: %llu", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* One measurement with the load client, and the line that tells of it. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/bench/storage/load.h"

/* A moment: the clock, and what both sides had used until then. */
struct moment {
	uint64_t now_ns;
	struct cpu_time server, client;
};

static bool moment_take(struct moment *moment, pid_t server)
{
	moment->now_ns = measure_now_ns();
	moment->server = (struct cpu_time){ 0 };
	return measure_cpu_time(getpid(), &moment->client) &&
	    (server == 0 || measure_cpu_time(server, &moment->server));
}

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) / 1e9;
}

static void report(const struct load_options *options,
    const struct load_counts *counts, const struct moment *from,
    const struct moment *to)
{
	printf("requests=%" PRIu64 " seconds=%.4f bytes=%" PRIu64
	    " cpu_s=%.6f wait_s=%.6f client_s=%.6f", counts->requests,
	    seconds(from->now_ns, to->now_ns), counts->bytes,
	    seconds(from->server.ran_ns, to->server.ran_ns),
	    seconds(from->server.waited_ns, to->server.waited_ns),
	    seconds(from->client.ran_ns, to->client.ran_ns));
	printf(" p50_us=%" PRIu64 " p99_us=%" PRIu64 " max_us=%" PRIu64
	    " errors=%" PRIu64 " reconnects=%" PRIu64 " resident_kib=%" PRIu64
	    "\n", histogram_quantile(&counts->latency, 0.5),
	    histogram_quantile(&counts->latency, 0.99), counts->latency.max_us,
	    counts->errors, counts->reconnects,
	    options->server_pid == 0 ? 0 :
	    measure_resident_kib(options->server_pid));
}

bool load_measure(const struct load_options *options,
    const struct load_requests *requests)
{
	struct load *load = load_new(options, requests);
	struct moment from, to;
	uint64_t begin_ns, errors;
	bool is_good = false;

	if (load == NULL || !load_open(load))
		goto out;
	begin_ns = measure_now_ns() + (uint64_t)(options->warm_s * 1e9);
	if (!load_run(load, begin_ns))
		goto out;
	errors = load_counts(load)->errors;
	load_counts_reset(load);
	if (!moment_take(&from, options->server_pid) ||
	    !load_run(load, begin_ns + (uint64_t)(options->seconds * 1e9)) ||
	    !moment_take(&to, options->server_pid))
		goto out;
	report(options, load_counts(load), &from, &to);
	if (options->source == NULL || load_finish(load))
		is_good = errors + load_counts(load)->errors == 0;
out:
	load_free(load);
	return is_good;
}

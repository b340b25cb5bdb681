/* Load client: keeps connections busy with GET requests for some seconds and
 * prints one line of what came back and what it cost the server.
 *
 *	load [OPTION...] PORT LINES-FILE
 *
 *	-c COUNT	busy connections (64)
 *	-i COUNT	idle connections, opened before and answered once
 *	-d SECONDS	measured (3); -w SECONDS before that, not measured (0.3)
 *	-p PID		the server, whose processor time and memory is read
 *	-x		any line for each request; else line i for connection i
 *	-r BYTES -s SIZE	ranges of BYTES anywhere in an object of SIZE
 *
 * The line: requests seconds bytes cpu_s wait_s client_s p50_us p99_us max_us
 * errors reconnects resident_kib, each as name=value.  Status 1 when an answer
 * was not the expected one.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/storage/load.h"

static bool options_read(int argc, char *argv[], struct load_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "c:i:d:w:p:xr:s:")) != -1)
		switch (option) {
		case 'c':
			options->connections = (unsigned)strtoul(optarg, NULL,
			    10);
			break;
		case 'i':
			options->idle = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			options->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			options->warm_s = strtod(optarg, NULL);
			break;
		case 'p':
			options->server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'x':
			options->random_order = true;
			break;
		case 'r':
			options->range_bytes = strtoull(optarg, NULL, 10);
			options->body_status = 206;
			break;
		case 's':
			options->object_bytes = strtoull(optarg, NULL, 10);
			break;
		default:
			return false;
		}
	if (argc - optind != 2 || options->connections == 0 ||
	    options->range_bytes > options->object_bytes)
		return false;
	options->address.sin_port = htons((uint16_t)strtoul(argv[optind], NULL,
	    10));
	options->lines_path = argv[optind + 1];
	return true;
}

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

static bool measure(struct load *load, const struct load_options *options)
{
	struct moment from, to;
	uint64_t begin_ns, errors;

	if (!load_open(load))
		return false;
	begin_ns = measure_now_ns() + (uint64_t)(options->warm_s * 1e9);
	if (!load_run(load, begin_ns))
		return false;
	errors = load_counts(load)->errors;
	load_counts_reset(load);
	if (!moment_take(&from, options->server_pid) ||
	    !load_run(load, begin_ns + (uint64_t)(options->seconds * 1e9)) ||
	    !moment_take(&to, options->server_pid))
		return false;
	report(options, load_counts(load), &from, &to);
	return errors + load_counts(load)->errors == 0;
}

int main(int argc, char *argv[])
{
	struct load_options options = {
		.address = { .sin_family = AF_INET,
		    .sin_addr = { htonl(INADDR_LOOPBACK) } },
		.connections = 64,
		.warm_s = 0.3,
		.seconds = 3,
		.body_status = 200,
	};
	struct load_requests requests = { 0 };
	struct load *load = NULL;
	bool is_good = false;

	if (!options_read(argc, argv, &options)) {
		fputs("load [-x] [-c COUNT] [-i COUNT] [-d SECONDS]"
		    " [-w SECONDS] [-p PID] [-r BYTES -s SIZE]"
		    " PORT LINES-FILE\n", stderr);
		return 2;
	}
	if (load_requests_read(&requests, &options))
		load = load_new(&options, &requests);
	if (load != NULL)
		is_good = measure(load, &options);
	load_free(load);
	load_requests_free(&requests);
	return is_good ? 0 : 1;
}

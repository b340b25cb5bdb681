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
 *	-t		TLS 1.3; -T the same from the ticket of one session
 *	-f		a connection for each request, from another address
 *
 * The line: as load_measure() prints it.  Status 1 when an answer was not the
 * expected one.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/storage/load.h"

static bool options_read(int argc, char *argv[], struct load_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "c:i:d:w:p:xr:s:tTf")) != -1)
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
		case 'T':
			options->resumes = true;
			/* FALLTHROUGH */
		case 't':
			options->is_tls = true;
			break;
		case 'f':
			options->is_fresh = true;
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
	bool is_good;

	if (!options_read(argc, argv, &options)) {
		fputs("load [-xtTf] [-c COUNT] [-i COUNT] [-d SECONDS]"
		    " [-w SECONDS] [-p PID] [-r BYTES -s SIZE]"
		    " PORT LINES-FILE\n", stderr);
		return 2;
	}
	is_good = load_requests_read(&requests, &options) &&
	    load_measure(&options, &requests);
	load_requests_free(&requests);
	return is_good ? 0 : 1;
}

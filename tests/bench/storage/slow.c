/* Slow clients, beside whom others are measured.
 *
 *	slow [-r READERS] [-s SENDERS] PORT LINES-FILE
 *
 * A reader asks for what its line says and takes 64 bytes of the answer each
 * second, through a receive buffer as small as can be; a sender sends one byte
 * of its request each second.  Who is cut comes again.  Prints "ready" once
 * all are connected, and at SIGTERM how often one came again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/storage/load.h"

#define SIP_BYTES 64
#define BEGUN_BYTES 16		/* of a request, sent at once */
#define TURN_NS 1000000		/* each connection once a second */
#define TURNS 1000

struct client {
	int fd;
	bool reads;
	const struct load_request *request;
	size_t sent;
};

static volatile sig_atomic_t ends;

static void on_end(int number)
{
	(void)number;
	ends = 1;
}

static bool client_open(struct client *client,
    const struct sockaddr_in *address)
{
	static const int small = 1;
	size_t at_once = client->reads ? client->request->length :
	    BEGUN_BYTES;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return false;
	if (client->reads)
		(void)setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
	client->sent = at_once;
	return connect(client->fd, (const struct sockaddr *)address,
	    sizeof(*address)) == 0 &&
	    fcntl(client->fd, F_SETFL, O_NONBLOCK) == 0 &&
	    send(client->fd, client->request->bytes, at_once, MSG_NOSIGNAL) ==
	    (ssize_t)at_once && (!client->reads ||
	    send(client->fd, "\r\n", 2, MSG_NOSIGNAL) == 2);
}

/* False: the server has shut it. */
static bool client_step(struct client *client)
{
	char bytes[SIP_BYTES];
	ssize_t done;

	if (client->reads || client->sent == client->request->length)
		done = recv(client->fd, bytes, sizeof(bytes), 0);
	else
		done = send(client->fd, client->request->bytes +
		    client->sent++, 1, MSG_NOSIGNAL);
	return done > 0 || (done < 0 && errno == EAGAIN);
}

static bool serve(struct client *clients, size_t count,
    const struct sockaddr_in *address)
{
	const struct timespec turn = { .tv_nsec = TURN_NS };
	uint64_t again = 0;
	size_t next = 0;

	while (!ends) {
		for (size_t i = 0; i < (count + TURNS - 1) / TURNS; i++) {
			struct client *client = &clients[next];

			next = (next + 1) % count;
			if (client_step(client))
				continue;
			close(client->fd);
			again++;
			if (!client_open(client, address) && client->fd < 0)
				return false;
		}
		nanosleep(&turn, NULL);
	}
	printf("again=%" PRIu64 "\n", again);
	return true;
}

static bool begin(struct client *clients, size_t readers, size_t count,
    const struct load_requests *requests, const struct sockaddr_in *address)
{
	for (size_t i = 0; i < count; i++) {
		clients[i].reads = i < readers;
		clients[i].request = &requests->all[i % requests->count];
		if (!client_open(&clients[i], address)) {
			perror("slow: opening");
			return false;
		}
	}
	puts("ready");
	return fflush(stdout) == 0;
}

int main(int argc, char *argv[])
{
	struct load_options options = { .address = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } } };
	struct load_requests requests = { 0 };
	size_t readers = 0, senders = 0;
	struct client *clients;
	bool is_good = false;
	int option;

	while ((option = getopt(argc, argv, "r:s:")) != -1) {
		if (option == 'r')
			readers = strtoul(optarg, NULL, 10);
		else if (option == 's')
			senders = strtoul(optarg, NULL, 10);
	}
	if (argc - optind != 2 || readers + senders == 0) {
		fputs("slow [-r READERS] [-s SENDERS] PORT LINES-FILE\n",
		    stderr);
		return 2;
	}
	options.address.sin_port = htons((uint16_t)strtoul(argv[optind], NULL,
	    10));
	options.lines_path = argv[optind + 1];
	signal(SIGTERM, on_end);
	clients = calloc(readers + senders, sizeof(*clients));
	if (clients != NULL && load_requests_read(&requests, &options))
		is_good = begin(clients, readers, readers + senders,
		    &requests, &options.address) &&
		    serve(clients, readers + senders, &options.address);
	load_requests_free(&requests);
	free(clients);
	return is_good ? 0 : 1;
}

/* The load client: its options, the requests it sends, its connections. */
#ifndef BENCH_STORAGE_LOAD_H
#define BENCH_STORAGE_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/bench/storage/measure.h"

/*
 * Where requests come from that are not the lines of a file: a whole one for
 * each turn of a connection, and word of each good answer.
 */
struct load_source {
	size_t (*write)(void *context, unsigned connection, char *out,
	    size_t capacity);	/* how long it is; less than capacity */
	void (*answered)(void *context, unsigned connection);
	void *context;
};

struct load_options {
	struct sockaddr_in address;
	const struct load_source *source;	/* NULL: lines_path */
	const char *lines_path;
	unsigned connections;
	unsigned idle;			/* opened before, one request each */
	double warm_s, seconds;
	pid_t server_pid;		/* 0: not looked at */
	bool random_order;		/* any line for each request; else
					 * connection i always sends line i */
	uint64_t range_bytes;		/* 0: whole */
	uint64_t object_bytes;		/* to draw ranges from */
	unsigned body_status;		/* 200, 206 */
	bool is_tls, resumes;		/* and goes on from a ticket */
	bool is_fresh;			/* a connection for each request */
};

/* One request, ready to send but for its Range and the empty line. */
struct load_request {
	const char *bytes;
	size_t length;
};

struct load_requests {
	struct load_request *all;
	size_t count;
	char *text;
};

/*
 * From the lines of targets.c.  False, with a message, when the file cannot be
 * read or holds no line.  load_requests_free() is allowed after either.
 */
bool load_requests_read(struct load_requests *requests,
    const struct load_options *options);
void load_requests_free(struct load_requests *requests);

/* What was counted between the beginning and the end of the measurement. */
struct load_counts {
	uint64_t requests;	/* answered in full */
	uint64_t bytes;		/* of bodies, those of cut ones too */
	uint64_t errors;	/* other status, or cut by the server */
	uint64_t reconnects;	/* the server closed after an answer */
	struct histogram latency;
};

struct load;

/* NULL, with a message, when something is missing.  requests: NULL with a
 * source.
 */
struct load *load_new(const struct load_options *options,
    const struct load_requests *requests);
void load_free(struct load *load);

/*
 * Open the idle connections and see each answered once, then open the others
 * and keep them busy.  False when the server does not take them.
 */
bool load_open(struct load *load);

/*
 * Keep the connections busy until the clock says until_ns.  False, with a
 * message, when nothing came for 10 seconds.
 */
bool load_run(struct load *load, uint64_t until_ns);

/* Send nothing more, and wait for the answers that are owed. */
bool load_finish(struct load *load);

/* Counted since the last reset; borrowed. */
const struct load_counts *load_counts(const struct load *load);
void load_counts_reset(struct load *load);

/*
 * All of it: open, warm up, measure, and with a source see every request
 * answered.  Prints one line on stdout: requests seconds bytes cpu_s wait_s
 * client_s p50_us p99_us max_us errors reconnects resident_kib, each as
 * name=value.  False when the server did not serve or an answer was not the
 * expected one.
 */
bool load_measure(const struct load_options *options,
    const struct load_requests *requests);

#endif

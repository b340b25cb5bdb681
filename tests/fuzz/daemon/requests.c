/* Whole requests to a daemon that runs in its own process: the input is what
 * a client sends on one connection, with "@{NAME}" in it (expand.h).  Started
 * by run.sh beside this file, which says by the environment where the daemon
 * is:
 *	FUZZ_PORT, FUZZ_PID	of the daemon
 *	FUZZ_VALUES		file of values
 *	FUZZ_COUNTERS		file of the daemon's counters; may be absent
 *	FUZZ_EVERY		how often a sound request looks whether the
 *				daemon still serves: after so many inputs
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/fuzz/daemon/answers.h"
#include "tests/fuzz/daemon/counters.h"
#include "tests/fuzz/daemon/exchange.h"
#include "tests/fuzz/fuzz.h"

#define COUNTERS (64 * 1024)
#define WARM_UP 50		/* inputs before descriptors are counted */
#define LOOK_EVERY 500		/* inputs, then they are counted again */
#define DESCRIPTORS_MORE 64	/* than before: kept objects, connections */
#define SETTLE_MS 20000
#define HELD_UP_MS 1000		/* half of run.sh's header-timeout */
#define TRIES 5
#define RESIDENT_MOST_KIB (1536L * 1024)	/* with a sanitizer */

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* libFuzzer takes these for counters of its own. */
__attribute__((section("__libfuzzer_extra_counters")))
static uint8_t counters[COUNTERS];

static struct {
	unsigned port;
	pid_t pid;
	unsigned every, inputs;
	uint8_t *shared;	/* the daemon's counters; NULL: none */
	size_t shared_count;
	size_t descriptors;	/* after the first inputs */
} target;

static struct expansion sent;
static char reply_bytes[REPLY_MAX + 1];

/* --- the daemon ----------------------------------------------------------- */

static const char *
environment(const char *name)
{
	const char *text = getenv(name);

	if (text == NULL) {
		fprintf(stderr, "%s is not set: start this by run.sh\n", name);
		abort();
	}
	return text;
}

static void
map_counters(const char *path)
{
	struct counters_head head = { 0, 0 };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t *file;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) !=
	    (ssize_t)sizeof(head))
		abort();
	file = mmap(NULL, head.offset + head.count, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		abort();
	close(fd);
	target.shared = file + head.offset;
	target.shared_count = head.count;
	fprintf(stderr, "%zu counters of the daemon\n", target.shared_count);
}

static void
take_counters(void)
{
	for (size_t i = 0; i < target.shared_count; i++)
		if (target.shared[i] != 0)
			counters[i % COUNTERS] |= target.shared[i];
	if (target.shared != NULL)
		memset(target.shared, 0, target.shared_count);
}

static size_t
count_descriptors(void)
{
	char path[64];
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)target.pid);
	folder = opendir(path);
	PROMISE(folder != NULL);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static long
resident_kib(void)
{
	char path[64], line[128];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)target.pid);
	file = fopen(path, "r");
	PROMISE(file != NULL);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(file);
	return kib;
}

/* It keeps what it needs, and no more with each request. */
static void
check_resources(void)
{
	int64_t until_ms = clock_monotonic_ms() + SETTLE_MS;
	bool has_settled = false;

	if (target.descriptors == 0) {
		target.descriptors = count_descriptors();
		return;
	}
	while (!has_settled && clock_monotonic_ms() < until_ms) {
		has_settled = count_descriptors() <=
		    target.descriptors + DESCRIPTORS_MORE;
		if (!has_settled)
			usleep(50000);
	}
	if (!has_settled)
		fprintf(stderr, "%zu descriptors, before %zu\n",
		    count_descriptors(), target.descriptors);
	PROMISE(has_settled);
	PROMISE(resident_kib() <= RESIDENT_MOST_KIB);
}

/* --- what is always true -------------------------------------------------- */

static bool
has(const char *bytes, size_t size, const char *name)
{
	const char *text = expand_value(name);

	return text != NULL && memmem(bytes, size, text, strlen(text)) != NULL;
}

static void
fail(const char *why, const struct reply *reply)
{
	size_t size = reply->size < 4096 ? reply->size : 4096;

	fprintf(stderr, "broken: %s\n--- sent\n", why);
	fwrite(sent.bytes, 1, sent.size < 4096 ? sent.size : 4096, stderr);
	fprintf(stderr, "\n--- answered\n");
	fwrite(reply->bytes, 1, size, stderr);
	fprintf(stderr, "\n---\n");
	abort();
}

/* Nobody learns what only its owner may see. */
static void
check_private(const struct reply *reply, const struct answers *answers)
{
	bool may_see = expand_value("session") == NULL ?
	    expand_has_media_token(&sent) :
	    has(sent.bytes, sent.size, "session") ||
	    has(sent.bytes, sent.size, "admin") ||
	    has(sent.bytes, sent.size, "private");

	if (has(reply->bytes, reply->size, "signing-key") ||
	    has(reply->bytes, reply->size, "master-key"))
		fail("a key is shown", reply);
	if (may_see)
		return;
	if (has(reply->bytes, reply->size, "private"))
		fail("what is private was shown", reply);
	if (expand_value("session") == NULL && answers->has_media)
		fail("an object without its token", reply);
}

static void
check_reply(const struct reply *reply)
{
	struct answers answers;
	bool may_be_head = memmem(sent.bytes, sent.size, "HEAD", 4) != NULL;
	const char *broken = answers_parse(reply->bytes, reply->size,
	    may_be_head, &answers);

	if (broken != NULL)
		fail(broken, reply);
	if (!reply->has_ended && reply->size < REPLY_MAX)
		fail("the connection never ended", reply);
	check_private(reply, &answers);
}

/*
 * A client who does nothing wrong, on a connection of its own.  Where the
 * machine itself held it up, it may have been shut as one who is slow: then it
 * asks again.
 */
static void
check_service(void)
{
	static const char of_stored[] = "GET /media/@{object}?commerce="
	    "@{commerce}&key=@{key}&expires=@{in 600}&grant=good HTTP/1.1\r\n"
	    "Host: good\r\nConnection: close\r\n"
	    "Authorization: Bearer @{token}\r\n\r\n";
	static const char of_commerced[] = "GET /v1/account HTTP/1.1\r\n"
	    "Host: good\r\nConnection: close\r\n"
	    "Authorization: Bearer @{session}\r\n\r\n";
	const char *good = expand_value("session") == NULL ? of_stored :
	    of_commerced;
	struct reply reply = { .bytes = reply_bytes };

	for (int i = 0; i < TRIES; i++) {
		int64_t begun_ms = clock_monotonic_ms();

		expand(&sent, (const uint8_t *)good, strlen(good));
		PROMISE(exchange(target.port, &sent, &reply));
		if (strncmp(reply.bytes, "HTTP/1.1 200 ", 13) == 0 &&
		    has(reply.bytes, reply.size, "private"))
			return;
		if (clock_monotonic_ms() - begun_ms < HELD_UP_MS)
			break;
	}
	fail("a sound request is not served", &reply);
}

/* What would take from all other inputs what they work with. */
static bool
is_excluded(void)
{
	if (memmem(sent.bytes, sent.size, "DELETE ", 7) == NULL)
		return false;
	return has(sent.bytes, sent.size, "session") ||
	    (has(sent.bytes, sent.size, "admin") &&
	    memmem(sent.bytes, sent.size, "/files/", 7) == NULL);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = getenv("FUZZ_COUNTERS");

	(void)argc;
	(void)argv;
	target.port = (unsigned)strtoul(environment("FUZZ_PORT"), NULL, 10);
	target.pid = (pid_t)strtol(environment("FUZZ_PID"), NULL, 10);
	target.every = (unsigned)strtoul(environment("FUZZ_EVERY"), NULL, 10);
	PROMISE(target.every > 0);
	expand_load(environment("FUZZ_VALUES"));
	if (path != NULL)
		map_counters(path);
	check_service();
	take_counters();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reply reply = { .bytes = reply_bytes };

	expand(&sent, bytes, size);
	if (is_excluded())
		return 0;
	PROMISE(exchange(target.port, &sent, &reply));
	check_reply(&reply);
	take_counters();
	if (target.inputs++ % target.every == 0) {
		PROMISE(kill(target.pid, 0) == 0);
		check_service();
	}
	if (target.inputs % LOOK_EVERY == WARM_UP)
		check_resources();
	return 0;
}

/* Ask, follow, tell. */
#include "stored/scrub_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "stored/admin_client.h"
#include "stored/scrub.h"

#define LOOK_INTERVAL_MS 500
#define LOOKS_FOR_NEWS 20	/* the progress is told every ten seconds */

/* --- telling -------------------------------------------------------------- */

static void
tell_finding(const char *what, const char *commerce_id, const char *object)
{
	printf("%s commerce=%s object=%s\n", what, commerce_id, object);
}

/* The last line; the exit status. */
static int
tell_round(uint64_t objects, uint64_t bytes, uint64_t damaged,
    uint64_t unreadable)
{
	printf("objects=%" PRIu64 " bytes=%" PRIu64 " damaged=%" PRIu64
	    " unreadable=%" PRIu64 "\n", objects, bytes, damaged, unreadable);
	if (fflush(stdout) != 0)
		return EXIT_FAILURE;
	return damaged + unreadable == 0 ? EXIT_SUCCESS : SCRUB_EXIT_FOUND;
}

/* --- by the daemon -------------------------------------------------------- */

static int64_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void
tell_findings(const json_t *findings)
{
	const char *what, *commerce_id, *object;
	json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
		if (json_unpack(finding, "{s:s, s:s, s:s}", "finding", &what,
		    "commerce", &commerce_id, "object", &object) == 0)
			tell_finding(what, commerce_id, object);
}

static void
rest(void)
{
	const struct timespec interval = { .tv_sec = 0,
	    .tv_nsec = LOOK_INTERVAL_MS * 1000000L };

	nanosleep(&interval, NULL);
}

static int
follow(const char *address, int64_t round)
{
	json_t *status = NULL;
	const json_t *last, *current;
	int result = EXIT_FAILURE;

	for (unsigned looks = 1; ; looks++) {
		if (admin_client_ask(address, "GET", "/scrub", &status) !=
		    ERR_OK) {
			log_error("the daemon has gone; it goes on with "
			    "round %" PRId64 " when it is started", round);
			return EXIT_FAILURE;
		}
		last = json_object_get(status, "last");
		current = json_object_get(status, "current");
		if (number_of(last, "round") >= round)
			break;
		if (looks % LOOKS_FOR_NEWS == 0)
			log_info("scrub: round=%" PRId64 " objects=%" PRId64
			    " bytes=%" PRId64 " so far", round,
			    number_of(current, "objects"),
			    number_of(current, "bytes"));
		json_decref(status);
		rest();
	}
	tell_findings(json_object_get(status, "findings"));
	result = tell_round((uint64_t)number_of(last, "objects"),
	    (uint64_t)number_of(last, "bytes"),
	    (uint64_t)number_of(last, "damaged"),
	    (uint64_t)number_of(last, "unreadable"));
	json_decref(status);
	return result;
}

/* --- here ----------------------------------------------------------------- */

static int
scrub_here(const struct settings *settings)
{
	struct scrub_options options = {
		.rate_bytes = (uint64_t)settings->scrub_rate_bytes,
	};
	struct scrub_status *status = calloc(1, sizeof(*status));
	const struct scrub_round *last = NULL;
	int result = EXIT_FAILURE;

	if (status == NULL || metrics_new(&options.metrics) != ERR_OK ||
	    objects_open(settings->object_root, &options.objects) != ERR_OK ||
	    scrub_run(&options, status) != ERR_OK)
		goto out;
	last = &status->rounds.last;
	for (size_t i = 0; i < status->finding_count; i++)
		tell_finding(status->findings[i].is_unreadable ? "unreadable" :
		    "damaged", status->findings[i].key.commerce_id,
		    status->findings[i].key.object);
	result = tell_round(last->objects, last->bytes, last->damaged,
	    last->unreadable);
out:
	objects_close(options.objects);
	metrics_free(options.metrics);
	free(status);
	return result;
}

/* An address of the daemon's that somebody else can connect to, or NULL. */
static const char *
find_address(const struct settings *settings)
{
	static const char activated[] = "systemd:";

	for (size_t i = 0; i < settings->http.admin_listen.count; i++)
		if (strncmp(settings->http.admin_listen.words[i], activated,
		    strlen(activated)) != 0)
			return settings->http.admin_listen.words[i];
	return NULL;
}

int
scrub_command(const struct settings *settings)
{
	const char *address = find_address(settings);
	enum err e = ERR_NOT_FOUND;
	json_t *answer = NULL;
	int64_t round;

	if (address != NULL)
		e = admin_client_ask(address, "POST", "/scrub", &answer);
	/* The lock of the root tells whether there is really nobody. */
	if (e == ERR_NOT_FOUND)
		return scrub_here(settings);
	if (e != ERR_OK)
		return EXIT_FAILURE;
	round = number_of(answer, "round");
	json_decref(answer);
	log_info("scrub: round=%" PRId64 " by the daemon on %s", round,
	    address);
	return follow(address, round);
}

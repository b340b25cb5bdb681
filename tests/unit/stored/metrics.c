/* Counters count, each under its own name. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stored/metrics.h"

static char *
text_of(struct metrics *metrics)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	metrics_write(metrics, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
assert_line(struct metrics *metrics, const char *line)
{
	char *text = text_of(metrics);

	if (strstr(text, line) == NULL)
		fail_msg("no %s in:\n%s", line, text);
	free(text);
}

static void
each_counter_stands_under_its_name(void **state)
{
	struct metrics *metrics;
	char *text;

	(void)state;
	assert_int_equal(metrics_new(&metrics), ERR_OK);
	assert_line(metrics, "\nstored_downloads_total 0\n");
	metrics_add(metrics, METRIC_DOWNLOADS, 1);
	metrics_add(metrics, METRIC_DOWNLOAD_BYTES, UINT64_C(5000000000));
	metrics_add(metrics, METRIC_DOWNLOAD_BYTES, 1);
	assert_line(metrics, "\nstored_downloads_total 1\n");
	assert_line(metrics, "\nstored_download_bytes_total 5000000001\n");
	text = text_of(metrics);
	assert_null(strstr(text, "(null)"));
	free(text);
	metrics_free(metrics);
}

static void
refusals_of_one_problem_are_one_line(void **state)
{
	struct metrics *metrics;

	(void)state;
	assert_int_equal(metrics_new(&metrics), ERR_OK);
	metrics_refused(metrics, ERR_TOKEN_REFUSED);
	metrics_refused(metrics, ERR_BUSY);
	metrics_refused(metrics, ERR_NO_MEMORY);	/* "busy", too */
	assert_line(metrics,
	    "\nstored_refused_total{problem=\"token-refused\"} 1\n");
	assert_line(metrics, "\nstored_refused_total{problem=\"busy\"} 2\n");
	metrics_free(metrics);
}

#define THREADS 4
#define ROUNDS 1000

static void *
accept_many(void *metrics)
{
	char commerce_id[16];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(commerce_id, sizeof(commerce_id), "c%d", i % 100);
		metrics_token_accepted(metrics, commerce_id, "k");
	}
	return NULL;
}

static void
each_key_is_counted_once_whoever_is_first(void **state)
{
	pthread_t threads[THREADS];
	struct metrics *metrics;
	char line[128];

	(void)state;
	assert_int_equal(metrics_new(&metrics), ERR_OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    accept_many, metrics), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "stored_tokens_accepted_total"
		    "{commerce=\"c%d\",key=\"k\"} %d\n", i,
		    THREADS * ROUNDS / 100);
		assert_line(metrics, line);
	}
	metrics_free(metrics);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_counter_stands_under_its_name),
		cmocka_unit_test(refusals_of_one_problem_are_one_line),
		cmocka_unit_test(each_key_is_counted_once_whoever_is_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is counted by route, by slug and of sales, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/http/service.h"

static const struct http_route routes[] = {
	{ .method = "GET", .pattern = "/a/{b}" },
	{ .method = "POST", .pattern = "/c" },
	{ .method = NULL },
};

static struct service service;
static char text[65536];

static int
make(void **state)
{
	(void)state;
	return metrics_new(routes, &service.metrics) == ERR_OK ? 0 : -1;
}

static int
unmake(void **state)
{
	(void)state;
	metrics_free(service.metrics);
	return 0;
}

static void
end(const struct http_route *route, int status, enum err refusal,
    int64_t took_us)
{
	const struct http_outcome outcome = { route, status, refusal,
	    took_us };

	metrics_request_ended(&outcome, &service);
}

/* Is that a line of the page? */
static bool
says(const char *line)
{
	FILE *out = fmemopen(text, sizeof(text), "w");
	char whole[256];

	assert_non_null(out);
	metrics_write(service.metrics, "EUR", out);
	assert_int_equal(fclose(out), 0);
	assert_true((size_t)snprintf(whole, sizeof(whole), "\ncommerced_%s\n",
	    line) < sizeof(whole));
	return strstr(text, whole) != NULL;
}

#define TIMES "http_request_duration_seconds"
#define OF_A "{route=\"/a/{b}\",method=\"GET\",code=\"2xx\""

static void
times_fall_into_the_bucket_that_they_do_not_exceed(void **state)
{
	(void)state;
	end(&routes[0], 200, ERR_OK, 500);
	end(&routes[0], 206, ERR_OK, 501);
	end(&routes[0], 200, ERR_OK, 1000);
	end(&routes[0], 200, ERR_OK, INT64_C(30000001));
	assert_true(says(TIMES "_bucket" OF_A ",le=\"0.0005\"} 1"));
	assert_true(says(TIMES "_bucket" OF_A ",le=\"0.001\"} 3"));
	assert_true(says(TIMES "_bucket" OF_A ",le=\"30\"} 3"));
	assert_true(says(TIMES "_bucket" OF_A ",le=\"+Inf\"} 4"));
	assert_true(says(TIMES "_count" OF_A "} 4"));
	assert_true(says(TIMES "_sum" OF_A "} 30.002002"));
}

static void
classes_and_routes_are_apart_and_strangers_are_other(void **state)
{
	(void)state;
	end(&routes[1], 599, ERR_OK, 1);
	end(NULL, 404, ERR_NOT_FOUND, 1);
	end(NULL, 0, ERR_OK, 1);	/* the client left */
	assert_true(says(TIMES "_count{route=\"/c\",method=\"POST\","
	    "code=\"5xx\"} 1"));
	assert_true(says(TIMES "_count{route=\"other\",method=\"other\","
	    "code=\"4xx\"} 1"));
	assert_null(strstr(text, "/a/{b}"));
	assert_null(strstr(text, "code=\"2xx\""));
}

static void
errors_of_one_slug_count_together(void **state)
{
	(void)state;
	end(NULL, 503, ERR_BUSY, 1);
	end(NULL, 503, ERR_NO_MEMORY, 1);
	end(NULL, 404, ERR_NOT_FOUND, 1);
	assert_true(says("http_refusals_total{slug=\"busy\"} 2"));
	assert_true(says("http_refusals_total{slug=\"not-found\"} 1"));
	assert_null(strstr(text, "slug=\"internal\""));
}

static void
sales_and_refunds_are_sums(void **state)
{
	const struct purchase purchase = { .total_minor = 250,
	    .line_count = 3 };
	const struct refund refund = { .amount_minor = 99 };

	(void)state;
	metrics_note_sale(service.metrics, &purchase);
	metrics_note_sale(service.metrics, &purchase);
	metrics_note_refund(service.metrics, &refund);
	assert_true(says("purchases_total 2"));
	assert_true(says("purchase_lines_total 6"));
	assert_true(says("sold_minor_units_total{currency=\"EUR\"} 500"));
	assert_true(says("refunds_total 1"));
	assert_true(says("refunded_minor_units_total{currency=\"EUR\"} 99"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(times_fall_into_the_bucket_that_they_do_not_exceed),
		TEST(classes_and_routes_are_apart_and_strangers_are_other),
		TEST(errors_of_one_slug_count_together),
		TEST(sales_and_refunds_are_sums),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Transfers at once, by issuer and grant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "stored/transfers.h"

static enum err
begin(struct transfers *transfers, const char *commerce_id,
    const char *grant, struct transfer *transfer)
{
	transfers_find(transfers, commerce_id, grant, transfer);
	return transfers_begin(transfers, transfer);
}

static void
a_grant_has_its_number_and_no_more(void **state)
{
	struct transfer begun[4], other;
	struct transfers *transfers;

	(void)state;
	assert_int_equal(transfers_new(4, &transfers), ERR_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(begin(transfers, "shop", "grant",
		    &begun[i]), ERR_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(begin(transfers, "shop", "grant",
		    &other), ERR_BUSY);
	assert_int_equal(begin(transfers, "shop", "grants",
	    &other), ERR_OK);
	assert_int_equal(begin(transfers, "shopg", "rant",
	    &other), ERR_OK);
	transfers_end(transfers, &begun[2]);
	assert_int_equal(begin(transfers, "shop", "grant",
	    &other), ERR_OK);
	assert_int_equal(begin(transfers, "shop", "grant",
	    &other), ERR_BUSY);
	transfers_free(transfers);
}

static void
none_is_refused_without_a_limit_nor_among_thousands(void **state)
{
	struct transfers *transfers;
	struct transfer transfer;
	char grant[32];

	(void)state;
	assert_int_equal(transfers_new(0, &transfers), ERR_OK);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(begin(transfers, "shop", "grant",
		    &transfer), ERR_OK);
	transfers_free(transfers);
	assert_int_equal(transfers_new(3, &transfers), ERR_OK);
	for (int i = 0; i < 4096; i++) {
		snprintf(grant, sizeof(grant), "%d", i);
		assert_int_equal(begin(transfers, "shop", grant,
		    &transfer), ERR_OK);
	}
	transfers_free(transfers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_has_its_number_and_no_more),
		cmocka_unit_test(
		    none_is_refused_without_a_limit_nor_among_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

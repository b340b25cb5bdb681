/* Every error has a text, a slug and a status that fits it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void
no_error_is_zero_and_answers_with_200(void **state)
{
	(void)state;
	assert_int_equal(ERR_OK, 0);
	assert_int_equal(err_status(ERR_OK), 200);
	assert_string_equal(err_slug(ERR_OK), "ok");
}

static void
every_failure_has_a_status_of_400_to_599(void **state)
{
	(void)state;
	for (int i = 1; i < ERR__COUNT; i++) {
		assert_in_range(err_status((enum err)i), 400, 599);
		assert_int_not_equal(err_status((enum err)i), 418);
	}
}

static void
every_slug_is_of_lower_case_words_and_hyphens(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";

	(void)state;
	for (int i = 0; i < ERR__COUNT; i++) {
		const char *slug = err_slug((enum err)i);

		assert_true(strlen(slug) > 1);
		assert_int_equal(strspn(slug, letters), strlen(slug));
	}
}

static void
every_text_is_a_sentence_without_a_full_stop(void **state)
{
	(void)state;
	for (int i = 0; i < ERR__COUNT; i++) {
		const char *text = err_text((enum err)i);

		assert_true(strlen(text) > 5);
		assert_true(text[0] >= 'A' && text[0] <= 'Z');
		assert_int_not_equal(text[strlen(text) - 1], '.');
	}
}

static void
every_advice_is_of_whole_sentences(void **state)
{
	(void)state;
	for (int i = 0; i < ERR__COUNT; i++) {
		const char *advice = err_advice((enum err)i);

		assert_true(strlen(advice) > 10);
		assert_true(advice[0] >= 'A' && advice[0] <= 'Z');
		assert_int_equal(advice[strlen(advice) - 1], '.');
	}
}

static void
one_slug_never_has_two_statuses(void **state)
{
	(void)state;
	for (int i = 0; i < ERR__COUNT; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(err_slug((enum err)i),
			    err_slug((enum err)j)) == 0)
				assert_int_equal(err_status((enum err)i),
				    err_status((enum err)j));
}

static void
refusals_of_tokens_answer_as_the_protocol_says(void **state)
{
	(void)state;
	assert_int_equal(err_status(ERR_MALFORMED_URL), 400);
	assert_int_equal(err_status(ERR_TOKEN_MISSING), 401);
	assert_int_equal(err_status(ERR_TOKEN_REFUSED), 403);
	assert_int_equal(err_status(ERR_OBJECT_NOT_FOUND), 404);
	assert_int_equal(err_status(ERR_TOKEN_EXPIRED), 410);
	assert_string_equal(err_slug(ERR_TOKEN_EXPIRED), "token-expired");
	assert_int_equal(err_status(ERR_DIGEST_MISMATCH), 422);
	assert_int_equal(err_status(ERR_STORAGE_FULL), 507);
}

static void
what_is_no_code_is_answered_as_an_internal_error(void **state)
{
	(void)state;
	assert_int_equal(err_status(ERR__COUNT), 500);
	assert_int_equal(err_status((enum err)-1), 500);
	assert_string_equal(err_slug((enum err)100000), "internal");
	assert_non_null(err_text((enum err)-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_error_is_zero_and_answers_with_200),
		cmocka_unit_test(every_failure_has_a_status_of_400_to_599),
		cmocka_unit_test(
		    every_slug_is_of_lower_case_words_and_hyphens),
		cmocka_unit_test(every_text_is_a_sentence_without_a_full_stop),
		cmocka_unit_test(every_advice_is_of_whole_sentences),
		cmocka_unit_test(one_slug_never_has_two_statuses),
		cmocka_unit_test(
		    refusals_of_tokens_answer_as_the_protocol_says),
		cmocka_unit_test(
		    what_is_no_code_is_answered_as_an_internal_error),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}

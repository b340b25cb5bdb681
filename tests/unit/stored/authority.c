/* Keys and origins are replaced as a whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "stored/authority.h"

#define OBJECT \
	"abababababababababababababababababababababababababababababababab"
#define TARGET "/media/" OBJECT \
	"?commerce=shop.example.com&key=k1&expires=1000&grant=g"

static char path[] = "/tmp/stored-unit-keys-XXXXXX";

static void
write_keys(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
}

#define KEY(byte) "shop.example.com k1 " \
	byte byte byte byte byte byte byte byte byte byte byte byte byte byte \
	byte byte byte byte byte byte byte byte byte byte byte byte byte byte \
	byte byte byte byte "\n"

static char *origins_one[] = { (char *)"https://one.example.com", NULL };
static char *origins_two[] = { (char *)"https://two.example.com",
    (char *)"https://one.example.com", NULL };

static enum err
verify(struct authority *authority, const char *origin, uint8_t key_byte,
    int64_t now_s)
{
	struct signing_key key = { .commerce_id = "shop.example.com",
	    .key_id = "k1" };
	struct token_target parsed;
	char url[512], token[TOKEN_LENGTH + 1];
	struct token_request request = {
		.method = TOKEN_GET, .target = TARGET, .parsed = &parsed,
		.token = token, .token_length = TOKEN_LENGTH,
	};

	memset(key.bytes, key_byte, sizeof(key.bytes));
	snprintf(url, sizeof(url), "%s" TARGET, origin);
	assert_int_equal(token_target_parse(TARGET, &parsed), ERR_OK);
	assert_int_equal(token_issue(token, &key, TOKEN_GET, url), ERR_OK);
	return authority_verify(authority, &request, now_s);
}

static void
a_reload_takes_keys_and_origins(void **state)
{
	struct settings settings = { .signing_keys = path,
	    .public_origins = { origins_one, 1 } };
	struct authority *authority;

	(void)state;
	write_keys(KEY("11"));
	assert_int_equal(authority_new(&settings, &authority), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x11, 999), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x22, 999),
	    ERR_TOKEN_REFUSED);
	assert_int_equal(verify(authority, origins_two[0], 0x11, 999),
	    ERR_TOKEN_REFUSED);
	write_keys(KEY("22"));
	settings.public_origins.words = origins_two;
	settings.public_origins.count = 2;
	assert_int_equal(authority_reload(authority, &settings), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x22, 999), ERR_OK);
	assert_int_equal(verify(authority, origins_two[0], 0x22, 999), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x11, 999),
	    ERR_TOKEN_REFUSED);
	authority_free(authority);
}

static void
each_key_in_force_has_its_line_of_metrics(void **state)
{
	struct settings settings = { .signing_keys = path,
	    .public_origins = { origins_one, 1 } };
	struct authority *authority;
	struct metrics *metrics;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	write_keys(KEY("11") "other.example.com k2 22222222222222222222222222"
	    "22222222222222222222222222222222222222\n");
	assert_int_equal(authority_new(&settings, &authority), ERR_OK);
	assert_int_equal(metrics_new(&metrics), ERR_OK);
	authority_tell_keys(authority, metrics);
	metrics_token_accepted(metrics, "other.example.com", "k2");
	authority_tell_keys(authority, metrics);
	metrics_write(metrics, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\nstored_tokens_accepted_total"
	    "{commerce=\"shop.example.com\",key=\"k1\"} 0\n"));
	assert_non_null(strstr(text, "\nstored_tokens_accepted_total"
	    "{commerce=\"other.example.com\",key=\"k2\"} 1\n"));
	free(text);
	metrics_free(metrics);
	authority_free(authority);
}

static void
a_broken_file_keeps_the_old_keys(void **state)
{
	struct settings settings = { .signing_keys = path,
	    .public_origins = { origins_one, 1 } };
	struct authority *authority;

	(void)state;
	write_keys(KEY("11"));
	assert_int_equal(authority_new(&settings, &authority), ERR_OK);
	write_keys(KEY("22") "broken\n");
	settings.public_origins.words = origins_two;
	assert_int_equal(authority_reload(authority, &settings),
	    ERR_KEY_FILE);
	assert_int_equal(authority_key_count(authority), 1);
	assert_int_equal(verify(authority, origins_one[0], 0x11, 999), ERR_OK);
	assert_int_equal(verify(authority, origins_two[0], 0x11, 999),
	    ERR_TOKEN_REFUSED);
	authority_free(authority);
}

static void
a_token_ends_with_the_second_of_its_expiry(void **state)
{
	struct settings settings = { .signing_keys = path,
	    .public_origins = { origins_one, 1 } };
	struct authority *authority;

	(void)state;
	write_keys(KEY("11"));
	assert_int_equal(authority_new(&settings, &authority), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x11, 999), ERR_OK);
	assert_int_equal(verify(authority, origins_one[0], 0x11, 1000),
	    ERR_TOKEN_EXPIRED);
	/* expired and wrong is wrong: nothing is believed of a wrong one */
	assert_int_equal(verify(authority, origins_one[0], 0x22, 1000),
	    ERR_TOKEN_REFUSED);
	authority_free(authority);
}

static int
make_path(void **state)
{
	int file = mkstemp(path);

	(void)state;
	return file == -1 ? -1 : close(file);
}

static int
remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reload_takes_keys_and_origins),
		cmocka_unit_test(each_key_in_force_has_its_line_of_metrics),
		cmocka_unit_test(a_broken_file_keeps_the_old_keys),
		cmocka_unit_test(a_token_ends_with_the_second_of_its_expiry),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}

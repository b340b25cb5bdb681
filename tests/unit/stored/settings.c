/* stored.conf: the defaults, the limits, and -T that reads back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stored/settings.h"

#define NEEDED "public-origin = https://media.example.com\n" \
	"object-root = /srv/objects\nsigning-keys = /etc/keys\n"

static char path[] = "/tmp/stored-unit-conf-XXXXXX";

static enum err
load(const char *text, struct settings *settings)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return settings_load(path, settings);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct settings settings;

	(void)state;
	assert_int_equal(load(NEEDED, &settings), ERR_OK);
	assert_string_equal(settings.http.listen.words[0], "127.0.0.1:8081");
	assert_string_equal(settings.http.admin_listen.words[0],
	    "127.0.0.1:8091");
	assert_int_equal(settings.public_origins.count, 1);
	assert_int_equal(settings.http.threads, 0);
	assert_int_equal(settings.piece_lifetime_s, 86400);
	assert_true(settings.max_object_bytes == INT64_C(64) << 30);
	assert_string_equal(settings.http.access_log, "off");
	assert_null(settings.http.access_log_file);
	settings_clear(&settings);
}

static void
what_is_needed_and_what_is_out_of_range_is_refused(void **state)
{
	static const char *const files[] = {
		"", "object-root = /a\nsigning-keys = /b\n",
		"public-origin = https://a.example\nsigning-keys = /b\n",
		"public-origin = https://a.example\nobject-root = /a\n",
		NEEDED "workers = 0\n", NEEDED "idle-timeout = 0\n",
		NEEDED "max-object-size = 0\n", NEEDED "nonsense = 1\n",
		NEEDED "listen = 8081\n", NEEDED "piece-lifetime = 2000d\n",
		"public-origin = https://a.example/path\nobject-root = /a\n"
		"signing-keys = /b\n",
		"public-origin = http://a http://b http://c http://d http://e\n"
		"object-root = /a\nsigning-keys = /b\n",
		"public-origin = http://a.example\nobject-root = relative\n"
		"signing-keys = /b\n",
	};
	struct settings settings;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (load(files[i], &settings) != ERR_CONFIG)
			fail_msg("accepted: %s", files[i]);
		settings_clear(&settings);
	}
}

static char *
print(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(settings_print(out, settings), ERR_OK);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
what_is_printed_reads_back_to_the_same(void **state)
{
	struct settings settings;
	char *first, *second;

	(void)state;
	assert_int_equal(load("public-origin = https://a.example "
	    "http://127.0.0.1:8081\nobject-root = /srv/objects\n"
	    "signing-keys = /etc/keys\nmax-object-size = 1500MiB\n"
	    "piece-lifetime = 90m\nlisten = [::1]:9000\n"
	    "admin-listen = unix:/run/stored\naccess-log = 100\n"
	    "access-log-file = /var/log/x\nworkers = 7\n", &settings),
	    ERR_OK);
	first = print(&settings);
	settings_clear(&settings);
	assert_int_equal(load(first, &settings), ERR_OK);
	second = print(&settings);
	assert_string_equal(first, second);
	assert_non_null(strstr(first, "piece-lifetime = 90m\n"));
	settings_clear(&settings);
	free(first);
	free(second);
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
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(
		    what_is_needed_and_what_is_out_of_range_is_refused),
		cmocka_unit_test(what_is_printed_reads_back_to_the_same),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}

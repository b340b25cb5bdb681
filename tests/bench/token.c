/* How long one check of a security token takes: parse the target, look the
 * key up, compute and compare the MAC.  Prints "token-check VALUE ns".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/token.h"

#define ROUNDS 5
#define CHECKS 200000
#define NOW_S 1700000000

static const char origin[] = "http://127.0.0.1:8081";

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct signing_keys *
make_keys(void)
{
	char path[] = "/tmp/counterfoil-bench-XXXXXX";
	struct signing_keys *keys = NULL;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file == NULL)
		return NULL;
	fputs("shop.example.com 2026a ", file);
	for (int i = 0; i < SIGNING_KEY_BYTES; i++)
		fprintf(file, "%02x", i);
	fputs("\n", file);
	if (fclose(file) != 0 || signing_keys_load(path, &keys) != ERR_OK)
		keys = NULL;
	unlink(path);
	return keys;
}

static int
check_once(const struct signing_keys *keys, const char *target,
    const char *token)
{
	static const char *const origins[] = { origin };
	struct token_target parts;
	const struct token_request request = {
		.method = TOKEN_GET, .target = target, .parsed = &parts,
		.token = token, .token_length = TOKEN_LENGTH,
		.origins = origins, .origin_count = 1,
	};

	return token_target_parse(target, &parts) == ERR_OK &&
	    token_verify(keys, &request, NOW_S) == ERR_OK;
}

int
main(void)
{
	const struct token_url parts = {
		.origin = origin, .resource = TOKEN_MEDIA,
		.object = "9f86d081884c7d659a2feaa0c55ad015"
		    "a3bf4f1b2b0b822cd15d6c15b0f00a08",
		.commerce_id = "shop.example.com", .key_id = "2026a",
		.expires_s = NOW_S + 3600, .grant = "XQ5h0v3tQ9yZ5m1s7fJ2hA",
		.name = "waltz.ogg.age",
	};
	struct signing_keys *keys = make_keys();
	char url[TOKEN_TARGET_MAX + 300];
	char token[TOKEN_LENGTH + 1];
	const char *target = url + strlen(origin);
	double best = 1e18;
	int good = 0;

	if (keys == NULL || token_url_build(url, sizeof(url), &parts) ||
	    token_issue(token, signing_keys_first(keys, "shop.example.com"),
	    TOKEN_GET, url))
		return 1;
	for (int round = 0; round < ROUNDS; round++) {
		double start = now(), each;

		for (int i = 0; i < CHECKS; i++)
			good += check_once(keys, target, token);
		each = (now() - start) / CHECKS;
		best = each < best ? each : best;
	}
	signing_keys_free(keys);
	if (good != ROUNDS * CHECKS)
		return 1;
	printf("token-check %.0f ns\n", best);
	return 0;
}

/* Tokens: the first byte says the method and how the token is spoilt, the next
 * eight the time, then a line with the target, then the token presented.  No
 * token but the right one passes, at no time but its own; the right one is
 * made here a second time by libcrypto alone.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unistd.h>

#include "common/encoding.h"
#include "common/log.h"
#include "common/token.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/memory.h"

#define COMMERCE "shop.example.com"
#define KEY_ID "2026a"
#define KEY_HEX \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const origins[] = { "https://media.example.com",
	"http://127.0.0.1:8081" };

static const char *const methods[] = { "GET", "PUT", "DELETE", "LIST" };

struct question {
	enum token_method method;
	unsigned spoilt;	/* which character of the right token; beyond
				 * its length: none */
	int64_t now_s;
	struct token_target target;
	struct token_request request;
};

static const struct signing_keys *
keys(void)
{
	static const char text[] = COMMERCE " " KEY_ID " " KEY_HEX "\n"
	    "other.example.com " KEY_ID " "
	    "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	    "\n";
	static struct signing_keys *known;
	char path[MEMORY_PATH_SIZE];
	int fd;

	if (known == NULL) {
		fd = memory_file(text, sizeof(text) - 1, path);
		PROMISE(signing_keys_load(path, &known) == ERR_OK);
		close(fd);
	}
	return known;
}

/* As docs/protocol.md, section 2, says it. */
static void
make_token(char token[static TOKEN_LENGTH + 1], const struct question *question,
    const char *origin)
{
	uint8_t key[SIGNING_KEY_BYTES], mac[32];
	unsigned size = sizeof(mac);
	char *message = NULL;
	int length;

	length = asprintf(&message, "counterfoil-v1\n%s\n%s\n%s%.*s",
	    methods[question->method], question->target.commerce_id, origin,
	    (int)question->target.signed_length, question->request.target);
	PROMISE(length > 0);
	PROMISE(hex_decode(key, sizeof(key), KEY_HEX, strlen(KEY_HEX)) ==
	    ERR_OK);
	PROMISE(HMAC(EVP_sha256(), key, sizeof(key),
	    (const unsigned char *)message, (size_t)length, mac, &size) !=
	    NULL);
	base64url_encode(token, mac, sizeof(mac));
	free(message);
}

static enum err
verify(struct question *question, const char *token)
{
	question->request.token = token;
	question->request.token_length = strlen(token);
	return token_verify(keys(), &question->request, question->now_s);
}

/* What the right token is worth at that time. */
static enum err
expected(const struct question *question)
{
	int64_t expires_s = question->target.expires_s;

	if (strcmp(question->target.commerce_id, COMMERCE) != 0 ||
	    strcmp(question->target.key_id, KEY_ID) != 0)
		return ERR_TOKEN_REFUSED;
	if (question->now_s >= expires_s)
		return ERR_TOKEN_EXPIRED;
	/* Written so that it cannot overflow: both are at least 0 here. */
	return expires_s - question->now_s > TOKEN_EXPIRY_MAX_S ?
	    ERR_TOKEN_REFUSED : ERR_OK;
}

static void
check_right(struct question *question, const char *presented)
{
	const struct signing_key *key = signing_keys_first(keys(), COMMERCE);
	char right[TOKEN_LENGTH + 1], issued[TOKEN_LENGTH + 1];
	bool is_presented = false;

	for (size_t i = 0; i < 2; i++) {
		char url[TOKEN_TARGET_MAX + 300];

		make_token(right, question, origins[i]);
		(void)snprintf(url, sizeof(url), "%s%.*s", origins[i],
		    (int)question->target.signed_length,
		    question->request.target);
		if (strcmp(question->target.commerce_id, COMMERCE) == 0) {
			PROMISE(token_issue(issued, key, question->method,
			    url) == ERR_OK);
			PROMISE(strcmp(issued, right) == 0);
		}
		PROMISE(verify(question, right) == expected(question));
		is_presented |= strcmp(presented, right) == 0;
		if (question->spoilt < TOKEN_LENGTH) {
			right[question->spoilt] ^= 1;
			PROMISE(verify(question, right) == ERR_TOKEN_REFUSED);
		}
	}
	if (!is_presented)
		PROMISE(verify(question, presented) == ERR_TOKEN_REFUSED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct question question = { .spoilt = 0 };
	char *text, *presented;
	uint64_t now = 0;

	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	if (size < 9)
		return 0;
	question.method = bytes[0] % 4;
	question.spoilt = bytes[0] / 4;
	for (size_t i = 1; i < 9; i++)
		now = now << 8 | bytes[i];
	question.now_s = (int64_t)(now & INT64_MAX);
	text = fuzz_text(bytes + 9, size - 9);
	presented = strchr(text, '\n');
	if (presented != NULL)
		*presented++ = '\0';
	memset(&question.target, 0, sizeof(question.target));
	question.request = (struct token_request){
		.method = question.method, .target = text,
		.parsed = &question.target, .origins = origins,
		.origin_count = 2,
	};
	if (token_target_parse(text, &question.target) == ERR_OK)
		check_right(&question, presented == NULL ? "" : presented);
	free(text);
	return 0;
}

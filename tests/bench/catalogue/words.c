/* Functions for SQL that makes up a large shop: the same numbers give the same
 * values, on every machine.
 *
 *	chance(n, salt)			0 to 1, but for 1
 *	zipf(n, salt, count)		1 to count, the small ones often
 *	words(n, salt, least, most)	so many words, with capitals
 *	uuid(ms, n, salt)		of version 7
 *	hash(n, salt)			32 bytes
 *	inverse(n, modulus)		x with n * x = 1; 0: there is none
 */
#include "tests/bench/catalogue/words.h"

#include <math.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_COUNT 50000
#define WORD_SIZE 64
#define TEXT_SIZE 8192

/* What words are made of; a good part has marks, as names have. */
static const char *const syllables[] = { "la", "mor", "so", "ré", "vin", "ta",
	"bel", "ó", "na", "kar", "li", "tün", "do", "sé", "pan", "ge", "ri",
	"lov", "ma", "hö", "ste", "an", "cu", "ñe", "wil", "ba", "fi", "šo",
	"ver", "ro", "il", "jan", "pe", "ça", "don", "mi", "ulf", "te", "go",
	"že", "har", "ni", "op", "lu", "är", "cho", "be", "sun", "ky", "dre",
	"ał", "tro", "ve", "is", "quo", "nor", "pi", "gra", "ein", "zu" };
#define SYLLABLE_COUNT (sizeof(syllables) / sizeof(syllables[0]))

/* SplitMix64. */
static uint64_t mixed(uint64_t n, uint64_t salt)
{
	uint64_t x = n * UINT64_C(0x9e3779b97f4a7c15) +
	    salt * UINT64_C(0xd1342543de82ef95) + 1;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static double chance(uint64_t n, uint64_t salt)
{
	return (double)(mixed(n, salt) >> 11) / 9007199254740992.0;
}

/* Each twice as large half as often. */
static uint64_t zipf(uint64_t n, uint64_t salt, uint64_t count)
{
	uint64_t x = (uint64_t)exp(chance(n, salt) * log((double)count + 1));

	return x < 1 ? 1 : x > count ? count : x;
}

static uint64_t argument(sqlite3_value **values, int number)
{
	return (uint64_t)sqlite3_value_int64(values[number]);
}

static void sql_chance(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	(void)count;
	sqlite3_result_double(context, chance(argument(values, 0),
	    argument(values, 1)));
}

static void sql_zipf(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int64(context, (sqlite3_int64)zipf(argument(values, 0),
	    argument(values, 1), argument(values, 2)));
}

/* One to four syllables: what is frequent is short. */
static size_t word_write(char out[static WORD_SIZE], uint64_t word)
{
	size_t length = 0;
	uint64_t rest = word;

	do {
		length += (size_t)snprintf(out + length, WORD_SIZE - length,
		    "%s", syllables[mixed(rest, word) % SYLLABLE_COUNT]);
		rest /= 12;
	} while (rest > 0 && length < 24);
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	return length;
}

static void sql_words(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	uint64_t n = argument(values, 0), salt = argument(values, 1) << 16;
	uint64_t least = argument(values, 2), most = argument(values, 3);
	uint64_t words = least + mixed(n, salt) % (most - least + 1);
	char text[TEXT_SIZE];
	size_t length = 0;

	(void)count;
	for (uint64_t i = 0; i < words && length < TEXT_SIZE - WORD_SIZE - 1;
	    i++) {
		if (i > 0)
			text[length++] = ' ';
		length += word_write(text + length, zipf(n, salt + i + 1,
		    WORD_COUNT));
	}
	sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
}

static void number_write(unsigned char *out, uint64_t number, size_t size)
{
	while (size-- > 0) {
		out[size] = (unsigned char)(number & 0xff);
		number >>= 8;
	}
}

static void sql_uuid(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	unsigned char uuid[16];

	(void)count;
	number_write(uuid, argument(values, 0), 6);
	number_write(uuid + 6, mixed(argument(values, 1), argument(values, 2)),
	    2);
	number_write(uuid + 8, mixed(argument(values, 2), argument(values, 1)),
	    8);
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x70);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
	sqlite3_result_blob(context, uuid, sizeof(uuid), SQLITE_TRANSIENT);
}

/* Begins with the number, so that an index of these grows at its end. */
static void sql_hash(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	unsigned char hash[32];

	(void)count;
	number_write(hash, argument(values, 0), 8);
	for (uint64_t i = 1; i < 4; i++)
		number_write(hash + 8 * i, mixed(argument(values, 0),
		    argument(values, 1) + i), 8);
	sqlite3_result_blob(context, hash, sizeof(hash), SQLITE_TRANSIENT);
}

static void sql_inverse(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	int64_t modulus = (int64_t)argument(values, 1);
	int64_t r = modulus, next_r = (int64_t)argument(values, 0) % modulus;
	int64_t x = 0, next_x = 1;

	(void)count;
	while (next_r != 0) {
		int64_t quotient = r / next_r, old_r = r, old_x = x;

		r = next_r;
		next_r = old_r - quotient * next_r;
		x = next_x;
		next_x = old_x - quotient * next_x;
	}
	sqlite3_result_int64(context, r != 1 ? 0 : x < 0 ? x + modulus : x);
}

int words_add(sqlite3 *db)
{
	static const struct {
		const char *name;
		int arguments;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{ "chance", 2, sql_chance }, { "zipf", 3, sql_zipf },
		{ "words", 4, sql_words }, { "uuid", 3, sql_uuid },
		{ "hash", 2, sql_hash }, { "inverse", 2, sql_inverse },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK &&
	    i < sizeof(functions) / sizeof(functions[0]); i++)
		rc = sqlite3_create_function(db, functions[i].name,
		    functions[i].arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
		    NULL, functions[i].call, NULL, NULL);
	return rc;
}

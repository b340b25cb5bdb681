/* Buyers: keeps connections busy with POST /v1/purchases and notes every sale
 * that was acknowledged.
 *
 *	buy [OPTION...] PORT ITEMS-FILE ACKED-FILE
 *
 *	-c COUNT	connections (64)
 *	-d SECONDS	measured (3); -w SECONDS before that, not measured (0.5)
 *	-p PID		the daemon, whose processor time is read
 *	-a COUNT	accounts, as books.sql made them (1000000)
 *	-b NUMBER	of the first sale: those of runs before are not repeated
 *	-t		idempotency keys that sort by time; else random ones
 *
 * ITEMS-FILE has an id on each line.  To ACKED-FILE is appended the account and
 * the key of each sale that was answered with 201.  Prints the line of
 * load_measure(), and on another the number of the next sale: next=NUMBER.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/encoding.h"
#include "tests/bench/storage/load.h"

#define FIRST_ACCOUNT 1001	/* of books.sql */
#define ID_LENGTH 36
#define KEY_LENGTH 32
#define STRIDE UINT64_C(7368787)	/* a prime; far from one to the next */
#define TOKEN_LENGTH 43

struct sale {
	uint64_t account;
	char key[KEY_LENGTH + 1];
};

struct buyers {
	char *items;		/* lines of ID_LENGTH + 1 */
	uint64_t item_count;
	uint64_t accounts;
	uint64_t next;		/* sale */
	bool is_sorted;		/* keys */
	unsigned char seed[16];
	struct sale *sales;	/* of each connection, under way */
	FILE *acked;
};

/* Sale k is of another pair of account and item than any other sale. */
static void buyers_choose(const struct buyers *buyers, uint64_t k,
    uint64_t *account, const char **item)
{
	uint64_t round = k / buyers->accounts;
	uint64_t n = k % buyers->accounts * STRIDE % buyers->accounts;

	*account = n;
	*item = buyers->items + (n * 31 + round) % buyers->item_count *
	    (ID_LENGTH + 1);
}

static void buyers_key(const struct buyers *buyers, uint64_t k,
    char key[static KEY_LENGTH + 1])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	unsigned char text[sizeof(buyers->seed) + sizeof(k)];
	struct timespec now;

	memcpy(text, buyers->seed, sizeof(buyers->seed));
	memcpy(text + sizeof(buyers->seed), &k, sizeof(k));
	SHA256(text, sizeof(text), hash);
	if (buyers->is_sorted) {
		(void)clock_gettime(CLOCK_REALTIME, &now);
		for (int i = 0; i < 8; i++)
			hash[i] = (unsigned char)(((uint64_t)now.tv_sec *
			    1000000 + (uint64_t)now.tv_nsec / 1000) >>
			    (56 - 8 * i));
	}
	hex_encode(key, hash, KEY_LENGTH / 2);
}

static void buyers_token(uint64_t account, char token[static TOKEN_LENGTH + 1])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char text[40];
	int length = snprintf(text, sizeof(text), "session-%" PRIu64,
	    account + 1);

	SHA256((const unsigned char *)text, (size_t)length, hash);
	base64url_encode(token, hash, sizeof(hash));
}

static size_t buyers_write(void *context, unsigned connection, char *out,
    size_t capacity)
{
	struct buyers *buyers = context;
	struct sale *sale = &buyers->sales[connection];
	char token[TOKEN_LENGTH + 1], body[128];
	uint64_t k = buyers->next++;
	const char *item;
	int length;

	buyers_choose(buyers, k, &sale->account, &item);
	buyers_key(buyers, k, sale->key);
	buyers_token(sale->account, token);
	length = snprintf(body, sizeof(body), "{\"items\": [\"%.*s\"],"
	    " \"pay_with\": \"credit\"}", ID_LENGTH, item);
	length = snprintf(out, capacity, "POST /v1/purchases HTTP/1.1\r\n"
	    "Host: shop.example.com\r\nAuthorization: Bearer %s\r\n"
	    "Idempotency-Key: %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %d\r\n\r\n%s", token, sale->key, length, body);
	return (size_t)length;
}

static void buyers_answered(void *context, unsigned connection)
{
	struct buyers *buyers = context;
	const struct sale *sale = &buyers->sales[connection];

	fprintf(buyers->acked, "%" PRIu64 "\t%s\n",
	    sale->account + FIRST_ACCOUNT, sale->key);
}

static bool buyers_read_items(struct buyers *buyers, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	ssize_t length = -1;

	if (file != NULL) {
		length = getdelim(&buyers->items, &size, '\0', file);
		(void)fclose(file);
	}
	if (length <= 0 || length % (ID_LENGTH + 1) != 0) {
		fprintf(stderr, "buy: %s: no ids on lines\n", path);
		return false;
	}
	buyers->item_count = (uint64_t)length / (ID_LENGTH + 1);
	return true;
}

static bool options_read(int argc, char *argv[], struct load_options *options,
    struct buyers *buyers)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:w:p:a:b:t")) != -1)
		switch (option) {
		case 'c':
			options->connections = (unsigned)strtoul(optarg, NULL,
			    10);
			break;
		case 'd':
			options->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			options->warm_s = strtod(optarg, NULL);
			break;
		case 'p':
			options->server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'a':
			buyers->accounts = strtoull(optarg, NULL, 10);
			break;
		case 'b':
			buyers->next = strtoull(optarg, NULL, 10);
			break;
		case 't':
			buyers->is_sorted = true;
			break;
		default:
			return false;
		}
	if (argc - optind != 3 || options->connections == 0 ||
	    buyers->accounts == 0 || buyers->accounts % STRIDE == 0)
		return false;
	options->address.sin_port = htons((uint16_t)strtoul(argv[optind], NULL,
	    10));
	return true;
}

static bool buyers_run(struct buyers *buyers,
    const struct load_options *options)
{
	bool is_good;

	buyers->sales = calloc(options->connections, sizeof(*buyers->sales));
	if (buyers->sales == NULL ||
	    RAND_bytes(buyers->seed, sizeof(buyers->seed)) != 1)
		return false;
	is_good = load_measure(options, NULL);
	printf("next=%" PRIu64 "\n", buyers->next);
	return is_good;
}

int main(int argc, char *argv[])
{
	struct buyers buyers = { .accounts = 1000000 };
	const struct load_source source = { buyers_write, buyers_answered,
	    &buyers };
	const struct load_options load = {
		.address = { .sin_family = AF_INET,
		    .sin_addr = { htonl(INADDR_LOOPBACK) } },
		.source = &source,
		.connections = 64,
		.warm_s = 0.5,
		.seconds = 3,
		.body_status = 201,
	};
	struct load_options options = load;
	bool is_good;

	if (!options_read(argc, argv, &options, &buyers)) {
		fputs("buy [-t] [-c COUNT] [-d SECONDS] [-w SECONDS] [-p PID]"
		    " [-a ACCOUNTS] [-b FIRST] PORT ITEMS-FILE ACKED-FILE\n",
		    stderr);
		return 2;
	}
	buyers.acked = fopen(argv[optind + 2], "ae");
	if (buyers.acked == NULL) {
		perror(argv[optind + 2]);
		return 1;
	}
	is_good = buyers_read_items(&buyers, argv[optind + 1]) &&
	    buyers_run(&buyers, &options);
	if (fclose(buyers.acked) != 0)
		is_good = false;
	free(buyers.sales);
	free(buyers.items);
	return is_good ? 0 : 1;
}

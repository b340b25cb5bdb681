/* Sealed files: opened in one piece or in many, the same comes out, and
 * nothing that was not authenticated.
 */
#include <string.h>

#include "common/sealed_open.h"
#include "tests/fuzz/fuzz.h"

/* Of the seeds in corpus/sealed; it protects nothing. */
#define IDENTITY \
	"AGE-SECRET-KEY-1N45FY52452QV3VC90A72W708" \
	"AQE3V7UHWZVEM0XE9A9LJ2LF76DSZ85CJ4"
#define PLAIN_MAX (1024 * 1024)

struct plain {
	uint8_t bytes[PLAIN_MAX];
	size_t size;
};

static struct plain whole, pieces;

static enum err
collect(void *context, const uint8_t *bytes, size_t size)
{
	struct plain *plain = context;

	PROMISE(size <= PLAIN_MAX - plain->size);
	memcpy(plain->bytes + plain->size, bytes, size);
	plain->size += size;
	return ERR_OK;
}

/* In steps of so many bytes; the first error, or that of the end. */
static enum err
open_in_steps(const uint8_t *bytes, size_t size, size_t step,
    struct plain *plain)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	struct opener *opener = NULL;
	enum err e;

	plain->size = 0;
	e = sealed_identity_parse(identity, IDENTITY);
	PROMISE(e == ERR_OK);
	e = opener_new(identity, collect, plain, &opener);
	PROMISE(e == ERR_OK);
	for (size_t at = 0; e == ERR_OK && at < size; at += step)
		e = opener_write(opener, bytes + at,
		    step < size - at ? step : size - at);
	if (e == ERR_OK)
		e = opener_finish(opener);
	opener_free(opener);
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	enum err a, b;
	size_t step;

	if (size == 0 || size > PLAIN_MAX)
		return 0;
	step = 1 + bytes[size - 1] * (size_t)17;
	a = open_in_steps(bytes, size, size, &whole);
	b = open_in_steps(bytes, size, step, &pieces);
	PROMISE(a == b);
	PROMISE(whole.size == pieces.size);
	PROMISE(memcmp(whole.bytes, pieces.bytes, whole.size) == 0);
	return 0;
}

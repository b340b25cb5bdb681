/* Mutations that know what a request looks like, beside libFuzzer's own that
 * know bytes alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* libFuzzer's */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size,
    unsigned seed);

/* The input while it is changed; the state of xorshift beside it. */
struct text {
	uint8_t *bytes;
	size_t size, max_size;
	uint32_t state;
};

static uint32_t
next(struct text *text, size_t below)
{
	text->state ^= text->state << 13;
	text->state ^= text->state >> 17;
	text->state ^= text->state << 5;
	return below == 0 ? 0 : text->state % (uint32_t)below;
}

/* Put in place of the length bytes at offset. */
static void
replace(struct text *text, size_t offset, size_t length, const char *with,
    size_t with_length)
{
	if (text->size - length + with_length > text->max_size)
		return;
	memmove(text->bytes + offset + with_length,
	    text->bytes + offset + length, text->size - offset - length);
	memcpy(text->bytes + offset, with, with_length);
	text->size += with_length - length;
}

static void
insert(struct text *text, size_t offset, const char *with)
{
	replace(text, offset, 0, with, strlen(with));
}

/* --- lines ---------------------------------------------------------------- */

/* A line with its CR LF; the last may have none. */
struct line {
	size_t offset, length;
};

static struct line
line_at(const struct text *text, size_t offset)
{
	const uint8_t *end = memmem(text->bytes + offset, text->size - offset,
	    "\r\n", 2);
	const struct line line = { offset, end == NULL ? text->size - offset :
	    (size_t)(end - text->bytes) + 2 - offset };

	return line;
}

/* Any one of the first lines. */
static struct line
any_line(struct text *text)
{
	struct line line = line_at(text, 0);
	uint32_t steps = next(text, 12);

	while (steps-- > 0 && line.offset + line.length < text->size)
		line = line_at(text, line.offset + line.length);
	return line;
}

static const char *const fields[] = {
	"Host: a\r\n", "Host: [::1]:80\r\n", "Content-Length: 0\r\n",
	"Content-Length: 5\r\n", "Content-Length: 18446744073709551615\r\n",
	"Content-Length: +1\r\n", "Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n",
	"Connection: keep-alive\r\n", "Expect: 100-continue\r\n",
	"Expect: 200-ok\r\n", "Authorization: Bearer @{token}\r\n",
	"Authorization: Bearer @{session}\r\n",
	"Authorization: Bearer @{admin}\r\n", "Authorization: Basic eDp4\r\n",
	"Cookie: session=@{session}\r\n",
	"Cookie: a=b; session=x; session=y\r\n",
	"Origin: @{origin}\r\n", "Origin: null\r\n", "Range: bytes=0-0\r\n",
	"Range: bytes=-1\r\n", "Range: bytes=5-, 1-2\r\n",
	"If-Range: \"@{object}\"\r\n", "If-None-Match: *\r\n",
	"If-Match: W/\"@{object}\", \"x\"\r\n",
	"Content-Range: bytes 0-4/5\r\n", "Content-Range: bytes 0-4/50\r\n",
	"Content-Type: application/json\r\n", "Accept: text/csv\r\n",
	"Content-Type: application/merge-patch+json; charset=utf-8\r\n",
	"Idempotency-Key: key-1\r\n", "Idempotency-Key: \r\n",
	"X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n", " folded: line\r\n",
	"no colon\r\n", "Upgrade: h2c\r\n", "Trailer: Host\r\n", "\r\n",
};

static const char *const methods[] = { "GET ", "HEAD ", "POST ", "PUT ",
	"PATCH ", "DELETE ", "OPTIONS ", "TRACE ", "CONNECT ", "get " };

static const char *const requests[] = {
	"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD /healthz HTTP/1.0\r\nHost: a\r\n\r\n",
	"GET /media/@{object}?commerce=@{commerce}&key=@{key}&expires=@{in 60}"
	    "&grant=g HTTP/1.1\r\nHost: a\r\n"
	    "Authorization: Bearer @{token}\r\n\r\n",
	"PUT /objects/@{object}?commerce=@{commerce}&key=@{key}&expires="
	    "@{in 60}&grant=g HTTP/1.1\r\nHost: a\r\n"
	    "Authorization: Bearer @{token}\r\nContent-Length: 3\r\n\r\nabc",
	"GET /v1/account HTTP/1.1\r\nHost: a\r\n"
	    "Authorization: Bearer @{session}\r\n\r\n",
	"POST /v1/quotes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json"
	    "\r\nAuthorization: Bearer @{session}\r\nContent-Length: 50\r\n\r\n"
	    "{\"items\":[\"@{item}\"]}",
};

static const char *const pieces[] = {
	"@{|}", "@{token}", "@{session}", "@{admin}", "@{object}", "@{item}",
	"@{file}", "@{purchase}", "@{cursor}", "@{in 600}", "@{in -1}",
	"@{fill 9000}", "@{fill 70000}", "\r\n", "\n", "\r", "\t", " ", "%00",
	"%2f", "%2e%2e/", "../", "&token=@{token}", "?", "#", ";", "\"", "{",
	"}", "[[[[", "null", "\\u0000", "\xff\xfe", "-1", "9223372036854775808",
	"0x10", "1e400", "HTTP/1.0", "HTTP/1.9", "HTTP/2.0",
};

#define PICK(text, table) \
	((table)[next((text), sizeof(table) / sizeof((table)[0]))])

/* --- mutations ------------------------------------------------------------ */

static void
mutate_method(struct text *text)
{
	const char *method = PICK(text, methods);
	const uint8_t *blank = memchr(text->bytes, ' ', text->size);

	if (blank != NULL)
		replace(text, 0, (size_t)(blank - text->bytes) + 1, method,
		    strlen(method));
}

static void
mutate_line(struct text *text)
{
	struct line line = any_line(text), other = any_line(text);
	char copy[512];

	if (other.length > sizeof(copy))
		return;
	memcpy(copy, text->bytes + other.offset, other.length);
	switch (next(text, 4)) {
	case 0:
		replace(text, line.offset, line.length, "", 0);
		break;
	case 1:
		replace(text, line.offset, 0, copy, other.length);
		break;
	case 2:
		replace(text, line.offset, line.length, copy, other.length);
		break;
	default:
		insert(text, line.offset + line.length, PICK(text, fields));
		break;
	}
}

/* The body behind the first header, in chunks of a few bytes. */
static void
mutate_to_chunks(struct text *text)
{
	uint8_t *end = memmem(text->bytes, text->size, "\r\n\r\n", 4);
	size_t offset, body, step;
	char chunk[32], copy[256];

	if (end == NULL)
		return;
	offset = (size_t)(end - text->bytes) + 4;
	body = text->size - offset;
	if (body > sizeof(copy))
		return;
	memcpy(copy, text->bytes + offset, body);
	text->size = offset;
	for (size_t at = 0; at < body; at += step) {
		step = 1 + next(text, body - at);
		(void)snprintf(chunk, sizeof(chunk), "%zx\r\n", step);
		insert(text, text->size, chunk);
		replace(text, text->size, 0, copy + at, step);
		insert(text, text->size, "\r\n");
	}
	insert(text, text->size, "0\r\n\r\n");
	insert(text, offset - 2, "Transfer-Encoding: chunked\r\n");
	/* Seldom both: the gate refuses that. */
	end = memmem(text->bytes, offset, "Content-Length: ", 16);
	if (end != NULL && next(text, 8) != 0) {
		struct line line = line_at(text, (size_t)(end - text->bytes));

		replace(text, line.offset, line.length, "", 0);
	}
}

/* Say the length that the body has, or a little less or more. */
static void
mutate_length(struct text *text)
{
	static const char name[] = "Content-Length: ";
	uint8_t *end = memmem(text->bytes, text->size, "\r\n\r\n", 4);
	uint8_t *at = memmem(text->bytes, text->size, name, sizeof(name) - 1);
	char number[32];
	struct line line;
	long length;

	if (end == NULL || at == NULL || at > end)
		return;
	length = (long)(text->size - (size_t)(end + 4 - text->bytes));
	if (next(text, 4) == 0)
		length += (long)next(text, 5) - 2;
	(void)snprintf(number, sizeof(number), "%s%ld\r\n", name, length);
	line = line_at(text, (size_t)(at - text->bytes));
	replace(text, line.offset, line.length, number, strlen(number));
}

static void
mutate_piece(struct text *text)
{
	size_t offset = next(text, text->size + 1);
	const char *piece = PICK(text, pieces);
	size_t length = next(text, 2) == 0 ? 0 : next(text, 8);

	if (length > text->size - offset)
		length = text->size - offset;
	replace(text, offset, length, piece, strlen(piece));
}

size_t
LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size,
    unsigned seed)
{
	struct text text = { bytes, size, max_size,
		seed * 2654435761u | 1 };
	uint32_t count = 1 + next(&text, 3);

	if (next(&text, 3) == 0)
		return LLVMFuzzerMutate(bytes, size, max_size);
	while (count-- > 0) {
		switch (next(&text, 7)) {
		case 0:
			mutate_method(&text);
			break;
		case 1:
		case 2:
			mutate_line(&text);
			break;
		case 3:
			mutate_to_chunks(&text);
			break;
		case 4:
			mutate_length(&text);
			break;
		case 5:
			insert(&text, text.size, PICK(&text, requests));
			break;
		default:
			mutate_piece(&text);
			break;
		}
	}
	return text.size > 0 ? text.size :
	    LLVMFuzzerMutate(bytes, size, max_size);
}

/* Reading the header of an age v1 file (docs/format.md, section 2). */
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "common/encoding.h"
#include "common/hmac.h"
#include "common/sealed_open.h"
#include "common/sealed_parts.h"
#include "common/secret.h"

#define BODY_LINE 64			/* characters of a line that goes on */
#define BODY_LINE_BYTES (BODY_LINE / 4 * 3)
#define KEY_CHARACTERS 43		/* 32 bytes in base64 */
#define MAC_MARK "---"

/* A piece of the header; not terminated. */
struct piece {
	const char *text;
	size_t length;
};

/* What is left of the header. */
struct cursor {
	const char *at, *end;
};

struct stanza {
	struct piece type;		/* first argument */
	struct piece share;		/* second one; empty: there is none */
	size_t arguments;
	struct piece body;		/* its last line */
	size_t full_lines;		/* before that one */
};

static bool
piece_is(const struct piece *piece, const char *text)
{
	return piece->length == strlen(text) &&
	    memcmp(piece->text, text, piece->length) == 0;
}

/* --- finding the end ---------------------------------------------------- */

enum err
sealed_head_find(const uint8_t *bytes, size_t size,
    size_t *header_size)
{
	static const char version[] = SEALED_VERSION_LINE;
	size_t known = size < sizeof(version) - 1 ? size : sizeof(version) - 1;
	const uint8_t *mark, *end = NULL;

	*header_size = 0;
	if (memcmp(bytes, version, known) != 0)
		return ERR_SEALED_HEADER;
	if (size > SEALED_HEADER_READ_MAX)
		size = SEALED_HEADER_READ_MAX;
	/* No line of a stanza begins so: bodies are base64, the rest "->". */
	mark = memmem(bytes, size, "\n" MAC_MARK, 4);
	if (mark != NULL)
		end = memchr(mark + 1, '\n', size - (size_t)(mark + 1 - bytes));
	if (end != NULL)
		*header_size = (size_t)(end - bytes) + 1;
	else if (size == SEALED_HEADER_READ_MAX)
		return ERR_SEALED_HEADER;
	return ERR_OK;
}

/* --- lines -------------------------------------------------------------- */

/* Standard base64 without padding, canonical; exactly size bytes of at most
 * BODY_LINE_BYTES.  The strict decoder knows the other alphabet.
 */
static bool
base64_decode(uint8_t *bytes, size_t size,
    const struct piece *piece)
{
	char text[BODY_LINE];

	if (piece->length > sizeof(text))
		return false;
	for (size_t i = 0; i < piece->length; i++) {
		char c = piece->text[i];

		if (c == '-' || c == '_')
			return false;
		text[i] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	return base64url_decode(bytes, size, text, piece->length) == ERR_OK;
}

static bool
base64_is_valid(const struct piece *piece)
{
	uint8_t bytes[BODY_LINE_BYTES];

	return base64_decode(bytes, piece->length * 3 / 4, piece);
}

static bool
cursor_line(struct cursor *cursor, struct piece *line)
{
	const char *end = memchr(cursor->at, '\n',
	    (size_t)(cursor->end - cursor->at));

	if (end == NULL)
		return false;
	*line = (struct piece){ cursor->at, (size_t)(end - cursor->at) };
	cursor->at = end + 1;
	return true;
}

static bool
cursor_skip(struct cursor *cursor, const char *literal)
{
	size_t length = strlen(literal);

	if ((size_t)(cursor->end - cursor->at) < length ||
	    memcmp(cursor->at, literal, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

/* One or more arguments of visible ASCII with one space between them. */
static bool
stanza_arguments(struct stanza *stanza, const struct piece *line)
{
	size_t from = 0;

	for (size_t i = 0; i <= line->length; i++) {
		bool ends = i == line->length || line->text[i] == ' ';

		if (!ends && (line->text[i] < 0x21 || line->text[i] > 0x7e))
			return false;
		if (!ends)
			continue;
		if (i == from)
			return false;	/* an empty argument */
		if (stanza->arguments == 0)
			stanza->type = (struct piece){ line->text, i };
		else if (stanza->arguments == 1)
			stanza->share = (struct piece){ line->text + from,
			    i - from };
		stanza->arguments++;
		from = i + 1;
	}
	return true;
}

/* The stanza at the cursor, which stands after its "-> ". */
static bool
stanza_read(struct cursor *cursor, struct stanza *stanza)
{
	struct piece line;

	*stanza = (struct stanza){ .arguments = 0 };
	if (!cursor_line(cursor, &line) || !stanza_arguments(stanza, &line))
		return false;
	for (;;) {
		if (!cursor_line(cursor, &line) || !base64_is_valid(&line))
			return false;
		if (line.length < BODY_LINE)
			break;
		stanza->full_lines++;
	}
	stanza->body = line;
	return true;
}

static bool
stanza_next(struct cursor *cursor, struct stanza *stanza)
{
	return cursor_skip(cursor, "-> ") && stanza_read(cursor, stanza);
}

/* --- the whole ---------------------------------------------------------- */

static bool
stanza_is_acceptable(const struct stanza *stanza)
{
	uint8_t bytes[32];

	if (!piece_is(&stanza->type, "X25519"))
		return true;	/* somebody else's */
	return stanza->arguments == 2 && stanza->full_lines == 0 &&
	    base64_decode(bytes, sizeof(bytes), &stanza->share) &&
	    stanza->body.length == KEY_CHARACTERS;
}

/* Is it a header, word for word?  Leaves the MAC's bytes. */
static bool
header_is_valid(struct cursor cursor,
    uint8_t mac[static HMAC_BYTES])
{
	struct stanza stanza;
	struct piece line;
	size_t stanzas = 0, passphrases = 0;

	if (!cursor_skip(&cursor, SEALED_VERSION_LINE))
		return false;
	while (cursor_skip(&cursor, "-> ")) {
		if (!stanza_read(&cursor, &stanza) ||
		    !stanza_is_acceptable(&stanza))
			return false;
		stanzas++;
		passphrases += piece_is(&stanza.type, "scrypt");
	}
	/* A passphrase stanza must be alone, says age. */
	if (stanzas == 0 || (passphrases > 0 && stanzas > 1))
		return false;
	return cursor_skip(&cursor, MAC_MARK " ") &&
	    cursor_line(&cursor, &line) && cursor.at == cursor.end &&
	    base64_decode(mac, HMAC_BYTES, &line);
}

/* The file key, when the wrapping key opens it; nonce 0, it is used once. */
static enum err
body_open(uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const uint8_t key[static HMAC_BYTES],
    uint8_t body[static SEALED_BODY_BYTES])
{
	static const uint8_t nonce[12];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int length = 0, more = 0;
	enum err e = ERR_CRYPTO;

	if (cipher != NULL &&
	    EVP_DecryptInit_ex(cipher, EVP_chacha20_poly1305(), NULL, key,
	    nonce) &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG,
	    SEALED_TAG_BYTES, body + SEALED_FILE_KEY_BYTES) &&
	    EVP_DecryptUpdate(cipher, file_key, &length, body,
	    SEALED_FILE_KEY_BYTES))
		e = EVP_DecryptFinal_ex(cipher, file_key + length, &more) == 1 ?
		    ERR_OK : ERR_SEALED_NO_MATCH;
	EVP_CIPHER_CTX_free(cipher);
	return e;
}

/* The file key from one X25519 stanza; ERR_SEALED_NO_MATCH: not for us. */
static enum err
stanza_open(uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    const uint8_t recipient[static SEALED_RECIPIENT_BYTES],
    const struct stanza *stanza)
{
	uint8_t share[SEALED_RECIPIENT_BYTES], body[SEALED_BODY_BYTES];
	uint8_t shared[SEALED_SHARED_BYTES], key[HMAC_BYTES];
	enum err e;

	if (!base64_decode(share, sizeof(share), &stanza->share) ||
	    !base64_decode(body, sizeof(body), &stanza->body))
		return ERR_SEALED_HEADER;
	/* A share of low order is the file's fault, not the library's. */
	if (sealed_shared_secret(shared, identity, share) != ERR_OK)
		return ERR_SEALED_HEADER;
	e = sealed_wrap_key(key, shared, share, recipient);
	if (e == ERR_OK)
		e = body_open(file_key, key, body);
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return e;
}

/* Try each X25519 stanza of a valid header. */
static enum err
header_file_key(struct cursor cursor,
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    uint8_t file_key[static SEALED_FILE_KEY_BYTES])
{
	uint8_t recipient[SEALED_RECIPIENT_BYTES];
	struct stanza stanza;
	enum err e = sealed_recipient(recipient, identity);

	if (e != ERR_OK)
		return e;
	(void)cursor_skip(&cursor, SEALED_VERSION_LINE);
	e = ERR_SEALED_NO_MATCH;
	while (e == ERR_SEALED_NO_MATCH && stanza_next(&cursor, &stanza))
		if (piece_is(&stanza.type, "X25519"))
			e = stanza_open(file_key, identity, recipient,
			    &stanza);
	return e;
}

/* The MAC covers all up to and with its mark. */
static enum err
header_authenticate(const struct cursor *cursor,
    const uint8_t file_key[static SEALED_FILE_KEY_BYTES],
    const uint8_t expected[static HMAC_BYTES])
{
	size_t size = (size_t)(cursor->end - cursor->at) -
	    sizeof(" \n") + 1 - KEY_CHARACTERS;
	uint8_t mac[HMAC_BYTES];
	enum err e = sealed_header_mac(mac, file_key, cursor->at, size);

	if (e == ERR_OK && !secret_equal(mac, sizeof(mac), expected,
	    HMAC_BYTES))
		e = ERR_SEALED_MAC;
	secret_wipe(mac, sizeof(mac));
	return e;
}

enum err
sealed_head_open(struct sealed_head *head,
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    const uint8_t *bytes, size_t header_size)
{
	const struct cursor cursor = { (const char *)bytes,
	    (const char *)bytes + header_size };
	uint8_t file_key[SEALED_FILE_KEY_BYTES], mac[HMAC_BYTES];
	const struct hkdf_input payload = {
		.key = file_key,
		.key_size = sizeof(file_key),
		.salt = bytes + header_size,
		.salt_size = SEALED_NONCE_BYTES,
		.info = "payload",
	};
	enum err e;

	if (!header_is_valid(cursor, mac))
		return ERR_SEALED_HEADER;
	e = header_file_key(cursor, identity, file_key);
	if (e == ERR_OK)
		e = header_authenticate(&cursor, file_key, mac);
	if (e == ERR_OK)
		e = hkdf_sha256(head->payload_key, &payload);
	head->header_size = header_size;
	secret_wipe(file_key, sizeof(file_key));
	return e;
}

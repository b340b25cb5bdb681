/* See load_tls.h; the records are those of RFC 8446, sections 5.2 and 7.3,
 * with TLS_AES_128_GCM_SHA256 alone.
 */
#include "tests/bench/storage/load_tls.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECRET_BYTES 32
#define KEY_BYTES 16
#define IV_BYTES 12
#define HEADER_BYTES 5
#define TAIL_BYTES 17		/* type of the content, and tag */
#define TYPE_DATA 23
#define NEW_SESSION_TICKET 4	/* no answer of HTTP begins with it */

struct load_tls {
	SSL_CTX *context;
	SSL_SESSION *session;	/* NULL: greet in full */
};

/* One direction. */
struct side {
	uint8_t secret[SECRET_BYTES];
	uint8_t iv[IV_BYTES];
	uint64_t records;
	EVP_CIPHER_CTX *cipher;
};

struct load_tls_line {
	SSL *ssl;		/* NULL once greeted */
	bool must_resume;
	int fd;
	struct side ours, theirs;
	uint8_t header[HEADER_BYTES];
	size_t header_length;
	size_t text_left, tail_left;	/* of the record at hand */
	bool is_unread;			/* nothing of it was looked at */
	bool is_ticket;			/* so all of it is dropped */
};

/* --- greeting ------------------------------------------------------------ */

static void secret_take(struct side *side, const char *hex)
{
	long length = 0;
	unsigned char *bytes = OPENSSL_hexstr2buf(hex, &length);

	if (bytes != NULL && length == SECRET_BYTES)
		memcpy(side->secret, bytes, SECRET_BYTES);
	OPENSSL_free(bytes);
}

/* "LABEL CLIENT-RANDOM SECRET", as for a key log. */
static void secret_told(const SSL *ssl, const char *told)
{
	struct load_tls_line *line = SSL_get_app_data(ssl);
	const char *secret = strrchr(told, ' ');

	if (line == NULL || secret == NULL)
		return;
	if (strncmp(told, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0)
		secret_take(&line->ours, secret + 1);
	if (strncmp(told, "SERVER_TRAFFIC_SECRET_0 ", 24) == 0)
		secret_take(&line->theirs, secret + 1);
}

/* HKDF-Expand-Label for up to 32 bytes without a context. */
static bool expand(const struct side *side, const char *label, uint8_t *out,
    size_t size)
{
	uint8_t info[64], block[SECRET_BYTES];
	unsigned length = 0;
	int written = snprintf((char *)info, sizeof(info), "%c%c%ctls13 %s%c%c",
	    0, (int)size, (int)strlen(label) + 6, label, 0, 1);

	if (HMAC(EVP_sha256(), side->secret, SECRET_BYTES, info,
	    (size_t)written, block, &length) == NULL)
		return false;
	memcpy(out, block, size);
	return true;
}

static bool side_begin(struct side *side, const EVP_CIPHER *cipher)
{
	uint8_t key[KEY_BYTES];

	side->cipher = EVP_CIPHER_CTX_new();
	return side->cipher != NULL &&
	    expand(side, "key", key, sizeof(key)) &&
	    expand(side, "iv", side->iv, sizeof(side->iv)) &&
	    EVP_EncryptInit_ex(side->cipher, cipher, NULL, key, NULL) == 1;
}

static int session_keep(SSL *ssl, SSL_SESSION *session)
{
	struct load_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (tls == NULL || tls->session != NULL)
		return 0;
	tls->session = session;
	return 1;
}

/* A session begun, and its ticket waited for. */
static bool session_fetch(struct load_tls *tls,
    const struct sockaddr_in *server)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\n"
	    "Host: x\r\nConnection: close\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(tls->context);
	char answer[4096];

	SSL_CTX_set_app_data(tls->context, tls);
	if (fd >= 0 && ssl != NULL && connect(fd,
	    (const struct sockaddr *)server, sizeof(*server)) == 0 &&
	    SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1 &&
	    SSL_write(ssl, request, sizeof(request) - 1) > 0)
		while (SSL_read(ssl, answer, sizeof(answer)) > 0)
			;
	SSL_CTX_set_app_data(tls->context, NULL);
	SSL_free(ssl);
	if (fd >= 0)
		close(fd);
	if (tls->session == NULL)
		fprintf(stderr, "load: the server gives no ticket\n");
	return tls->session != NULL;
}

struct load_tls *load_tls_new(bool resumes, const struct sockaddr_in *server)
{
	struct load_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context,
	    TLS1_3_VERSION) != 1 || SSL_CTX_set_ciphersuites(tls->context,
	    "TLS_AES_128_GCM_SHA256") != 1 ||
	    SSL_CTX_set1_groups_list(tls->context, "X25519") != 1) {
		fprintf(stderr, "load: no TLS 1.3\n");
		goto failed;
	}
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_keylog_callback(tls->context, secret_told);
	SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls->context, session_keep);
	if (!resumes || session_fetch(tls, server))
		return tls;
failed:
	load_tls_free(tls);
	return NULL;
}

void load_tls_free(struct load_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_SESSION_free(tls->session);
	SSL_CTX_free(tls->context);
	free(tls);
}

struct load_tls_line *load_tls_begin(struct load_tls *tls, int fd)
{
	struct load_tls_line *line = calloc(1, sizeof(*line));
	SSL_SESSION *session = NULL;

	if (line == NULL)
		return NULL;
	line->fd = fd;
	line->ssl = SSL_new(tls->context);
	if (line->ssl == NULL || SSL_set_fd(line->ssl, fd) != 1)
		goto failed;
	SSL_set_app_data(line->ssl, line);
	if (tls->session != NULL) {
		/* OpenSSL uses a session once: each has its copy. */
		session = SSL_SESSION_dup(tls->session);
		if (session == NULL || SSL_set_session(line->ssl, session) !=
		    1)
			goto failed;
		line->must_resume = true;
	}
	SSL_SESSION_free(session);
	return line;
failed:
	SSL_SESSION_free(session);
	load_tls_end(line);
	return NULL;
}

void load_tls_end(struct load_tls_line *line)
{
	if (line == NULL)
		return;
	SSL_free(line->ssl);
	EVP_CIPHER_CTX_free(line->ours.cipher);
	EVP_CIPHER_CTX_free(line->theirs.cipher);
	free(line);
}

int load_tls_greet(struct load_tls_line *line)
{
	int done = SSL_connect(line->ssl);

	if (done != 1)
		return SSL_get_error(line->ssl, done) == SSL_ERROR_WANT_READ ?
		    0 : -1;
	if (line->must_resume && !SSL_session_reused(line->ssl)) {
		fprintf(stderr, "load: the server took no ticket\n");
		return -1;
	}
	/* OpenSSL has read no byte behind the greeting: the rest is ours. */
	SSL_free(line->ssl);
	line->ssl = NULL;
	return side_begin(&line->ours, EVP_aes_128_gcm()) &&
	    side_begin(&line->theirs, EVP_aes_128_ctr()) ? 1 : -1;
}

/* --- records ------------------------------------------------------------- */

static void nonce_next(struct side *side, uint8_t nonce[static IV_BYTES])
{
	memcpy(nonce, side->iv, IV_BYTES);
	for (unsigned i = 0; i < 8; i++)
		nonce[IV_BYTES - 1 - i] ^= (uint8_t)(side->records >> 8 * i);
	side->records++;
}

size_t load_tls_seal(struct load_tls_line *line, char *text, size_t length)
{
	size_t sealed = length + TAIL_BYTES;
	uint8_t *record = (uint8_t *)text, nonce[IV_BYTES];
	const uint8_t header[HEADER_BYTES] = { TYPE_DATA, 3, 3,
		(uint8_t)(sealed >> 8), (uint8_t)sealed };
	EVP_CIPHER_CTX *cipher = line->ours.cipher;
	int done;

	nonce_next(&line->ours, nonce);
	memmove(record + HEADER_BYTES, record, length);
	memcpy(record, header, HEADER_BYTES);
	record[HEADER_BYTES + length] = TYPE_DATA;
	if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_EncryptUpdate(cipher, NULL, &done, header, HEADER_BYTES) !=
	    1 || EVP_EncryptUpdate(cipher, record + HEADER_BYTES, &done,
	    record + HEADER_BYTES, (int)length + 1) != 1 ||
	    EVP_EncryptFinal_ex(cipher, NULL, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAIL_BYTES - 1,
	    record + HEADER_BYTES + length + 1) != 1)
		return 0;
	return HEADER_BYTES + sealed;
}

/* The stream of GCM begins at block 2 of its counter. */
static bool record_begin(struct load_tls_line *line)
{
	uint8_t block[KEY_BYTES] = { 0 };
	size_t length = (size_t)line->header[3] << 8 | line->header[4];

	line->header_length = 0;
	if (line->header[0] != TYPE_DATA || length < TAIL_BYTES) {
		fprintf(stderr, "load: a record of type %u\n",
		    line->header[0]);
		errno = EPROTO;
		return false;
	}
	line->text_left = length - TAIL_BYTES;
	line->tail_left = TAIL_BYTES;
	line->is_unread = true;
	line->is_ticket = false;
	nonce_next(&line->theirs, block);
	block[KEY_BYTES - 1] = 2;
	return EVP_EncryptInit_ex(line->theirs.cipher, NULL, NULL, NULL,
	    block) == 1;
}

/* 0, or -1 as recv(). */
static ssize_t header_receive(struct load_tls_line *line)
{
	ssize_t got = recv(line->fd, line->header + line->header_length,
	    HEADER_BYTES - line->header_length, 0);

	if (got <= 0) {
		errno = got == 0 ? ECONNRESET : errno;
		return -1;
	}
	line->header_length += (size_t)got;
	return line->header_length < HEADER_BYTES || record_begin(line) ? 0 :
	    -1;
}

/* Of a record with its tail, in one call where all of it is unwanted. */
static ssize_t record_drop(struct load_tls_line *line, size_t size)
{
	size_t wanted = size < line->text_left ? size :
	    line->text_left + line->tail_left, text;
	ssize_t got = recv(line->fd, NULL, wanted, MSG_TRUNC);

	if (got <= 0) {
		errno = got == 0 ? ECONNRESET : errno;
		return -1;
	}
	text = (size_t)got < line->text_left ? (size_t)got : line->text_left;
	line->text_left -= text;
	line->tail_left -= (size_t)got - text;
	return (ssize_t)text;
}

/* Decrypted; of a ticket, which is no answer, nothing. */
static ssize_t record_read(struct load_tls_line *line, char *buffer,
    size_t size, bool is_first)
{
	size_t wanted = size < line->text_left ? size : line->text_left;
	ssize_t got = recv(line->fd, buffer, wanted, 0);
	int done;

	if (got <= 0) {
		errno = got == 0 ? ECONNRESET : errno;
		return -1;
	}
	if (EVP_EncryptUpdate(line->theirs.cipher, (unsigned char *)buffer,
	    &done, (unsigned char *)buffer, (int)got) != 1)
		return -1;
	line->text_left -= (size_t)got;
	line->is_ticket = is_first && line->is_unread &&
	    buffer[0] == NEW_SESSION_TICKET;
	line->is_unread = false;
	return line->is_ticket ? 0 : got;
}

static ssize_t receive_some(struct load_tls_line *line, char *buffer,
    size_t size, bool is_first)
{
	ssize_t got;

	if (line->text_left + line->tail_left == 0)
		return header_receive(line);
	if (buffer != NULL && !line->is_ticket && line->text_left > 0)
		return record_read(line, buffer, size, is_first);
	got = record_drop(line, line->is_ticket ? SIZE_MAX : size);
	return line->is_ticket && got > 0 ? 0 : got;
}

ssize_t load_tls_receive(struct load_tls_line *line, char *buffer, size_t size)
{
	size_t total = 0;

	while (total < size) {
		ssize_t got = receive_some(line, buffer == NULL ? NULL :
		    buffer + total, size - total, total == 0);

		if (got < 0)
			return total > 0 ? (ssize_t)total : -1;
		total += (size_t)got;
	}
	return (ssize_t)total;
}

/* TLS of the listeners, by GnuTLS beneath the HTTP library: 1.3 and 1.2 with
 * forward secrecy and authenticated ciphers, session tickets, a certificate
 * that can change while connections are open.
 */
#include "common/http_internal.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"

#define CHAIN_MAX 16		/* certificates in one file */
#define KEY_ID_MAX 64
/* A ticket opens sessions until its key goes, which is a day at most. */
#define TICKET_KEY_SECONDS 86400

/* Shared by the connections that were begun with it. */
struct http_certificate {
	_Atomic unsigned owners;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_length;
	gnutls_privkey_t key;
};

struct http_tls {
	char *certificate_path, *key_path;
	char *wanted;			/* said to who speaks HTTP */
	size_t wanted_size;
	pthread_mutex_t mutex;		/* of what follows */
	struct http_certificate *current;
	gnutls_datum_t ticket_key;
	int64_t ticket_key_s;		/* when it was made */
};

const char http_tls_priorities[] = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:"
    "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
    "+ECDHE-ECDSA:+ECDHE-RSA:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
    "+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SECP256R1-SHA256:"
    "+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:"
    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
    "+SIGN-RSA-PSS-SHA256:+SIGN-RSA-PSS-SHA384:"
    "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:"
    "+CTYPE-X509:+COMP-NULL:%SERVER_PRECEDENCE";

/* --- the certificate ------------------------------------------------------ */

void
http_certificate_release(struct http_certificate *certificate)
{
	if (certificate == NULL ||
	    atomic_fetch_sub(&certificate->owners, 1) > 1)
		return;
	for (unsigned i = 0; i < certificate->chain_length; i++)
		gnutls_pcert_deinit(&certificate->chain[i]);
	if (certificate->key != NULL)
		gnutls_privkey_deinit(certificate->key);
	free(certificate);
}

static enum err
complain(const char *path, const char *what, int failure)
{
	log_error("%s: %s: %s", path, what, gnutls_strerror(failure));
	return ERR_CONFIG;
}

static enum err
load_chain(struct http_certificate *certificate, const char *path)
{
	unsigned length = CHAIN_MAX;
	gnutls_datum_t text = { 0 };
	enum err e = ERR_OK;
	int failure = gnutls_load_file(path, &text);

	if (failure < 0) {
		log_errno("%s: the certificate cannot be read", path);
		return ERR_IO;
	}
	failure = gnutls_pcert_list_import_x509_raw(certificate->chain,
	    &length, &text, GNUTLS_X509_FMT_PEM,
	    GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	if (failure < 0)
		e = complain(path, "write the server's certificate and behind "
		    "it those that signed it, each in PEM", failure);
	else
		certificate->chain_length = length;
	gnutls_free(text.data);
	return e;
}

static enum err
load_key(struct http_certificate *certificate, const char *path)
{
	gnutls_datum_t text;
	size_t length = 0;
	char *bytes = NULL;
	enum err e = secret_file_read(path, &bytes, &length);
	int failure;

	if (e != ERR_OK)
		return e;
	text = (gnutls_datum_t){ .data = (unsigned char *)bytes,
		.size = (unsigned)length };
	failure = gnutls_privkey_init(&certificate->key);
	if (failure == 0)
		failure = gnutls_privkey_import_x509_raw(certificate->key,
		    &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (failure < 0)
		e = complain(path, "write the private key in PEM, without a "
		    "password", failure);
	secret_free(bytes, length);
	return e;
}

/* Is the key that of the first certificate? */
static bool
key_fits(const struct http_certificate *certificate)
{
	unsigned char ids[2][KEY_ID_MAX];
	size_t sizes[2] = { KEY_ID_MAX, KEY_ID_MAX };
	gnutls_pubkey_t public = NULL;
	bool fits = false;

	if (certificate->chain_length > 0 &&
	    gnutls_pubkey_init(&public) == 0 &&
	    gnutls_pubkey_import_privkey(public, certificate->key, 0, 0) ==
	    0 &&
	    gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, ids[0],
	    &sizes[0]) == 0 &&
	    gnutls_pubkey_get_key_id(certificate->chain[0].pubkey,
	    GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]) == 0)
		fits = sizes[0] == sizes[1] &&
		    memcmp(ids[0], ids[1], sizes[0]) == 0;
	if (public != NULL)
		gnutls_pubkey_deinit(public);
	return fits;
}

static enum err
certificate_load(const char *certificate_path, const char *key_path,
    struct http_certificate **out)
{
	struct http_certificate *certificate = calloc(1,
	    sizeof(*certificate));
	enum err e;

	*out = NULL;
	if (certificate == NULL)
		return ERR_NO_MEMORY;
	atomic_store(&certificate->owners, 1);
	e = load_chain(certificate, certificate_path);
	if (e == ERR_OK)
		e = load_key(certificate, key_path);
	if (e == ERR_OK && !key_fits(certificate)) {
		log_error("%s: is not the key of the first certificate in %s",
		    key_path, certificate_path);
		e = ERR_CONFIG;
	}
	if (e == ERR_OK)
		*out = certificate;
	else
		http_certificate_release(certificate);
	return e;
}

static enum err
paths_check(const char *certificate_path, const char *key_path)
{
	if (certificate_path != NULL && key_path != NULL)
		return ERR_OK;
	log_error("tls-listen takes tls-certificate and tls-key: add the "
	    "lines");
	return ERR_CONFIG;
}

enum err
http_tls_check(const char *certificate_path, const char *key_path)
{
	struct http_certificate *certificate = NULL;
	enum err e = paths_check(certificate_path, key_path);

	if (e == ERR_OK)
		e = certificate_load(certificate_path, key_path,
		    &certificate);
	http_certificate_release(certificate);
	return e;
}

/* --- the state of a server ------------------------------------------------ */

enum err
http_tls_new(const char *certificate_path, const char *key_path,
    struct http_tls **out)
{
	struct http_tls *tls;
	enum err e;

	*out = NULL;
	e = paths_check(certificate_path, key_path);
	if (e != ERR_OK)
		return e;
	tls = calloc(1, sizeof(*tls));
	if (tls == NULL)
		return ERR_NO_MEMORY;
	pthread_mutex_init(&tls->mutex, NULL);
	tls->certificate_path = strdup(certificate_path);
	tls->key_path = strdup(key_path);
	tls->wanted = http_refuse_text(ERR_MALFORMED_REQUEST, "",
	    "TLS is spoken here: use https.", &tls->wanted_size);
	e = tls->certificate_path == NULL || tls->key_path == NULL ||
	    tls->wanted == NULL ? ERR_NO_MEMORY : http_tls_reload(tls);
	if (e == ERR_OK)
		*out = tls;
	else
		http_tls_free(tls);
	return e;
}

static void
ticket_key_wipe(struct http_tls *tls)
{
	if (tls->ticket_key.data == NULL)
		return;
	secret_wipe(tls->ticket_key.data, tls->ticket_key.size);
	gnutls_free(tls->ticket_key.data);
	tls->ticket_key = (gnutls_datum_t){ 0 };
}

void
http_tls_free(struct http_tls *tls)
{
	if (tls == NULL)
		return;
	http_certificate_release(tls->current);
	ticket_key_wipe(tls);
	pthread_mutex_destroy(&tls->mutex);
	free(tls->wanted);
	free(tls->certificate_path);
	free(tls->key_path);
	free(tls);
}

enum err
http_tls_reload(struct http_tls *tls)
{
	struct http_certificate *fresh, *old;
	enum err e = certificate_load(tls->certificate_path, tls->key_path,
	    &fresh);

	if (e != ERR_OK)
		return e;
	pthread_mutex_lock(&tls->mutex);
	old = tls->current;
	tls->current = fresh;
	pthread_mutex_unlock(&tls->mutex);
	http_certificate_release(old);
	return ERR_OK;
}

const char *
http_tls_wanted(const struct http_tls *tls, size_t *size)
{
	*size = tls->wanted_size;
	return tls->wanted;
}

/* --- a connection --------------------------------------------------------- */

gnutls_session_t
http_tls_session(struct MHD_Connection *library)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info == NULL ? NULL : info->tls_session;
}

/* GnuTLS copies the key. */
static void
enable_tickets(struct http_tls *tls, gnutls_session_t session)
{
	int64_t now_s = clock_monotonic_ms() / 1000;

	if (tls->ticket_key.data == NULL ||
	    now_s - tls->ticket_key_s >= TICKET_KEY_SECONDS) {
		ticket_key_wipe(tls);
		tls->ticket_key_s = now_s;
		if (gnutls_session_ticket_key_generate(&tls->ticket_key) < 0)
			tls->ticket_key = (gnutls_datum_t){ 0 };
	}
	if (tls->ticket_key.data != NULL)
		(void)gnutls_session_ticket_enable_server(session,
		    &tls->ticket_key);
}

void
http_tls_begin(struct http_tls *tls, struct http_connection *connection,
    struct MHD_Connection *library)
{
	static unsigned char name[] = "http/1.1";
	const gnutls_datum_t protocol = { .data = name,
		.size = sizeof(name) - 1 };
	gnutls_session_t session = http_tls_session(library);

	/* As RFC 7301 has it: who cannot speak it ends here.  The library
	 * would go on with any that names another protocol. */
	(void)gnutls_alpn_set_protocols(session, &protocol, 1,
	    GNUTLS_ALPN_MANDATORY);
	pthread_mutex_lock(&tls->mutex);
	connection->certificate = tls->current;
	atomic_fetch_add(&tls->current->owners, 1);
	enable_tickets(tls, session);
	pthread_mutex_unlock(&tls->mutex);
	http_tls_send_by(session, connection);
}

/* The library's connection is what the session points to. */
int
http_tls_choose(gnutls_session_t session,
    const struct gnutls_cert_retr_st *asked,
    gnutls_pcert_st **chain, unsigned *chain_length,
    gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
    gnutls_privkey_t *key, unsigned *flags)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    gnutls_session_get_ptr(session),
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct http_connection *connection = info == NULL ? NULL :
	    info->socket_context;

	(void)asked;
	if (connection == NULL || connection->certificate == NULL)
		return -1;
	*chain = connection->certificate->chain;
	*chain_length = connection->certificate->chain_length;
	*key = connection->certificate->key;
	*ocsp = NULL;
	*ocsp_length = 0;
	*flags = 0;	/* all stays ours */
	return 0;
}

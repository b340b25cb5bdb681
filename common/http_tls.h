/* TLS of the listeners: what of it the other files of the layer see. */
#ifndef COMMON_HTTP_TLS_H
#define COMMON_HTTP_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct MHD_Connection;
struct MHD_Response;
struct http_certificate;	/* counted: by the server, by connections */
struct http_tls;

extern const char http_tls_priorities[];

/*
 * Certificate chain and key from two files of PEM.  ERR_CONFIG, ERR_IO,
 * ERR_PERMISSIONS, ERR_KEY_FILE, ERR_NO_MEMORY; logged.
 */
enum err http_tls_new(const char *certificate_path, const char *key_path,
    struct http_tls **out);
void http_tls_free(struct http_tls *tls);
/* Read both again, for connections to come; on an error the old ones stay. */
enum err http_tls_reload(struct http_tls *tls);

/* A connection begins: what it will show, to be released when it ends. */
struct http_certificate *http_tls_begin(struct http_tls *tls,
    struct MHD_Connection *library);
void http_certificate_release(struct http_certificate *certificate);

/* GnuTLS asks what to show: a gnutls_certificate_retrieve_function3. */
int http_tls_choose(gnutls_session_t session,
    const struct gnutls_cert_retr_st *asked, gnutls_pcert_st **chain,
    unsigned *chain_length, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags);

/* All of it and the end, past the library; false: it did not go out. */
bool http_tls_send(struct MHD_Connection *library, const char *text,
    size_t size);

/*
 * A part of a file, in large reads and records; takes the descriptor unless
 * it returns NULL, without memory.
 */
struct MHD_Response *http_tls_response(int descriptor, uint64_t offset,
    uint64_t length);

#endif

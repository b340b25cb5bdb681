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
struct http_cached_reply;
struct http_connection;
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

/* An answer for who speaks HTTP without TLS; borrowed. */
const char *http_tls_wanted(const struct http_tls *tls, size_t *size);

/* NULL: it has none. */
gnutls_session_t http_tls_session(struct MHD_Connection *library);
/*
 * A connection begins: what it will show, to be released when it ends, its
 * tickets, and how it sends.
 */
void http_tls_begin(struct http_tls *tls, struct http_connection *connection,
    struct MHD_Connection *library);
void http_certificate_release(struct http_certificate *certificate);

/* GnuTLS asks what to show: a gnutls_certificate_retrieve_function3. */
int http_tls_choose(gnutls_session_t session,
    const struct gnutls_cert_retr_st *asked, gnutls_pcert_st **chain,
    unsigned *chain_length, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags);

/* http_tls_send.c */
/* What the session has to send goes out by connection, which outlives it. */
void http_tls_send_by(gnutls_session_t session,
    struct http_connection *connection);
/* The one that was told; NULL: the session is none of ours. */
struct http_connection *http_tls_connection(gnutls_session_t session);

/* All of it and the end, past the library; false: it did not go out. */
bool http_tls_send(struct MHD_Connection *library, const char *text,
    size_t size);

/*
 * A part of a file for connection, in large reads and records; takes the
 * descriptor unless it returns NULL, without memory.
 */
struct MHD_Response *http_tls_response(struct http_connection *connection,
    int descriptor, uint64_t offset, uint64_t length);

/* The file of a cached reply in memory, and the answer with all of it. */
struct http_cached_memory {
	unsigned uses;
	struct mapping *mapping;	/* counted; NULL: not in memory */
	struct MHD_Response *response;
};

/*
 * The whole answer to a cached reply, from memory, made with the first call
 * from its file, of which the descriptor stays the caller's; borrowed.  NULL
 * where the file is to be read: with the first use, when it is very large,
 * when there is no room.
 */
struct MHD_Response *http_tls_cached_response(
    const struct http_cached_reply *cached, int descriptor);
/* The same for a part, without fields; the caller's. */
struct MHD_Response *http_tls_cached_part(
    const struct http_cached_reply *cached, int descriptor, uint64_t offset,
    uint64_t length);
/* What comes next on connection is length bytes of it. */
void http_tls_expect(struct http_connection *connection,
    const struct http_cached_reply *cached, uint64_t length);
void http_tls_forget(struct http_cached_memory *memory);

/* http_tls_greet.c */
/* Does the library call our part of GnuTLS? */
bool http_tls_greet_is_in_front(void);

#endif

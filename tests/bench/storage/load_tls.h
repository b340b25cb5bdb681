/* TLS 1.3 for the load client, as cheap as it can be had: OpenSSL greets, then
 * records are taken apart here.  What is dropped is never decrypted and never
 * copied; the beginning of an answer is decrypted without checking its tag.
 */
#ifndef BENCH_STORAGE_LOAD_TLS_H
#define BENCH_STORAGE_LOAD_TLS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_TLS_OVERHEAD 22	/* a record is longer than its text */

struct load_tls;	/* what all connections share */
struct load_tls_line;	/* one connection */

/*
 * With resumes, a session is begun with the server first, and all lines go on
 * from its ticket.  NULL, with a message, when that cannot be.
 */
struct load_tls *load_tls_new(bool resumes, const struct sockaddr_in *server);
void load_tls_free(struct load_tls *tls);

/* On a socket that is connected and does not block; stays the caller's. */
struct load_tls_line *load_tls_begin(struct load_tls *tls, int fd);
void load_tls_end(struct load_tls_line *line);

/* 1: greeted; 0: wait for the server's next bytes; -1: it failed. */
int load_tls_greet(struct load_tls_line *line);

/*
 * Turn the length bytes at text into a record; there is room for
 * LOAD_TLS_OVERHEAD more.  The new length; 0 when it failed.
 */
size_t load_tls_seal(struct load_tls_line *line, char *text, size_t length);

/*
 * As recv(): bytes of what was sent to us, up to size; without a buffer they
 * are dropped.  The first call for an answer has a buffer.
 */
ssize_t load_tls_receive(struct load_tls_line *line, char *buffer,
    size_t size);

#endif

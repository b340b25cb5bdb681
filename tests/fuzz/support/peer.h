/* A server that says what it is told, whatever it is asked. */
#ifndef TESTS_FUZZ_SUPPORT_PEER_H
#define TESTS_FUZZ_SUPPORT_PEER_H

#include <stddef.h>
#include <stdint.h>

/* Start it on a port of this machine, which is returned; once. */
unsigned peer_start(void);

/*
 * What is answered from now on to each request, on connections that end with
 * the answer; borrowed until the next call.
 */
void peer_say(const void *bytes, size_t size);

#endif

/* The memory of requests.  A thread serves one request after the other: it
 * keeps what they leave behind, and asks the allocator only when more are
 * under way than before.
 */
#include "common/http_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0	/* clang's; gcc defines the other */
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SPARE_MAX 0		/* so that what is used too late is noticed */
#else
#define SPARE_MAX 64		/* of each thread */
#endif
#define TARGET_ROOM 512		/* of a spare one: longer targets are rare */
#define ALIGNMENT _Alignof(max_align_t)

struct spares {
	struct http_request *first;
	unsigned count;
	bool end_is_told;
};

static _Thread_local struct spares spares;
static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void
spares_free(void *unused)
{
	struct http_request *request;

	(void)unused;
	while ((request = spares.first) != NULL) {
		spares.first = request->next;
		free(request);
	}
}

static void
thread_end_create(void)
{
	/* Without it an ending thread only leaks its spares. */
	(void)pthread_key_create(&thread_end, spares_free);
}

static struct http_request *
request_new(size_t capacity)
{
	struct http_request *request = malloc(sizeof(*request) + 2 * capacity);

	if (request != NULL)
		request->capacity = capacity;
	return request;
}

struct http_request *
http_memory_take(size_t target_size)
{
	struct http_request *request = spares.first;

	if (request != NULL && target_size <= request->capacity) {
		spares.first = request->next;
		spares.count--;
	} else {
		request = request_new(target_size > TARGET_ROOM ?
		    target_size : TARGET_ROOM);
		if (request == NULL)
			return NULL;
	}
	memset(request, 0, offsetof(struct http_request, id));
	request->id[0] = request->notes[0] = '\0';
	return request;
}

void
http_memory_give(struct http_request *request)
{
	if (request->capacity > TARGET_ROOM || spares.count == SPARE_MAX) {
		free(request);
		return;
	}
	if (!spares.end_is_told) {
		/* Not NULL, or the end of the thread would not be told. */
		(void)pthread_once(&thread_end_once, thread_end_create);
		(void)pthread_setspecific(thread_end, &spares);
		spares.end_is_told = true;
	}
	request->next = spares.first;
	spares.first = request;
	spares.count++;
}

void *
http_request_allocate(struct http_request *request, size_t size)
{
	size_t padded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	void *memory;

	if (size <= HTTP_ARENA_BYTES &&
	    padded <= HTTP_ARENA_BYTES - request->arena_used) {
		memory = request->arena + request->arena_used;
		request->arena_used += padded;
		return memory;
	}
	return http_request_text(request, size);
}

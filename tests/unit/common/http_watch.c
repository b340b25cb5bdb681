/* What clients do while their requests wait is seen when those are resumed,
 * and no socket is asked in vain.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/http_server.h"

#define ROUNDS 5
#define ASKED "GET /wait HTTP/1.1\r\nHost: here\r\n\r\n"
#define REFUSED "POST /refused HTTP/1.1\r\nHost: here\r\n" \
    "Connection: close\r\nContent-Length: 2\r\n\r\n{}"

/* In place of the C library's: the server's.  Clients here use read(). */
static atomic_uint reads, reads_in_vain;

ssize_t counted_recvfrom(int socket, void *bytes, size_t size, int flags,
    void *from, socklen_t *from_size) __asm__("recvfrom");

ssize_t
counted_recvfrom(int socket, void *bytes, size_t size, int flags, void *from,
    socklen_t *from_size)
{
	ssize_t got = syscall(SYS_recvfrom, socket, bytes, size, flags, from,
	    from_size);

	(void)atomic_fetch_add(&reads, 1);
	if (got < 0 && errno == EAGAIN)
		(void)atomic_fetch_add(&reads_in_vain, 1);
	return got;
}

/* The same: ends of clients that only the sweeper saw, once a second. */
static atomic_uint ends_swept;

int
shutdown(int socket, int how)
{
	if (how == SHUT_RD)
		(void)atomic_fetch_add(&ends_swept, 1);
	return (int)syscall(SYS_shutdown, socket, how);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct http_request *waiting;
static bool is_held, is_let_go;		/* the event thread, by /hold */

static void
answer(struct http_request *request, void *application)
{
	(void)application;
	http_reply_empty(request, 204);
}

static void
wait_first(struct http_request *request, void *application)
{
	(void)application;
	http_request_suspend(request, answer);
	(void)pthread_mutex_lock(&lock);
	waiting = request;
	(void)pthread_cond_signal(&arrived);
	(void)pthread_mutex_unlock(&lock);
}

/* Nobody is served meanwhile. */
static void
hold(struct http_request *request, void *application)
{
	(void)pthread_mutex_lock(&lock);
	is_held = true;
	(void)pthread_cond_signal(&arrived);
	while (!is_let_go)
		(void)pthread_cond_wait(&arrived, &lock);
	(void)pthread_mutex_unlock(&lock);
	answer(request, application);
}

static const struct http_route routes[] = {
	{ .method = "GET", .pattern = "/hold", .audience = HTTP_PUBLIC,
	    .handle = hold },
	{ .method = "GET", .pattern = "/wait", .audience = HTTP_PUBLIC,
	    .handle = wait_first },
	{ .method = "GET", .pattern = "/now", .audience = HTTP_PUBLIC,
	    .handle = answer },
	{ .method = "POST", .pattern = "/refused", .audience = HTTP_PUBLIC,
	    .begin = wait_first, .handle = answer, .body = HTTP_BODY_STREAM },
	{ 0 },
};

struct story {
	struct http_server *server;
	struct sockaddr_in address;
	int client;
};

static int
client_new(const struct story *story)
{
	const struct timeval patience = { .tv_sec = 60 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO,
	    &patience, sizeof(patience)), 0);
	assert_int_equal(connect(client,
	    (const struct sockaddr *)&story->address,
	    sizeof(story->address)), 0);
	return client;
}

static int
story_begin(void **state)
{
	static struct story story;
	static const struct http_listener listener = {
		.address = "127.0.0.1:0", .audience = HTTP_PUBLIC,
		.threads = 1 };
	const struct http_server_options options = {
		.listeners = &listener, .listener_count = 1,
		.routes = routes, .connection_memory_bytes = 8192,
		.connection_max = 16, .idle_timeout_s = 60,
		.header_timeout_s = 60, .access_log = "off" };

	assert_int_equal(http_server_new(&options, &story.server), ERR_OK);
	assert_int_equal(http_server_start(story.server), ERR_OK);
	story.address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)http_server_port(story.server,
		    0)) };
	story.client = client_new(&story);
	*state = &story;
	return 0;
}

static int
story_end(void **state)
{
	struct story *story = *state;

	(void)close(story->client);
	http_server_quiesce(story->server);
	assert_true(http_server_drain(story->server, 60000));
	http_server_free(story->server);
	return 0;
}

static void
tell(int client, const char *text)
{
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
}

static struct http_request *
next_waiting(void)
{
	struct http_request *request;

	(void)pthread_mutex_lock(&lock);
	while (waiting == NULL)
		(void)pthread_cond_wait(&arrived, &lock);
	request = waiting;
	waiting = NULL;
	(void)pthread_mutex_unlock(&lock);
	return request;
}

static void
event_thread_hold(int client)
{
	(void)pthread_mutex_lock(&lock);
	is_held = is_let_go = false;
	(void)pthread_mutex_unlock(&lock);
	tell(client, "GET /hold HTTP/1.1\r\nHost: here\r\n\r\n");
	(void)pthread_mutex_lock(&lock);
	while (!is_held)
		(void)pthread_cond_wait(&arrived, &lock);
	(void)pthread_mutex_unlock(&lock);
}

static void
event_thread_let_go(void)
{
	(void)pthread_mutex_lock(&lock);
	is_let_go = true;
	(void)pthread_cond_signal(&arrived);
	(void)pthread_mutex_unlock(&lock);
}

static void
is_answered(int client)
{
	char text[512];
	ssize_t got = read(client, text, sizeof(text));

	assert_true(got > 12);
	assert_memory_equal(text, "HTTP/1.1 204", 12);
}

/* The one event thread has seen what was sent before. */
static void
others_are_served(const struct story *story)
{
	int client = client_new(story);

	for (int i = 0; i < 2; i++) {
		tell(client, "GET /now HTTP/1.1\r\nHost: here\r\n\r\n");
		is_answered(client);
	}
	(void)close(client);
}

/* Once in the epoll set of the server and out of it again, and in. */
static void
ask_twice(const struct story *story)
{
	for (int i = 0; i < 2; i++) {
		tell(story->client, ASKED);
		http_request_resume(next_waiting());
		is_answered(story->client);
	}
}

static void
a_request_sent_while_one_waits_is_served_behind_it(void **state)
{
	const struct story *story = *state;
	struct http_request *first;

	for (int round = 0; round < 20; round++) {
		tell(story->client, ASKED);
		first = next_waiting();
		tell(story->client, ASKED);
		others_are_served(story);
		http_request_resume(first);
		is_answered(story->client);
		http_request_resume(next_waiting());
		is_answered(story->client);
	}
}

static void
the_end_of_a_client_that_waits_is_seen(void **state)
{
	const struct story *story = *state;
	struct http_request *request;
	char byte;

	ask_twice(story);
	tell(story->client, ASKED);
	request = next_waiting();
	assert_int_equal(shutdown(story->client, SHUT_WR), 0);
	others_are_served(story);
	http_request_resume(request);
	is_answered(story->client);
	assert_int_equal(read(story->client, &byte, 1), 0);
}

static void
an_end_that_comes_with_the_request_is_seen(void **state)
{
	struct story *story = *state;
	int other = client_new(story);
	char byte;

	atomic_store(&ends_swept, 0);
	for (int round = 0; round < ROUNDS; round++) {
		ask_twice(story);
		event_thread_hold(other);
		tell(story->client, ASKED);
		assert_int_equal(shutdown(story->client, SHUT_WR), 0);
		event_thread_let_go();
		is_answered(other);
		http_request_resume(next_waiting());
		is_answered(story->client);
		assert_int_equal(read(story->client, &byte, 1), 0);
		(void)close(story->client);
		story->client = client_new(story);
	}
	/* It may come by at that moment, but not each time. */
	assert_true(atomic_load(&ends_swept) < ROUNDS);
	(void)close(other);
}

static void
a_client_that_is_gone_while_it_waits_harms_nobody(void **state)
{
	struct story *story = *state;
	const struct linger at_once = { .l_onoff = 1 };
	struct http_request *request;

	ask_twice(story);
	tell(story->client, ASKED);
	request = next_waiting();
	assert_int_equal(setsockopt(story->client, SOL_SOCKET, SO_LINGER,
	    &at_once, sizeof(at_once)), 0);
	(void)close(story->client);
	others_are_served(story);
	http_request_resume(request);
	others_are_served(story);
	story->client = client_new(story);
	ask_twice(story);
}

/* Its socket is kept for a while, under another number. */
static void
events_of_a_connection_that_is_over_are_nobodys(void **state)
{
	struct story *story = *state;
	char byte;

	for (int round = 0; round < 10; round++) {
		ask_twice(story);
		tell(story->client, REFUSED);
		http_request_resume(next_waiting());
		is_answered(story->client);
		assert_int_equal(read(story->client, &byte, 1), 0);
		tell(story->client, "more");
		others_are_served(story);
		(void)close(story->client);
		story->client = client_new(story);
	}
}

static void
a_socket_that_was_read_empty_is_not_asked_again(void **state)
{
	const struct story *story = *state;

	ask_twice(story);
	atomic_store(&reads, 0);
	atomic_store(&reads_in_vain, 0);
	for (int i = 0; i < 100; i++)
		ask_twice(story);
	assert_int_equal(atomic_load(&reads_in_vain), 0);
	assert_int_equal(atomic_load(&reads), 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, story_begin, story_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_sent_while_one_waits_is_served_behind_it),
		TEST(the_end_of_a_client_that_waits_is_seen),
		TEST(an_end_that_comes_with_the_request_is_seen),
		TEST(a_client_that_is_gone_while_it_waits_harms_nobody),
		TEST(events_of_a_connection_that_is_over_are_nobodys),
		TEST(a_socket_that_was_read_empty_is_not_asked_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

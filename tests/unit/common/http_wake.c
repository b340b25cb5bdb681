/* Requests that wait are answered when they are resumed, one by one or as a
 * group that wakes each event thread once.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/http_server.h"

#define CLIENTS 24
#define THREADS 2

/* In place of the C library's: wake-ups of groups alone go through it. */
static atomic_uint group_wakes;

int
eventfd_write(int descriptor, eventfd_t value)
{
	(void)atomic_fetch_add(&group_wakes, 1);
	return write(descriptor, &value, sizeof(value)) == sizeof(value) ? 0 :
	    -1;
}

/* Requests that wait to be resumed. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct http_request *waiting[CLIENTS];
static size_t waiting_count;

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
	waiting[waiting_count++] = request;
	(void)pthread_cond_signal(&arrived);
	(void)pthread_mutex_unlock(&lock);
}

static const struct http_route routes[] = {
	{ .method = "GET", .pattern = "/wait", .audience = HTTP_PUBLIC,
	    .handle = wait_first },
	{ 0 },
};

struct story {
	struct http_server *server;
	int clients[CLIENTS];
};

static int
story_begin(void **state)
{
	static struct story story;
	static const struct http_listener listener = {
		.address = "127.0.0.1:0", .audience = HTTP_PUBLIC,
		.threads = THREADS };
	const struct http_server_options options = {
		.listeners = &listener, .listener_count = 1,
		.routes = routes, .connection_memory_bytes = 8192,
		.connection_max = 2 * CLIENTS, .idle_timeout_s = 60,
		.header_timeout_s = 60, .access_log = "off" };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	assert_int_equal(http_server_new(&options, &story.server), ERR_OK);
	assert_int_equal(http_server_start(story.server), ERR_OK);
	address.sin_port = htons((uint16_t)http_server_port(story.server, 0));
	for (size_t i = 0; i < CLIENTS; i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_int_equal(connect(client,
		    (const struct sockaddr *)&address, sizeof(address)), 0);
		story.clients[i] = client;
	}
	*state = &story;
	return 0;
}

static int
story_end(void **state)
{
	struct story *story = *state;

	for (size_t i = 0; i < CLIENTS; i++)
		(void)close(story->clients[i]);
	http_server_quiesce(story->server);
	assert_true(http_server_drain(story->server, 60000));
	http_server_free(story->server);
	return 0;
}

/* All clients ask; when this returns, all wait. */
static void
all_ask(struct story *story)
{
	static const char text[] = "GET /wait HTTP/1.1\r\nHost: here\r\n\r\n";

	(void)pthread_mutex_lock(&lock);
	waiting_count = 0;
	(void)pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(send(story->clients[i], text,
		    sizeof(text) - 1, MSG_NOSIGNAL), sizeof(text) - 1);
	(void)pthread_mutex_lock(&lock);
	while (waiting_count < CLIENTS)
		(void)pthread_cond_wait(&arrived, &lock);
	(void)pthread_mutex_unlock(&lock);
}

static void
all_are_answered(struct story *story)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		char text[512];
		ssize_t got = recv(story->clients[i], text, sizeof(text), 0);

		assert_true(got > 12);
		assert_memory_equal(text, "HTTP/1.1 204", 12);
	}
}

static void
each_request_resumed_alone_is_answered(void **state)
{
	struct story *story = *state;

	for (int round = 0; round < 20; round++) {
		all_ask(story);
		for (size_t i = 0; i < CLIENTS; i++)
			http_request_resume(waiting[i]);
		all_are_answered(story);
	}
	assert_int_equal(atomic_load(&group_wakes), 0);
}

static void
a_group_wakes_each_thread_once(void **state)
{
	struct story *story = *state;

	for (int round = 0; round < 200; round++) {
		atomic_store(&group_wakes, 0);
		all_ask(story);
		http_wakes_hold();
		for (size_t i = 0; i < CLIENTS; i++)
			http_request_resume(waiting[i]);
		http_wakes_release();
		all_are_answered(story);
		assert_in_range(atomic_load(&group_wakes), 1, THREADS);
	}
}

static void
after_a_group_requests_are_woken_at_once_again(void **state)
{
	struct story *story = *state;

	http_wakes_hold();
	http_wakes_release();
	atomic_store(&group_wakes, 0);
	all_ask(story);
	for (size_t i = 0; i < CLIENTS; i++)
		http_request_resume(waiting[i]);
	all_are_answered(story);
	assert_int_equal(atomic_load(&group_wakes), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, story_begin, story_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_request_resumed_alone_is_answered),
		TEST(a_group_wakes_each_thread_once),
		TEST(after_a_group_requests_are_woken_at_once_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

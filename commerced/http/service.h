/* What the handlers work with: one of these for the process, made by main.c
 * and handed to every handler as its application.
 */
#ifndef COMMERCED_HTTP_SERVICE_H
#define COMMERCED_HTTP_SERVICE_H

#include "commerced/http/admin_token.h"
#include "commerced/http/answers.h"
#include "commerced/http/attempts.h"
#include "commerced/http/metrics.h"
#include "commerced/pictures.h"
#include "commerced/push.h"
#include "commerced/settings.h"
#include "commerced/shop/shop.h"
#include "commerced/spool.h"
#include "common/http_server.h"
#include "common/worker_pool.h"

struct service {
	const struct settings *settings;
	struct shop *shop;
	struct spool *spool;
	struct pictures *pictures;
	struct push_service *push;
	struct http_server *server;
	struct metrics *metrics;
	struct worker_pool *disk;	/* fsync, rename, unlink */
	struct worker_pool *passwords;	/* scrypt */
	struct worker_pool *lookups;	/* reads that take long */
	struct answers *answers;	/* to anybody who asks for the same */
	struct attempts *by_account;	/* failed sign-ins */
	struct attempts *by_address;
	struct attempts *wrong_codes;
	struct admin_token *admin_token;
};

/*
 * What the column "authentication" of the route table says; with TAKES_QUERY
 * or-ed to it the handler parses the query, and without it there must be none.
 */
enum authentication {
	AUTH_NOTHING,		/* not even the query is looked at */
	AUTH_ANYBODY,
	AUTH_SESSION,		/* a session, or 401 */
	AUTH_SESSION_OPTIONAL,	/* answers better with one */
	AUTH_NEW_SESSION,	/* none needed; a foreign Origin is refused */
	AUTH_ADMIN
};
#define TAKES_QUERY 0x100

/* The route table, static; for http_server_options. */
const struct http_route *service_routes(void);

/* For http_server_options: who is asking? */
enum err service_authenticate(struct http_request *request,
    void *application, int authentication);

#endif

/* Numbers to watch that belong to no module: how long requests took, what was
 * refused, what was sold.  Counting takes no lock; each thread has its own
 * counters.
 */
#ifndef COMMERCED_HTTP_METRICS_H
#define COMMERCED_HTTP_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "commerced/model.h"
#include "common/http_server.h"

struct metrics;

/* For the requests of these routes, which are kept.  ERR_NO_MEMORY. */
enum err metrics_new(const struct http_route *routes, struct metrics **out);
void metrics_free(struct metrics *metrics);	/* NULL is allowed */

/* For http_server_options; application is struct service. */
void metrics_request_ended(const struct http_outcome *outcome,
    void *application);

/* Committed, and not a repetition. */
void metrics_note_sale(struct metrics *metrics,
    const struct purchase *purchase);
void metrics_note_refund(struct metrics *metrics,
    const struct refund *refund);

/* As Prometheus reads them; amounts are of this currency. */
void metrics_write(const struct metrics *metrics, const char *currency,
    FILE *out);

/* One number with its head; name without the program's. */
void metric_write(FILE *out, const char *name, const char *type,
    const char *help, uint64_t value);

#endif

#include "commerced/spool_writer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define PIECES 8

struct piece {
	size_t size;
	uint8_t bytes[SPOOL_PIECE_BYTES];
};

struct spool_writer {
	spool_writer_sink *sink;
	void *context;
	pthread_t thread;
	bool is_started;	/* and not joined */
	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t changed;
	size_t taken, given;	/* pieces so far; given is being filled */
	bool is_ending, is_dropped;
	enum err error;		/* the sink's */
	struct piece pieces[PIECES];
};

/* The piece in turn, or NULL: there will be none. */
static struct piece *
writer_next(struct spool_writer *writer)
{
	struct piece *piece = NULL;

	(void)pthread_mutex_lock(&writer->lock);
	while (writer->taken == writer->given && !writer->is_ending &&
	    !writer->is_dropped)
		(void)pthread_cond_wait(&writer->changed, &writer->lock);
	if (writer->taken < writer->given && !writer->is_dropped)
		piece = &writer->pieces[writer->taken % PIECES];
	(void)pthread_mutex_unlock(&writer->lock);
	return piece;
}

static void *
writer_main(void *argument)
{
	struct spool_writer *writer = argument;
	struct piece *piece;
	enum err e = ERR_OK;

	/* After an error pieces are still taken, so that nobody waits. */
	while ((piece = writer_next(writer)) != NULL) {
		if (!e)
			e = writer->sink(writer->context, piece->bytes,
			    piece->size);
		(void)pthread_mutex_lock(&writer->lock);
		writer->error = e;
		writer->taken++;
		(void)pthread_cond_signal(&writer->changed);
		(void)pthread_mutex_unlock(&writer->lock);
	}
	return NULL;
}

enum err
spool_writer_new(spool_writer_sink *sink, void *context,
    struct spool_writer **out)
{
	struct spool_writer *writer = malloc(sizeof(*writer));

	*out = NULL;
	if (writer == NULL)
		return ERR_NO_MEMORY;
	memset(writer, 0, offsetof(struct spool_writer, pieces));
	writer->pieces[0].size = 0;
	writer->sink = sink;
	writer->context = context;
	(void)pthread_mutex_init(&writer->lock, NULL);
	(void)pthread_cond_init(&writer->changed, NULL);
	if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
		log_error("the thread of an upload cannot be started");
		spool_writer_free(writer);
		return ERR_INTERNAL;
	}
	writer->is_started = true;
	(void)pthread_setname_np(writer->thread, "upload");
	*out = writer;
	return ERR_OK;
}

/* Hand the piece over that is being filled, and have another to fill. */
static enum err
writer_give(struct spool_writer *writer)
{
	enum err e;

	(void)pthread_mutex_lock(&writer->lock);
	writer->given++;
	(void)pthread_cond_signal(&writer->changed);
	while (writer->given - writer->taken >= PIECES && !writer->error)
		(void)pthread_cond_wait(&writer->changed, &writer->lock);
	e = writer->error;
	(void)pthread_mutex_unlock(&writer->lock);
	if (!e)
		writer->pieces[writer->given % PIECES].size = 0;
	return e;
}

enum err
spool_writer_put(struct spool_writer *writer, const uint8_t *bytes,
    size_t size)
{
	enum err e = ERR_OK;

	while (!e && size > 0) {
		struct piece *piece = &writer->pieces[writer->given % PIECES];
		size_t room = SPOOL_PIECE_BYTES - piece->size;
		size_t part = size < room ? size : room;

		memcpy(piece->bytes + piece->size, bytes, part);
		piece->size += part;
		bytes += part;
		size -= part;
		if (piece->size == SPOOL_PIECE_BYTES)
			e = writer_give(writer);
	}
	return e;
}

static void
writer_join(struct spool_writer *writer, bool is_dropped)
{
	if (!writer->is_started)
		return;
	(void)pthread_mutex_lock(&writer->lock);
	writer->is_ending = true;
	writer->is_dropped = is_dropped;
	(void)pthread_cond_signal(&writer->changed);
	(void)pthread_mutex_unlock(&writer->lock);
	(void)pthread_join(writer->thread, NULL);
	writer->is_started = false;
}

enum err
spool_writer_end(struct spool_writer *writer)
{
	enum err e = ERR_OK;

	if (writer->pieces[writer->given % PIECES].size > 0)
		e = writer_give(writer);
	writer_join(writer, false);
	return e ? e : writer->error;
}

void
spool_writer_free(struct spool_writer *writer)
{
	if (writer == NULL)
		return;
	writer_join(writer, true);
	(void)pthread_cond_destroy(&writer->changed);
	(void)pthread_mutex_destroy(&writer->lock);
	free(writer);
}

/* Any byte range of a sealed file (docs/format.md, section 3). */
#include <stdlib.h>
#include <string.h>

#include "common/sealed_open.h"

enum err
sealed_span(const struct sealed_head *head,
    const struct sealed_range *range, struct sealed_span *out)
{
	uint64_t payload = head->header_size + SEALED_NONCE_BYTES;
	uint64_t size, first, last, end;
	enum err e = sealed_plaintext_size(range->sealed_size,
	    head->header_size, &size);

	if (e != ERR_OK)
		return e;
	if (range->from > size || range->size > size - range->from)
		return ERR_RANGE_NOT_SATISFIABLE;
	*out = (struct sealed_span){ .offset = payload };
	if (range->size == 0)
		return ERR_OK;
	first = range->from / SEALED_CHUNK_BYTES;
	last = (range->from + range->size - 1) / SEALED_CHUNK_BYTES;
	out->offset = payload + first * SEALED_SEALED_CHUNK_BYTES;
	end = payload + (last + 1) * SEALED_SEALED_CHUNK_BYTES;
	if (end > range->sealed_size)
		end = range->sealed_size;
	out->size = end - out->offset;
	return ERR_OK;
}

/* Bytes that gather until the head is whole. */
struct gathered {
	size_t size;
	uint8_t bytes[SEALED_HEAD_MAX];
};

static enum err
gather(void *context, const uint8_t *bytes, size_t size)
{
	struct gathered *gathered = context;

	if (size > sizeof(gathered->bytes) - gathered->size)
		return ERR_IO;	/* a source that gives more than was asked */
	memcpy(gathered->bytes + gathered->size, bytes, size);
	gathered->size += size;
	return ERR_OK;
}

/* Go on gathering up to the first `want` bytes, or as many as there are. */
static enum err
source_gather(const struct sealed_source *source,
    struct gathered *gathered, uint64_t want)
{
	struct sealed_span span = { .offset = gathered->size };

	if (want > source->sealed_size)
		want = source->sealed_size;
	if (want <= gathered->size)
		return ERR_SEALED_HEADER;	/* there is no more */
	span.size = want - gathered->size;
	return source->fetch(source->context, &span, gather, gathered);
}

enum err
sealed_source_head(const struct sealed_source *source,
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    struct sealed_head *head)
{
	struct gathered *gathered = malloc(sizeof(*gathered));
	uint64_t want = SEALED_HEADER_BYTES + SEALED_NONCE_BYTES;
	size_t header_size = 0;
	enum err e = ERR_OK;

	if (gathered == NULL)
		return ERR_NO_MEMORY;
	gathered->size = 0;
	while (e == ERR_OK && (header_size == 0 ||
	    gathered->size < header_size + SEALED_NONCE_BYTES)) {
		e = source_gather(source, gathered, want);
		if (e == ERR_OK)
			e = sealed_head_find(gathered->bytes, gathered->size,
			    &header_size);
		want = SEALED_HEAD_MAX;
	}
	if (e == ERR_OK)
		e = sealed_head_open(head, identity, gathered->bytes,
		    header_size);
	free(gathered);
	return e;
}

static enum err
feed(void *context, const uint8_t *bytes, size_t size)
{
	return opener_write(context, bytes, size);
}

enum err
sealed_source_read(const struct sealed_source *source,
    const struct sealed_head *head, const struct sealed_want *want)
{
	const struct sealed_range range = { source->sealed_size, want->from,
	    want->size };
	struct sealed_span span;
	struct opener *opener = NULL;
	enum err e = sealed_span(head, &range, &span);

	if (e == ERR_OK)
		e = opener_new_range(head, &range, want->sink, want->context,
		    &opener);
	if (e == ERR_OK && span.size > 0)
		e = source->fetch(source->context, &span, feed, opener);
	if (e == ERR_OK)
		e = opener_finish(opener);
	opener_free(opener);
	return e;
}

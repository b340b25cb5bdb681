/* ROOT/scrub: a line that names the format, then one for each round:
 *
 *	counterfoil-scrub 1
 *	current ROUND BEGAN ENDED OBJECTS BYTES DAMAGED UNREADABLE
 *	    ISSUER OBJECT
 *	last ROUND ...
 *
 * each on one line, where "-" stands for an issuer or object that is none.
 */
#include "stored/scrub_round.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "stored/beneath.h"

#define FILE_NAME "scrub"
#define TEMPORARY "scrub.tmp"
#define HEAD "counterfoil-scrub 1\n"
#define TEXT_SIZE 1024		/* two lines at their longest, and a NUL */

static const char *
or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static int
round_print(char *text, size_t size, const char *name,
    const struct scrub_round *round)
{
	return snprintf(text, size, "%s %" PRId64 " %" PRId64 " %" PRId64
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n", name,
	    round->number, round->began_s, round->ended_s, round->objects,
	    round->bytes, round->damaged, round->unreadable,
	    or_dash(round->position.commerce_id),
	    or_dash(round->position.object));
}

/* Both are ids, or both none. */
static bool
position_is_valid(struct object_key *key)
{
	if (strcmp(key->commerce_id, "-") == 0 &&
	    strcmp(key->object, "-") == 0) {
		memset(key, 0, sizeof(*key));
		return true;
	}
	return commerce_id_is_valid(key->commerce_id) &&
	    object_id_is_valid(key->object, strlen(key->object));
}

/* The line that round_print() wrote; what follows it, or NULL. */
static const char *
round_parse(const char *text, const char *name, struct scrub_round *round)
{
	char word[8];
	int used = 0;

	memset(round, 0, sizeof(*round));
	if (sscanf(text, "%7s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNu64
	    " %" SCNu64 " %" SCNu64 " %" SCNu64 " %64s %64s%n", word,
	    &round->number, &round->began_s, &round->ended_s, &round->objects,
	    &round->bytes, &round->damaged, &round->unreadable,
	    round->position.commerce_id, round->position.object, &used) != 10)
		return NULL;
	if (strcmp(word, name) != 0 || text[used] != '\n' ||
	    round->number < 0 || round->began_s < 0 ||
	    !position_is_valid(&round->position))
		return NULL;
	return text + used + 1;
}

static bool
rounds_parse(const char *text, struct scrub_rounds *rounds)
{
	if (strncmp(text, HEAD, strlen(HEAD)) != 0)
		return false;
	text = round_parse(text + strlen(HEAD), "current", &rounds->current);
	if (text != NULL)
		text = round_parse(text, "last", &rounds->last);
	return text != NULL && *text == '\0';
}

enum err
scrub_rounds_load(struct objects *objects, struct scrub_rounds *rounds)
{
	char text[TEXT_SIZE];
	ssize_t size;
	int file = beneath_open(objects_root(objects), FILE_NAME,
	    O_RDONLY | O_NONBLOCK, 0);

	memset(rounds, 0, sizeof(*rounds));
	if (file == -1 && errno == ENOENT)
		return ERR_OK;
	size = file == -1 ? -1 : read(file, text, sizeof(text) - 1);
	if (size == -1)
		log_errno("cannot read how far scrubbing has come");
	if (file != -1)
		close(file);
	if (size == -1)
		return ERR_STORAGE_ERROR;
	text[size] = '\0';
	if (!rounds_parse(text, rounds)) {
		log_warning("cannot understand how far scrubbing has come: it "
		    "begins anew");
		memset(rounds, 0, sizeof(*rounds));
	}
	return ERR_OK;
}

enum err
scrub_rounds_save(struct objects *objects, const struct scrub_rounds *rounds)
{
	char text[TEXT_SIZE] = HEAD;
	int root = objects_root(objects), file;
	size_t used = strlen(HEAD);
	int error_number;
	bool is_saved;

	used += (size_t)round_print(text + used, sizeof(text) - used,
	    "current", &rounds->current);
	used += (size_t)round_print(text + used, sizeof(text) - used, "last",
	    &rounds->last);
	file = beneath_open(root, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC,
	    0600);
	errno = file == -1 ? errno : ENOSPC;	/* of a short write */
	is_saved = file != -1 && write(file, text, used) == (ssize_t)used &&
	    renameat(root, TEMPORARY, root, FILE_NAME) == 0;
	error_number = errno;
	if (!is_saved)
		log_errno("cannot note how far scrubbing has come");
	if (file != -1)
		close(file);
	return is_saved ? ERR_OK : beneath_err(error_number);
}

/* Reading a trace: which sync made which change durable. */
#include "tests/faults/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 6

/* While reading: the change list since the last sync of anything. */
struct reader {
	struct trace *trace;
	size_t size, position;
	bool has_begun;
	char *words[WORDS_MAX];
	size_t word_count;
	uint32_t *pending;	/* changes that are not durable */
	size_t pending_count;
};

void
die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("fault-replay: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(2);
}

/* Room doubles at powers of two. */
void *
grow(void *array, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return array;
	array = realloc(array, (count == 0 ? 1 : 2 * count) * size);
	if (array == NULL)
		die("no memory");
	return array;
}

uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
	return hash ^ (hash >> 31);
}

static uint64_t
number(const struct reader *reader, size_t word)
{
	char *end;
	uint64_t value = strtoull(reader->words[word], &end, 10);

	if (*end != '\0')
		die("not a number: %s", reader->words[word]);
	return value;
}

static void
decode(char *name)
{
	char *out = name;

	while (*name != '\0') {
		char digits[3] = { 0 };

		if (*name != '%') {
			*out++ = *name++;
			continue;
		}
		memcpy(digits, name + 1, 2);
		*out++ = (char)strtoul(digits, NULL, 16);
		name += 3;
	}
	*out = '\0';
}

/* --- inodes and slots --------------------------------------------------- */

/* The newest with that number: numbers are given again. */
static uint32_t
find_inode(const struct trace *trace, uint64_t inode_number)
{
	for (size_t i = trace->inode_count; i > 0; i--)
		if (trace->inodes[i - 1].number == inode_number)
			return (uint32_t)(i - 1);
	die("the trace has no inode %" PRIu64, inode_number);
}

static uint32_t
add_inode(struct trace *trace, uint64_t inode_number, bool is_folder)
{
	struct inode *inode;

	trace->inodes = grow(trace->inodes, trace->inode_count,
	    sizeof(*inode));
	inode = &trace->inodes[trace->inode_count];
	*inode = (struct inode){ .number = inode_number,
		.is_folder = is_folder, .slots = NOTHING };
	return (uint32_t)trace->inode_count++;
}

static uint32_t
find_slot(struct trace *trace, uint64_t folder_number, char *name)
{
	uint32_t folder = find_inode(trace, folder_number);
	uint32_t slot = trace->inodes[folder].slots;

	decode(name);
	for (; slot != NOTHING; slot = trace->slots[slot].next)
		if (strcmp(trace->slots[slot].name, name) == 0)
			return slot;
	trace->slots = grow(trace->slots, trace->slot_count,
	    sizeof(*trace->slots));
	slot = (uint32_t)trace->slot_count++;
	trace->slots[slot] = (struct slot){ .folder = folder,
		.name = strdup(name), .first = NOTHING,
		.next = trace->inodes[folder].slots };
	if (trace->slots[slot].name == NULL)
		die("no memory");
	trace->inodes[folder].slots = slot;
	return slot;
}

/* --- changes ------------------------------------------------------------ */

static struct change *
add_change(struct reader *reader, enum change_kind kind)
{
	struct trace *trace = reader->trace;
	struct change *change;

	trace->changes = grow(trace->changes, trace->change_count,
	    sizeof(*change));
	change = &trace->changes[trace->change_count];
	*change = (struct change){ .kind = kind, .inode = NOTHING,
		.slot = NOTHING, .other = NOTHING, .needs = NOTHING,
		.at = trace->event_count, .durable = NEVER };
	reader->pending = grow(reader->pending, reader->pending_count,
	    sizeof(*reader->pending));
	reader->pending[reader->pending_count++] =
	    (uint32_t)trace->change_count++;
	return change;
}

/* Does a sync of this inode bring the change to the disk? */
static bool
is_of(const struct trace *trace, const struct change *change, uint32_t inode)
{
	if (change->kind == CHANGE_WRITE || change->kind == CHANGE_SIZE)
		return change->inode == inode;
	return trace->slots[change->slot].folder == inode;
}

static void
make_durable(struct trace *trace, struct change *change)
{
	change->durable = trace->event_count;
	if (change->needs != NOTHING &&
	    trace->changes[change->needs].durable == NEVER)
		make_durable(trace, &trace->changes[change->needs]);
}

/* inode NOTHING: all. */
static void
sync_inode(struct reader *reader, uint32_t inode, bool is_lost)
{
	struct trace *trace = reader->trace;
	size_t left = 0;

	for (size_t i = 0; i < reader->pending_count; i++) {
		struct change *change = &trace->changes[reader->pending[i]];

		if (inode != NOTHING && !is_of(trace, change, inode))
			reader->pending[left++] = reader->pending[i];
		else if (is_lost)
			change->is_hopeless = true;
		else if (!change->is_hopeless)
			make_durable(trace, change);
	}
	reader->pending_count = left;
}

/* --- lines -------------------------------------------------------------- */

static const uint8_t *
take_bytes(struct reader *reader, size_t size)
{
	const uint8_t *bytes = reader->trace->text + reader->position;

	if (reader->size - reader->position < size + 1 ||
	    bytes[size] != '\n')
		die("the trace ends too soon, or is spoilt");
	reader->position += size + 1;
	return bytes;
}

static void
read_start(struct reader *reader)
{
	struct trace *trace = reader->trace;
	bool is_folder = strcmp(reader->words[0], "dir") == 0;
	uint32_t slot = NOTHING, inode;

	if (number(reader, 1) != 0)
		slot = find_slot(trace, number(reader, 1), reader->words[3]);
	inode = add_inode(trace, number(reader, 2), is_folder);
	if (slot != NOTHING)
		trace->slots[slot].first = inode;
	if (!is_folder) {
		trace->inodes[inode].size = (size_t)number(reader, 4);
		trace->inodes[inode].bytes = take_bytes(reader,
		    trace->inodes[inode].size);
	}
}

static void
read_making(struct reader *reader)
{
	struct trace *trace = reader->trace;
	uint32_t slot = find_slot(trace, number(reader, 1), reader->words[3]);
	struct change *change = add_change(reader, CHANGE_SET);

	change->slot = slot;
	change->inode = add_inode(trace, number(reader, 2),
	    strcmp(reader->words[0], "mkdir") == 0);
}

static void
read_link(struct reader *reader)
{
	struct trace *trace = reader->trace;
	uint32_t slot = find_slot(trace, number(reader, 1), reader->words[3]);
	struct change *change;

	if (strcmp(reader->words[0], "link") == 0) {
		change = add_change(reader, CHANGE_SET);
		change->inode = find_inode(trace, number(reader, 2));
	} else {
		change = add_change(reader, CHANGE_CLEAR);
	}
	change->slot = slot;
}

static void
read_rename(struct reader *reader)
{
	struct trace *trace = reader->trace;
	uint32_t old = find_slot(trace, number(reader, 1), reader->words[2]);
	uint32_t new = find_slot(trace, number(reader, 3), reader->words[4]);
	bool is_move = trace->slots[old].folder == trace->slots[new].folder;
	struct change *change = add_change(reader,
	    is_move ? CHANGE_MOVE : CHANGE_SET);

	change->inode = find_inode(trace, number(reader, 5));
	change->slot = new;
	change->other = old;
	if (is_move)
		return;
	change = add_change(reader, CHANGE_CLEAR);
	change->slot = old;
	change->needs = (uint32_t)(trace->change_count - 2);
}

static void
read_data(struct reader *reader)
{
	bool is_write = strcmp(reader->words[0], "write") == 0;
	struct change *change = add_change(reader,
	    is_write ? CHANGE_WRITE : CHANGE_SIZE);

	change->inode = find_inode(reader->trace, number(reader, 1));
	change->offset = number(reader, 2);
	if (is_write) {
		change->size = (size_t)number(reader, 3);
		change->bytes = take_bytes(reader, change->size);
	}
}

static void
read_sync(struct reader *reader)
{
	bool is_all = strcmp(reader->words[0], "sync-all") == 0;

	sync_inode(reader, is_all ? NOTHING : find_inode(reader->trace,
	    number(reader, 1)), strcmp(reader->words[0], "lost") == 0);
}

static void
read_begin(struct reader *reader)
{
	reader->has_begun = true;
}

static void
read_mark(struct reader *reader)
{
	(void)reader;
}

static const struct {
	const char *word;
	size_t words;		/* at least */
	void (*read)(struct reader *);
} lines[] = {
	{ "dir", 4, read_start },
	{ "file", 5, read_start },
	{ "begin", 1, read_begin },
	{ "create", 4, read_making },
	{ "mkdir", 4, read_making },
	{ "write", 4, read_data },
	{ "size", 3, read_data },
	{ "rename", 6, read_rename },
	{ "link", 4, read_link },
	{ "unlink", 4, read_link },
	{ "sync", 2, read_sync },
	{ "lost", 2, read_sync },
	{ "sync-all", 1, read_sync },
	{ "mark", 2, read_mark },
};

static void
read_line(struct reader *reader, char *line)
{
	struct trace *trace = reader->trace;
	char *state = NULL, *text = strdup(line);
	size_t kind = 0;

	if (text == NULL)
		die("no memory");
	reader->word_count = 0;
	for (char *word = strtok_r(line, " ", &state); word != NULL &&
	    reader->word_count < WORDS_MAX; word = strtok_r(NULL, " ", &state))
		reader->words[reader->word_count++] = word;
	while (kind < sizeof(lines) / sizeof(lines[0]) &&
	    (reader->word_count == 0 ||
	    strcmp(lines[kind].word, reader->words[0]) != 0))
		kind++;
	if (kind == sizeof(lines) / sizeof(lines[0]) ||
	    reader->word_count < lines[kind].words)
		die("not a line of a trace: %.100s", text);
	lines[kind].read(reader);
	trace->events = grow(trace->events, trace->event_count,
	    sizeof(*trace->events));
	trace->events[trace->event_count++].text = text;
	if (!reader->has_begun || trace->first_event == 0)
		trace->first_event = reader->has_begun ? trace->event_count :
		    0;
}

static uint8_t *
read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *text;
	long length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (length = ftell(file)) < 0)
		die("%s: cannot be read", path);
	rewind(file);
	*size = (size_t)length;
	text = malloc(*size + 1);
	if (text == NULL || fread(text, 1, *size, file) != *size)
		die("%s: cannot be read", path);
	text[*size] = '\0';
	fclose(file);
	return text;
}

void
trace_read(struct trace *trace, const char *path)
{
	struct reader reader = { .trace = trace };

	memset(trace, 0, sizeof(*trace));
	trace->text = read_all(path, &reader.size);
	while (reader.position < reader.size) {
		char *line = (char *)trace->text + reader.position;
		char *end = memchr(line, '\n', reader.size - reader.position);

		if (end == NULL)
			die("the last line of the trace has no end");
		*end = '\0';
		reader.position += (size_t)(end - line) + 1;
		read_line(&reader, line);
	}
	free(reader.pending);
	if (!reader.has_begun)
		die("the trace has no beginning");
}

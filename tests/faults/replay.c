/* fault-replay: what a power cut may leave of what a trace (record.c) tells.
 *
 *	fault-replay [-l LIMIT] [-m MARKS] [-n SUBSETS] [-p PART/PARTS]
 *	    [-s SEED] TRACE objects
 *	fault-replay [...] TRACE run FOLDER COMMAND [ARGUMENT...]
 *	fault-replay [...] TRACE write FOLDER
 *	fault-replay TRACE end FOLDER
 *
 * The power is cut behind every event.  What was synced is on the disk; of the
 * rest, in turn: nothing; everything; all but one, for each; all, with one
 * write torn at a 512-byte sector so that only its head or only its tail is
 * there, for each; and SUBSETS (20) random subsets with random tears.  A sync
 * of a file says nothing about its name: that is the folder's.
 *
 * objects checks each state by objects.c.  run writes each state that differs
 * from those before to FOLDER/state, and the marks so far to FOLDER/marks, and
 * runs COMMAND with these two names added: status 0 is well.  write makes
 * FOLDER/1, FOLDER/1.marks, ...  end writes what was there at the end when no
 * power was cut.  LIMIT takes so many states, by chance, of all; but
 * objects and run look at those where all that is not synced is lost in any
 * case.  MARKS is a file of marks that were made before the trace.  With
 * PART/PARTS (1/5 to 5/5) it is one state of so many: all of them in pieces.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/trace.h"

#define SECTOR 512
#define TEARS_MAX 8		/* of one write: else first, middle, last */
#define FAILURES_SHOWN 10
#define SEEN_SLOTS ((size_t)1 << 20)

extern char **environ;

struct replay {
	struct trace trace;
	struct disk *disk;
	struct kept *kept;	/* for each change */
	size_t event;		/* the power is cut before it */
	size_t count;		/* changes before that */
	uint32_t *pending;	/* those not durable */
	size_t pending_count;
	char what[160];		/* of the state: what is lost */
	/* options */
	uint64_t seed, random;
	unsigned long subsets;
	size_t limit, part, parts;
	bool is_strict;		/* the limit is for all states */
	const char *folder, *earlier_marks;
	char **command;		/* with room for two more words */
	size_t command_words;
	/* counts */
	size_t total;		/* 0: they are being counted */
	size_t state, taken, failed;
	uint64_t chance;
	/* how */
	void (*begin)(struct replay *);
	void (*event_is_over)(struct replay *, const char *line);
	bool (*check)(struct replay *);
	struct objects_check *objects;
	FILE *marks;
	uint64_t marks_count;
	uint64_t *seen;
};

static uint64_t
next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return mix(*state, 0);
}

/* --- one state ---------------------------------------------------------- */

static void
report(struct replay *replay, const char *problem)
{
	if (++replay->failed > FAILURES_SHOWN)
		return;
	printf("power cut behind event %zu of %zu (%.80s), not synced %zu, "
	    "%s: %s\n", replay->event, replay->trace.event_count,
	    replay->trace.events[replay->event - 1].text,
	    replay->pending_count, replay->what, problem);
}

static void
visit_state(struct replay *replay, bool is_always)
{
	replay->state++;
	if (replay->total == 0 ||
	    replay->state % replay->parts != replay->part % replay->parts)
		return;
	/* The last one always, so that few are never none. */
	if (!(is_always && !replay->is_strict) &&
	    replay->total > replay->limit && replay->state < replay->total &&
	    next_random(&replay->chance) % replay->total >= replay->limit)
		return;
	disk_make(replay->disk, replay->kept, replay->count);
	if (replay->check(replay))
		replay->taken++;
}

static struct kept
whole(const struct change *change)
{
	return (struct kept){ 0, change->kind == CHANGE_WRITE ? change->size :
	    1 };
}

static void
keep_all(struct replay *replay)
{
	for (size_t i = 0; i < replay->pending_count; i++) {
		uint32_t number = replay->pending[i];

		replay->kept[number] = whole(&replay->trace.changes[number]);
	}
}

/* Distance to the first sector that the write does not begin in. */
static size_t
first_tear(const struct change *change)
{
	return SECTOR - (size_t)(change->offset % SECTOR);
}

static size_t
count_tears(const struct change *change)
{
	if (change->kind != CHANGE_WRITE ||
	    change->size <= first_tear(change))
		return 0;
	return (change->size - first_tear(change) - 1) / SECTOR + 1;
}

/* The number tear of a write; its head stays, or its tail. */
static struct kept
torn(const struct change *change, size_t tear, bool is_tail)
{
	size_t at = first_tear(change) + tear * SECTOR;

	return is_tail ? (struct kept){ at, change->size } :
	    (struct kept){ 0, at };
}

static void
visit_torn(struct replay *replay, uint32_t number)
{
	const struct change *change = &replay->trace.changes[number];
	size_t tears = count_tears(change);
	size_t step = tears > TEARS_MAX ? (tears - 1) / 2 : 1;

	for (size_t tear = 0; tear < tears; tear += step) {
		for (int is_tail = 0; is_tail < 2; is_tail++) {
			replay->kept[number] = torn(change, tear, is_tail);
			snprintf(replay->what, sizeof(replay->what),
			    "torn: %.100s, bytes %zu to %zu are there",
			    replay->trace.events[change->at].text,
			    replay->kept[number].from,
			    replay->kept[number].to);
			visit_state(replay, false);
		}
	}
	replay->kept[number] = whole(change);
}

static void
visit_single_losses(struct replay *replay)
{
	for (size_t i = 0; i < replay->pending_count; i++) {
		uint32_t number = replay->pending[i];
		const struct change *change = &replay->trace.changes[number];

		replay->kept[number] = (struct kept){ 0, 0 };
		snprintf(replay->what, sizeof(replay->what), "lost: %.100s",
		    replay->trace.events[change->at].text);
		visit_state(replay, false);
		replay->kept[number] = whole(change);
		visit_torn(replay, number);
	}
}

static void
visit_random_subset(struct replay *replay, uint64_t number)
{
	uint64_t random = mix(mix(replay->seed, replay->event), number);

	for (size_t i = 0; i < replay->pending_count; i++) {
		uint32_t pending = replay->pending[i];
		const struct change *change = &replay->trace.changes[pending];
		uint64_t dice = next_random(&random);
		size_t tears = count_tears(change);

		if (dice % 2 == 0)
			replay->kept[pending] = (struct kept){ 0, 0 };
		else if (tears > 0 && dice / 2 % 4 == 0)
			replay->kept[pending] = torn(change,
			    (size_t)(dice / 16 % tears), dice / 8 % 2);
		else
			replay->kept[pending] = whole(change);
	}
	snprintf(replay->what, sizeof(replay->what), "random subset %" PRIu64,
	    number);
	visit_state(replay, false);
}

/* --- one cut ------------------------------------------------------------ */

static void
find_pending(struct replay *replay)
{
	const struct trace *trace = &replay->trace;
	size_t left = 0;

	while (replay->count < trace->change_count &&
	    trace->changes[replay->count].at < replay->event)
		replay->pending[replay->pending_count++] =
		    (uint32_t)replay->count++;
	for (size_t i = 0; i < replay->pending_count; i++) {
		uint32_t number = replay->pending[i];

		replay->kept[number] = whole(&trace->changes[number]);
		if (trace->changes[number].durable >= replay->event)
			replay->pending[left++] = number;
	}
	replay->pending_count = left;
}

static void
visit_cut(struct replay *replay)
{
	find_pending(replay);
	snprintf(replay->what, sizeof(replay->what), "all of it is there");
	visit_state(replay, false);
	if (replay->pending_count == 0)
		return;
	for (size_t i = 0; i < replay->pending_count; i++)
		replay->kept[replay->pending[i]] = (struct kept){ 0, 0 };
	snprintf(replay->what, sizeof(replay->what), "all of it is lost");
	visit_state(replay, true);
	keep_all(replay);
	visit_single_losses(replay);
	if (replay->pending_count > 1)
		for (unsigned long i = 0; i < replay->subsets; i++)
			visit_random_subset(replay, i);
	keep_all(replay);
}

static void
visit_all(struct replay *replay)
{
	const struct trace *trace = &replay->trace;

	replay->count = replay->pending_count = replay->state = 0;
	replay->chance = replay->seed;
	for (replay->event = trace->first_event;
	    replay->event <= trace->event_count; replay->event++) {
		if (replay->total != 0 && replay->event_is_over != NULL)
			replay->event_is_over(replay,
			    trace->events[replay->event - 1].text);
		visit_cut(replay);
	}
}

/* --- objects ------------------------------------------------------------ */

static void
begin_objects(struct replay *replay)
{
	replay->objects = objects_check_new(&replay->trace);
}

static void
objects_event(struct replay *replay, const char *line)
{
	objects_check_event(replay->objects, line);
}

static bool
check_objects(struct replay *replay)
{
	const char *problem = objects_check_disk(replay->objects,
	    replay->disk);

	if (problem != NULL)
		report(replay, problem);
	return true;
}

/* --- run and write ------------------------------------------------------ */

static int
remove_one(const char *path, const struct stat *status, int type,
    struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
make_path(const struct replay *replay, char path[static PATH_MAX],
    const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", replay->folder, name) >=
	    PATH_MAX)
		die("the path is too long");
}

static void
write_state(struct replay *replay, const char *path)
{
	if (mkdir(path, 0700) == -1)
		die("cannot make %s: %s", path, strerror(errno));
	disk_write(replay->disk, path);
}

static void
copy_lines(const char *from, FILE *out)
{
	FILE *in = fopen(from, "r");
	char line[512];

	if (in == NULL || out == NULL)
		die("cannot copy %s", from);
	while (fgets(line, sizeof(line), in) != NULL)
		fputs(line, out);
	fclose(in);
	fflush(out);
}

static void
begin_marks(struct replay *replay)
{
	char path[PATH_MAX];

	if (mkdir(replay->folder, 0700) == -1 && errno != EEXIST)
		die("cannot make %s: %s", replay->folder, strerror(errno));
	make_path(replay, path, "marks");
	replay->marks = fopen(path, "w");
	replay->seen = calloc(SEEN_SLOTS, sizeof(*replay->seen));
	if (replay->marks == NULL || replay->seen == NULL)
		die("cannot write %s", path);
	if (replay->earlier_marks != NULL)
		copy_lines(replay->earlier_marks, replay->marks);
}

static void
marks_event(struct replay *replay, const char *line)
{
	if (strncmp(line, "mark ", 5) != 0)
		return;
	fprintf(replay->marks, "%s\n", line + 5);
	fflush(replay->marks);
	replay->marks_count++;
}

/* Was the same checked before, with as much acknowledged? */
static bool
is_seen(struct replay *replay)
{
	uint64_t key = mix(disk_signature(replay->disk), replay->marks_count);
	size_t slot = key % SEEN_SLOTS;

	for (size_t i = 0; i < SEEN_SLOTS && replay->seen[slot] != 0; i++) {
		if (replay->seen[slot] == key)
			return true;
		slot = (slot + 1) % SEEN_SLOTS;
	}
	replay->seen[slot] = key;
	return false;
}

static bool
run_command(struct replay *replay)
{
	char state[PATH_MAX], marks[PATH_MAX], failed[PATH_MAX];
	char **command = replay->command;
	size_t words = replay->command_words;
	pid_t child;
	int status;

	if (is_seen(replay))
		return false;
	make_path(replay, state, "state");
	make_path(replay, marks, "marks");
	write_state(replay, state);
	command[words] = state;
	command[words + 1] = marks;
	errno = posix_spawnp(&child, command[0], NULL, NULL, command, environ);
	if (errno != 0 || waitpid(child, &status, 0) != child)
		die("cannot run %s: %s", command[0], strerror(errno));
	if (status != 0)
		report(replay, "the check fails");
	snprintf(failed, sizeof(failed), "%.1000s/failed-%zu", replay->folder,
	    replay->failed);
	if (status == 0 || rename(state, failed) == -1)
		nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return true;
}

static bool
write_one(struct replay *replay)
{
	char name[32], path[PATH_MAX];
	FILE *copy;

	if (is_seen(replay))
		return false;
	snprintf(name, sizeof(name), "%zu", replay->taken + 1);
	make_path(replay, path, name);
	write_state(replay, path);
	snprintf(name, sizeof(name), "%zu.marks", replay->taken + 1);
	make_path(replay, path, name);
	copy = fopen(path, "w");
	make_path(replay, path, "marks");
	copy_lines(path, copy);
	fclose(copy);
	return true;
}

/* What no power cut has touched. */
static int
write_end(struct replay *replay)
{
	replay->event = replay->trace.event_count;
	find_pending(replay);
	disk_make(replay->disk, replay->kept, replay->count);
	if (mkdir(replay->folder, 0700) == -1)
		die("cannot make %s: %s", replay->folder, strerror(errno));
	disk_write(replay->disk, replay->folder);
	return 0;
}

/* --- main --------------------------------------------------------------- */

_Noreturn static void
usage(void)
{
	die("usage: fault-replay [-l LIMIT] [-m MARKS] [-n SUBSETS] "
	    "[-p PART/PARTS] [-s SEED] TRACE objects | run FOLDER COMMAND... "
	    "| write FOLDER | end FOLDER");
}

static void
read_part(struct replay *replay, const char *text)
{
	if (sscanf(text, "%zu/%zu", &replay->part, &replay->parts) != 2 ||
	    replay->part < 1 || replay->part > replay->parts)
		usage();
}

static void
read_options(struct replay *replay, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+l:m:n:p:s:")) != -1) {
		switch (option) {
		case 'l':
			replay->limit = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			replay->earlier_marks = optarg;
			break;
		case 'n':
			replay->subsets = strtoul(optarg, NULL, 10);
			break;
		case 'p':
			read_part(replay, optarg);
			break;
		case 's':
			replay->seed = strtoull(optarg, NULL, 10);
			break;
		default:
			usage();
		}
	}
}

static void
choose_check(struct replay *replay, int argc, char **argv)
{
	const char *mode = argv[1];

	if (strcmp(mode, "objects") == 0 && argc == 2) {
		replay->begin = begin_objects;
		replay->event_is_over = objects_event;
		replay->check = check_objects;
		return;
	}
	if (argc < 3)
		usage();
	replay->folder = argv[2];
	replay->begin = begin_marks;
	replay->event_is_over = marks_event;
	replay->check = write_one;
	replay->is_strict = true;
	if (strcmp(mode, "run") == 0 && argc > 3) {
		replay->command_words = (size_t)argc - 3;
		replay->command = calloc((size_t)argc, sizeof(char *));
		if (replay->command == NULL)
			die("no memory");
		memcpy(replay->command, argv + 3,
		    replay->command_words * sizeof(char *));
		replay->check = run_command;
		replay->is_strict = false;
	} else if (strcmp(mode, "write") != 0 && strcmp(mode, "end") != 0) {
		usage();
	}
}

int
main(int argc, char *argv[])
{
	/* Static: what it holds goes with the process. */
	static struct replay replay = { .subsets = 20, .limit = SIZE_MAX,
	    .part = 1, .parts = 1 };

	replay.seed = (uint64_t)time(NULL);
	read_options(&replay, argc, argv);
	argc -= optind;
	argv += optind;
	if (argc < 2)
		usage();
	choose_check(&replay, argc, argv);
	trace_read(&replay.trace, argv[0]);
	replay.disk = disk_new(&replay.trace);
	replay.kept = calloc(replay.trace.change_count + 1,
	    sizeof(*replay.kept));
	replay.pending = calloc(replay.trace.change_count + 1,
	    sizeof(*replay.pending));
	if (replay.kept == NULL || replay.pending == NULL)
		die("no memory");
	if (strcmp(argv[1], "end") == 0)
		return write_end(&replay);
	visit_all(&replay);
	replay.total = replay.state;
	replay.begin(&replay);
	visit_all(&replay);
	printf("%zu of %zu states after %zu events, seed %" PRIu64
	    ": %zu bad\n", replay.taken, replay.total,
	    replay.trace.event_count - replay.trace.first_event, replay.seed,
	    replay.failed);
	return replay.failed == 0 ? 0 : 1;
}

/* Writing opened content without ever showing half a file. */
#include "player/output.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define TEMPORARY_SUFFIX ".counterfoil-XXXXXX"

struct output {
	int descriptor;
	char *path;		/* NULL: standard output */
	char *temporary;	/* NULL once it has its name */
};

/* For the signal handler: what to remove before this process ends. */
static const char *volatile output_to_remove;

static void
output_interrupted(int number)
{
	const char *path = output_to_remove;

	if (path != NULL)
		(void)unlink(path);
	(void)raise(number);	/* SA_RESETHAND: ends the process */
}

static void
output_catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = output_interrupted,
		.sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		/* One that is ignored, as by nohup, stays so. */
		if (sigaction(numbers[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
}

/* The mode that a file made in the plain way would have. */
static mode_t
output_mode(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return (mode_t)(0666 & ~mask);
}

static enum err
output_open_file(struct output *output, const char *path)
{
	size_t length = strlen(path) + sizeof(TEMPORARY_SUFFIX);

	output->path = strdup(path);
	output->temporary = malloc(length);
	if (output->path == NULL || output->temporary == NULL) {
		log_error("out of memory");
		return ERR_NO_MEMORY;
	}
	(void)snprintf(output->temporary, length, "%s%s", path,
	    TEMPORARY_SUFFIX);
	output_to_remove = output->temporary;
	output_catch_signals();
	output->descriptor = mkostemp(output->temporary, O_CLOEXEC);
	if (output->descriptor < 0) {
		log_errno("%s: cannot make a file in that folder", path);
		return ERR_IO;
	}
	if (fchmod(output->descriptor, output_mode()) != 0) {
		log_errno("%s: cannot set its mode", path);
		return ERR_IO;
	}
	return ERR_OK;
}

static enum err
output_open_standard(struct output *output)
{
	if (isatty(STDOUT_FILENO)) {
		log_error("standard output is a terminal; use --output FILE,"
		    " or > FILE, or a pipe to a player");
		return ERR_IO;
	}
	output->descriptor = STDOUT_FILENO;
	return ERR_OK;
}

enum err
output_open(const char *path, struct output **out)
{
	struct output *output = calloc(1, sizeof(*output));
	enum err e;

	*out = NULL;
	if (output == NULL) {
		log_error("out of memory");
		return ERR_NO_MEMORY;
	}
	output->descriptor = -1;
	e = path == NULL ? output_open_standard(output) :
	    output_open_file(output, path);
	if (e != ERR_OK) {
		output_close(output);
		return e;
	}
	*out = output;
	return ERR_OK;
}

static const char *
output_name(const struct output *output)
{
	return output->path == NULL ? "standard output" : output->path;
}

enum err
output_write(void *context, const uint8_t *bytes, size_t size)
{
	const struct output *output = context;

	while (size > 0) {
		ssize_t n = write(output->descriptor, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_errno("%s: cannot be written",
			    output_name(output));
			return ERR_IO;
		}
		bytes += n;
		size -= (size_t)n;
	}
	return ERR_OK;
}

/* The name, too, must outlive a power cut. */
static enum err
output_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") :
	    slash == path ? strdup("/") :
	    strndup(path, (size_t)(slash - path));
	int fd = folder == NULL ? -1 :
	    open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0 || fsync(fd) != 0) {
		log_errno("%s: its folder cannot be put on the disk", path);
		e = ERR_IO;
	}
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return e;
}

enum err
output_complete(struct output *output)
{
	if (output->path == NULL)
		return ERR_OK;
	if (fsync(output->descriptor) != 0) {
		log_errno("%s: cannot be put on the disk", output->path);
		return ERR_IO;
	}
	if (rename(output->temporary, output->path) != 0) {
		log_errno("%s: cannot be given its name", output->path);
		return ERR_IO;
	}
	output_to_remove = NULL;
	free(output->temporary);
	output->temporary = NULL;
	return output_sync_folder(output->path);
}

void
output_close(struct output *output)
{
	if (output == NULL)
		return;
	if (output->path != NULL && output->descriptor >= 0)
		(void)close(output->descriptor);
	if (output_to_remove != NULL) {
		(void)unlink(output_to_remove);
		output_to_remove = NULL;
	}
	free(output->temporary);
	free(output->path);
	free(output);
}

/* counterfoil: the command-line media player.  One table of commands; each
 * has a file of its own, cmd_NAME.c.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "player/command.h"

static const struct command commands[] = {
	{ "open", cmd_open, "open a sealed file, here or on a storage host" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *out)
{
	fputs("usage: counterfoil COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name,
		    commands[i].help);
	fputs("\ncounterfoil COMMAND --help says more;"
	    " counterfoil --version says which release this is.\n", out);
}

int
main(int argc, char *argv[])
{
	const char *name = argc > 1 ? argv[1] : "";

	log_init("counterfoil", LOG_FORMAT_COMMAND, LOG_LEVEL_INFO);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0) {
		puts("counterfoil " COUNTERFOIL_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (name[0] != '\0')
		log_error("there is no command \"%s\"; counterfoil --help"
		    " lists them", name);
	else
		usage(stderr);
	return EXIT_USAGE;
}

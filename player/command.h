/* What the commands of counterfoil share: how they are called, and what their
 * exit status says (counterfoil.1, EXIT STATUS).
 */
#ifndef PLAYER_COMMAND_H
#define PLAYER_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_LOCAL = 1,		/* input, output or memory of this machine */
	EXIT_USAGE = 2,		/* the command line, a range not in the file */
	EXIT_KEY = 3,		/* the key file, or a key that does not fit */
	EXIT_CONTENT = 4,	/* the sealed file is not what it should be */
	EXIT_SERVER = 5		/* refused, or not to be reached */
};

struct command {
	const char *name;
	int (*run)(int argc, char *argv[]);	/* argv[0] is the name */
	const char *help;
};

int cmd_open(int argc, char *argv[]);

#endif

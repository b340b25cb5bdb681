/* counterfoil open: the content of a sealed file, whole or a range of it. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/secret.h"
#include "player/command.h"
#include "player/key.h"
#include "player/opening.h"

struct options {
	const char *key_path;		/* required */
	const char *range_text;		/* NULL: the whole */
	const char *output_path;	/* NULL: standard output */
	const char *token_path;		/* NULL: none, or in the URL */
	const char *source;		/* FILE, "-" or URL */
	struct byte_range range;
};

/* --- the command line --------------------------------------------------- */

static void
usage(FILE *out)
{
	fputs("usage: counterfoil open --key FILE [--range FROM-TO]"
	    " [--output FILE]\n"
	    "           [--token-file FILE] FILE|URL\n\n"
	    "  --key FILE         the download key, AGE-SECRET-KEY-1...,"
	    " in a file of mode 600\n"
	    "  --range FROM-TO    only these bytes of the content, both"
	    " included, from 0;\n"
	    "                     FROM- to the end, -N the last N bytes\n"
	    "  --output FILE      write there, once all is well, instead of"
	    " to standard output\n"
	    "  --token-file FILE  the security token for a URL that does not"
	    " end in &token=...\n\n"
	    "FILE - is standard input.  Of a URL only the needed bytes are"
	    " fetched.\n", out);
}

static const struct option long_options[] = {
	{ "key", required_argument, NULL, 'k' },
	{ "range", required_argument, NULL, 'r' },
	{ "output", required_argument, NULL, 'o' },
	{ "token-file", required_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* One option; false when it is none. */
static bool
options_take(struct options *options, int letter)
{
	if (letter == 'k')
		options->key_path = optarg;
	else if (letter == 'r')
		options->range_text = optarg;
	else if (letter == 'o')
		options->output_path = optarg;
	else if (letter == 't')
		options->token_path = optarg;
	else
		return false;
	return true;
}

/* What is wrong with the options as a whole, or NULL. */
static const char *
options_fault(struct options *options)
{
	if (options->source == NULL)
		return "name one sealed file or one URL";
	if (options->key_path == NULL)
		return "give the download key in a file: --key FILE";
	if (options->range_text != NULL &&
	    range_parse(options->range_text, &options->range) != ERR_OK)
		return "--range takes FROM-TO, FROM- or -N, bytes counted"
		    " from 0, both included";
	if (options->range_text != NULL && strcmp(options->source, "-") == 0)
		return "--range needs a file or a URL, not standard input";
	if (options->token_path != NULL && !opening_is_url(options->source))
		return "--token-file goes with a URL";
	return NULL;
}

/* EXIT_DONE with source NULL: help was wanted. */
static enum exit_status
options_parse(int argc, char *argv[], struct options *options)
{
	const char *fault;
	int letter;

	*options = (struct options){ .range = { .to = UINT64_MAX } };
	while ((letter = getopt_long(argc, argv, "h", long_options, NULL)) !=
	    -1) {
		if (letter == 'h') {
			usage(stdout);
			return EXIT_DONE;
		}
		if (!options_take(options, letter))
			return EXIT_USAGE;	/* getopt_long() said it */
	}
	if (optind + 1 == argc)
		options->source = argv[optind];
	fault = options_fault(options);
	if (fault == NULL)
		return EXIT_DONE;
	options->source = NULL;
	log_error("%s; counterfoil open --help says more", fault);
	return EXIT_USAGE;
}

/* --- the outcome -------------------------------------------------------- */

struct outcome {
	enum err e;
	enum exit_status status;
	const char *text;	/* what to tell; NULL: it was said already */
};

static const struct outcome outcomes[] = {
	{ ERR_OK, EXIT_DONE, NULL },
	{ ERR_KEY_FILE, EXIT_KEY, NULL },
	{ ERR_PERMISSIONS, EXIT_KEY, NULL },
	{ ERR_SEALED_NO_MATCH, EXIT_KEY, "the key does not open this file; use"
	    " the download key that came with it" },
	{ ERR_SEALED_HEADER, EXIT_CONTENT, "this is no sealed file, or its"
	    " header is damaged; download it again" },
	{ ERR_SEALED_MAC, EXIT_CONTENT, "the header of the sealed file has"
	    " been altered; download it again" },
	{ ERR_SEALED_PAYLOAD, EXIT_CONTENT, "the sealed file has been altered,"
	    " or was cut off, from here on; download it again" },
	{ ERR_SEALED_TRUNCATED, EXIT_CONTENT, "the sealed file ends too early;"
	    " download the rest" },
	{ ERR_DIGEST_MISMATCH, EXIT_CONTENT, "the sealed file is not the one"
	    " that its URL names; do not trust the content, and tell the"
	    " shop" },
	{ ERR_RANGE_NOT_SATISFIABLE, EXIT_USAGE, "the content has no byte in"
	    " that range" },
	{ ERR_UNREACHABLE, EXIT_SERVER, NULL },
	{ ERR_PRECONDITION_FAILED, EXIT_SERVER, NULL },
	{ ERR_IO, EXIT_LOCAL, NULL },
	{ ERR_NO_MEMORY, EXIT_LOCAL, "out of memory" },
	{ ERR_CRYPTO, EXIT_LOCAL, "the cryptographic library failed" },
};

static enum exit_status
report(const char *source, enum err e)
{
	/* A URL may carry a token, so it is not shown. */
	const char *name = opening_is_url(source) ? "the remote file" :
	    strcmp(source, "-") == 0 ? "standard input" : source;

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (outcomes[i].e != e)
			continue;
		if (outcomes[i].text != NULL)
			log_error("%s: %s", name, outcomes[i].text);
		return outcomes[i].status;
	}
	log_error("%s: %s", name, err_text(e));
	return EXIT_LOCAL;
}

int
cmd_open(int argc, char *argv[])
{
	struct options options;
	struct opening opening = { 0 };
	char token[KEY_TOKEN_SIZE];
	enum exit_status status = options_parse(argc, argv, &options);
	enum err e;

	if (options.source == NULL)
		return (int)status;
	opening.source = options.source;
	opening.range = options.range_text == NULL ? NULL : &options.range;
	e = key_read_identity(options.key_path, opening.identity);
	if (e == ERR_OK && options.token_path != NULL) {
		e = key_read_token(options.token_path, token);
		opening.token = token;
	}
	if (e == ERR_OK)
		e = output_open(options.output_path, &opening.output);
	if (e == ERR_OK)
		e = opening_run(&opening);
	if (e == ERR_OK)
		e = output_complete(opening.output);
	status = report(options.source, e);
	output_close(opening.output);
	secret_wipe(&opening, sizeof(opening));
	secret_wipe(token, sizeof(token));
	return (int)status;
}

/* Seal standard input to standard output for an identity file, with the same
 * code as commerced: so that scenarios can hold it against stock age.
 *
 *	seal IDENTITY-FILE [PIECE-BYTES]
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/key_file.h"
#include "common/sealed_seal.h"

static enum err
write_out(void *context, const uint8_t *bytes, size_t size)
{
	return fwrite(bytes, 1, size, context) == size ? ERR_OK : ERR_IO;
}

static enum err
read_identity(const char *path,
    uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	struct key_file file;
	const char *word;
	enum err e = key_file_open(&file, path);

	if (e == ERR_OK && key_file_next(&file, &word, 1) != 1)
		e = ERR_KEY_FILE;
	if (e == ERR_OK)
		e = sealed_identity_parse(identity, word);
	key_file_close(&file);
	return e;
}

int
main(int argc, char *argv[])
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	struct sealer *sealer = NULL;
	size_t piece = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024 * 1024;
	char *buffer = malloc(piece);
	size_t got;
	enum err e = ERR_CONFIG;

	if (argc < 2 || buffer == NULL)
		goto out;
	e = read_identity(argv[1], identity);
	if (e == ERR_OK)
		e = sealer_new(identity, write_out, stdout, &sealer);
	while (e == ERR_OK && (got = fread(buffer, 1, piece, stdin)) > 0)
		e = sealer_write(sealer, buffer, got);
	if (e == ERR_OK)
		e = sealer_finish(sealer);
	if (e == ERR_OK && (ferror(stdin) || fflush(stdout) != 0))
		e = ERR_IO;
out:
	if (e != ERR_OK)
		fprintf(stderr, "seal: %s\n", err_text(e));
	sealer_free(sealer);
	free(buffer);
	return e == ERR_OK ? 0 : 1;
}

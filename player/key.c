/* Reading the download key and the security token from files. */
#include "player/key.h"

#include <string.h>

#include "common/encoding.h"
#include "common/key_file.h"
#include "common/log.h"
#include "common/secret.h"

/* The only word of the file, which lives until the file is closed. */
static enum err
key_only_word(struct key_file *file, const char *what, const char **word)
{
	const char *second;
	size_t count = key_file_next(file, word, 1);

	if (count == 0) {
		log_error("%s: holds no %s", file->path, what);
		return ERR_KEY_FILE;
	}
	if (count > 1 || key_file_next(file, &second, 1) > 0) {
		log_error("%s:%zu: more than one %s; keep one in each file",
		    file->path, file->line, what);
		return ERR_KEY_FILE;
	}
	return ERR_OK;
}

enum err
key_read_identity(const char *path,
    uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	struct key_file file;
	const char *word;
	enum err e = key_file_open(&file, path);

	if (e == ERR_OK)
		e = key_only_word(&file, "download key", &word);
	if (e == ERR_OK && sealed_identity_parse(identity, word) != ERR_OK) {
		log_error("%s:%zu: is not a download key: it begins with"
		    " AGE-SECRET-KEY-1 and has 74 characters", path,
		    file.line);
		e = ERR_KEY_FILE;
	}
	key_file_close(&file);
	return e;
}

enum err
key_read_token(const char *path, char token[static KEY_TOKEN_SIZE])
{
	struct key_file file;
	const char *word;
	uint8_t mac[32];
	enum err e = key_file_open(&file, path);

	if (e == ERR_OK)
		e = key_only_word(&file, "security token", &word);
	if (e == ERR_OK && base64url_decode(mac, sizeof(mac), word,
	    strlen(word)) != ERR_OK) {
		log_error("%s:%zu: is not a security token: it has 43"
		    " characters of A-Z a-z 0-9 _ -", path, file.line);
		e = ERR_KEY_FILE;
	}
	if (e == ERR_OK)
		memcpy(token, word, KEY_TOKEN_SIZE);
	secret_wipe(mac, sizeof(mac));
	key_file_close(&file);
	return e;
}

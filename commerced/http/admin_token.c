/* The admin token behind a lock, since SIGHUP replaces it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/admin_token.h"
#include "common/log.h"
#include "common/secret.h"

struct admin_token {
	pthread_rwlock_t lock;
	const char *path;
	char text[ADMIN_TOKEN_MOST + 1];
	size_t length;
};

/* The length of the one line; 0 when it is not such a line. */
static size_t
admin_token_line(const char *text, size_t length)
{
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length < ADMIN_TOKEN_LEAST || length > ADMIN_TOKEN_MOST)
		return 0;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return 0;
	return length;
}

enum err
admin_token_reload(struct admin_token *token)
{
	char *text = NULL;
	size_t length = 0, line;
	enum err e;

	e = secret_file_read(token->path, &text, &length);
	if (e != ERR_OK)
		return e;
	line = admin_token_line(text, length);
	if (line == 0) {
		log_error("%s: write one line of %d to %d printable "
		    "characters without a blank", token->path,
		    ADMIN_TOKEN_LEAST, ADMIN_TOKEN_MOST);
		e = ERR_KEY_FILE;
	} else {
		(void)pthread_rwlock_wrlock(&token->lock);
		memcpy(token->text, text, line);
		token->length = line;
		(void)pthread_rwlock_unlock(&token->lock);
	}
	secret_free(text, length);
	return e;
}

enum err
admin_token_load(const char *path, struct admin_token **out)
{
	struct admin_token *token = calloc(1, sizeof(*token));
	enum err e;

	*out = NULL;
	if (token == NULL)
		return ERR_NO_MEMORY;
	token->path = path;
	if (pthread_rwlock_init(&token->lock, NULL) != 0) {
		free(token);
		return ERR_NO_MEMORY;
	}
	e = admin_token_reload(token);
	if (e != ERR_OK) {
		admin_token_free(token);
		return e;
	}
	*out = token;
	return ERR_OK;
}

void
admin_token_free(struct admin_token *token)
{
	if (token == NULL)
		return;
	(void)pthread_rwlock_destroy(&token->lock);
	secret_wipe(token, sizeof(*token));
	free(token);
}

bool
admin_token_matches(struct admin_token *token, const char *text,
    size_t length)
{
	bool is_equal;

	(void)pthread_rwlock_rdlock(&token->lock);
	is_equal = secret_equal(text, length, token->text, token->length);
	(void)pthread_rwlock_unlock(&token->lock);
	return is_equal;
}

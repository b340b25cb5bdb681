/* Lines of words of a secret file. */
#include "common/key_file.h"

#include <string.h>

#include "common/log.h"
#include "common/secret.h"

enum err
key_file_open(struct key_file *file, const char *path)
{
	*file = (struct key_file){ .path = path };
	return secret_file_read(path, &file->text, &file->length);
}

size_t
key_file_lines_max(const struct key_file *file, size_t length)
{
	size_t lines = 0, begin = file->offset;

	for (size_t i = begin; i <= file->length; i++) {
		if (i < file->length && file->text[i] != '\n')
			continue;
		lines += i - begin >= length;
		begin = i + 1;
	}
	return lines;
}

/* The next line as a string of its own; NULL at the end. */
static char *
key_file_line(struct key_file *file)
{
	char *line = file->text + file->offset;
	char *end;
	size_t left = file->length - file->offset;

	if (left == 0)
		return NULL;
	end = memchr(line, '\n', left);
	if (end == NULL) {
		end = line + left;	/* the NUL after the text */
		file->offset = file->length;
	} else {
		file->offset += (size_t)(end - line) + 1;
	}
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	file->line++;
	return line;
}

size_t
key_file_next(struct key_file *file, const char *words[], size_t max)
{
	char *at;
	size_t count = 0;

	while (count == 0 && (at = key_file_line(file)) != NULL) {
		at += strspn(at, " \t");
		if (*at == '#')
			continue;
		while (*at != '\0') {
			if (count < max)
				words[count] = at;
			count++;
			at += strcspn(at, " \t");
			if (*at != '\0')
				*at++ = '\0';
			at += strspn(at, " \t");
		}
	}
	return count;
}

enum err
key_file_read(struct key_file *file, const char *form,
    const char *(*add)(void *keys, const char *const words[], size_t count),
    void *keys)
{
	const char *words[KEY_FILE_WORDS_MAX], *fault;
	size_t count, good = 0;
	enum err e = ERR_OK;

	while ((count = key_file_next(file, words, KEY_FILE_WORDS_MAX)) > 0) {
		fault = add(keys, words, count);
		good += fault == NULL;
		if (fault == NULL)
			continue;
		log_error("%s:%zu: %s", file->path, file->line, fault);
		e = ERR_KEY_FILE;
	}
	if (e == ERR_OK && good == 0) {
		log_error("%s: holds no key; write a line \"%s\"", file->path,
		    form);
		e = ERR_KEY_FILE;
	}
	return e;
}

void
key_file_close(struct key_file *file)
{
	secret_free(file->text, file->length);
	*file = (struct key_file){ .path = NULL };
}

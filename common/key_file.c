/* Lines of words of a secret file. */
#include "common/key_file.h"

#include <string.h>

#include "common/secret.h"

enum err
key_file_open(struct key_file *file, const char *path)
{
	*file = (struct key_file){ .path = path };
	return secret_file_read(path, &file->text, &file->length);
}

size_t
key_file_lines_max(const struct key_file *file)
{
	size_t lines = 1;

	for (size_t i = file->offset; i < file->length; i++)
		lines += file->text[i] == '\n';
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

void
key_file_close(struct key_file *file)
{
	secret_free(file->text, file->length);
	*file = (struct key_file){ .path = NULL };
}

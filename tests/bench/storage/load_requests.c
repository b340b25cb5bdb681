/* The requests that the load client sends, made once before it begins. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/bench/storage/load.h"

#define FRAME_MAX 160	/* what is added to a line: method, Host, names */

static char *file_read(const char *path, size_t *length)
{
	struct stat status;
	char *text = NULL;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return NULL;
	if (fstat(fileno(file), &status) != 0)
		goto out;
	text = malloc((size_t)status.st_size + 1);
	if (text == NULL)
		goto out;
	*length = fread(text, 1, (size_t)status.st_size, file);
	text[*length] = '\0';
out:
	fclose(file);
	return text;
}

static size_t lines_count(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* "TARGET" or "TARGET<tab>TOKEN" becomes a request; how long it is. */
static size_t request_write(char *out, size_t capacity, char *line,
    const char *host)
{
	char *token = strchr(line, '\t');
	int length;

	if (token != NULL)
		*token++ = '\0';
	length = snprintf(out, capacity,
	    "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s", line, host,
	    token != NULL ? "Authorization: Bearer " : "",
	    token != NULL ? token : "", token != NULL ? "\r\n" : "");
	return length < 0 ? 0 : (size_t)length;
}

static bool requests_write(struct load_requests *requests, char *lines,
    size_t capacity, const char *host)
{
	size_t used = 0;
	char *rest = NULL;

	for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest)) {
		struct load_request *request =
		    &requests->all[requests->count++];

		request->bytes = requests->text + used;
		request->length = request_write(requests->text + used,
		    capacity - used, line, host);
		used += request->length;
	}
	return requests->count > 0 && used < capacity;
}

bool load_requests_read(struct load_requests *requests,
    const struct load_options *options)
{
	char host[INET_ADDRSTRLEN + 8], address[INET_ADDRSTRLEN];
	size_t length = 0, lines, capacity;
	char *text = file_read(options->lines_path, &length);
	bool is_good = false;

	*requests = (struct load_requests){ 0 };
	if (text == NULL)
		goto out;
	inet_ntop(AF_INET, &options->address.sin_addr, address,
	    sizeof(address));
	snprintf(host, sizeof(host), "%s:%u", address,
	    ntohs(options->address.sin_port));
	lines = lines_count(text);
	capacity = length + lines * FRAME_MAX + 1;
	requests->text = malloc(capacity);
	requests->all = calloc(lines + 1, sizeof(*requests->all));
	is_good = requests->text != NULL && requests->all != NULL &&
	    requests_write(requests, text, capacity, host);
out:
	if (!is_good)
		fprintf(stderr, "load: %s: no requests to be had: %s\n",
		    options->lines_path, strerror(errno));
	free(text);
	return is_good;
}

void load_requests_free(struct load_requests *requests)
{
	free(requests->all);
	free(requests->text);
	*requests = (struct load_requests){ 0 };
}

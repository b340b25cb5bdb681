#include "commerced/media/pages.h"

#include <string.h>

#include "commerced/media/bytes.h"

#define PDF_TAIL 1024		/* in which readers look for the end */
#define ZIP_LOCAL_BYTES 30	/* then the name */
#define ZIP_END_BYTES 22	/* then a comment */
#define ZIP_COMMENT_MAX 65535

bool
pages_is_pdf(const uint8_t *bytes, size_t size)
{
	return size > 8 && memcmp(bytes, "%PDF-", 5) == 0 &&
	    (bytes[5] == '1' || bytes[5] == '2') && bytes[6] == '.';
}

/* Where text occurs last in the last bytes; NULL: not there. */
static const uint8_t *
find_last(const uint8_t *bytes, size_t size, const char *text)
{
	size_t length = strlen(text);
	size_t most = size < PDF_TAIL ? size : PDF_TAIL;

	for (size_t back = length; back <= most; back++)
		if (memcmp(bytes + size - back, text, length) == 0)
			return bytes + size - back;
	return NULL;
}

bool
pages_pdf_is_whole(const uint8_t *bytes, size_t size)
{
	const uint8_t *start = find_last(bytes, size, "startxref");
	const uint8_t *end = find_last(bytes, size, "%%EOF");
	uint64_t table = 0;

	if (start == NULL || end == NULL || end < start)
		return false;
	start += strlen("startxref");
	while (start < end && (*start == '\r' || *start == '\n' ||
	    *start == ' '))
		start++;
	for (; start < end && *start >= '0' && *start <= '9'; start++)
		if ((table = table * 10 + (uint64_t)(*start - '0')) >= size)
			return false;
	return table > 0;
}

bool
pages_is_epub(const uint8_t *bytes, size_t size)
{
	static const char kind[] = "mimetypeapplication/epub+zip";

	/* Stored as it is, without an extra field. */
	return size >= ZIP_LOCAL_BYTES + sizeof(kind) - 1 &&
	    memcmp(bytes, "PK\3\4", 4) == 0 && bytes_le16(bytes + 8) == 0 &&
	    bytes_le16(bytes + 26) == 8 && bytes_le16(bytes + 28) == 0 &&
	    memcmp(bytes + ZIP_LOCAL_BYTES, kind, sizeof(kind) - 1) == 0;
}

bool
pages_zip_is_whole(const uint8_t *bytes, size_t size)
{
	const uint8_t *end;
	uint64_t directory;

	for (size_t comment = 0; comment <= ZIP_COMMENT_MAX &&
	    size >= ZIP_END_BYTES + comment; comment++) {
		end = bytes + size - ZIP_END_BYTES - comment;
		if (memcmp(end, "PK\5\6", 4) != 0 ||
		    bytes_le16(end + 20) != comment)
			continue;
		directory = (uint64_t)bytes_le32(end + 12) +
		    bytes_le32(end + 16);
		return directory == (uint64_t)(end - bytes) &&
		    bytes_le32(end + 12) > 0 &&
		    memcmp(bytes + bytes_le32(end + 16), "PK\1\2", 4) == 0;
	}
	return false;
}

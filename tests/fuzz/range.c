/* Range, Content-Range and entity tags: what is selected lies within. */
#include <string.h>

#include "common/condition.h"
#include "common/range.h"
#include "tests/fuzz/fuzz.h"

static const char object[] =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

static void
check_range(const char *field, uint64_t size)
{
	struct range range = { 0, 0 };

	if (range_select(field, size, &range) != RANGE_PART)
		return;
	PROMISE(range.length > 0);
	PROMISE(range.offset < size);
	PROMISE(range.length <= size - range.offset);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct content_range piece = { 0, 0, 0 };
	char *text = fuzz_text(bytes, size);

	check_range(text, 0);
	check_range(text, 1);
	check_range(text, 1000);
	check_range(text, INT64_MAX);
	if (range_parse_content(text, &piece)) {
		PROMISE(piece.from <= piece.to);
		PROMISE(piece.to < piece.total);
		PROMISE(piece.total <= INT64_MAX);
	}
	condition_list_has(text, object, CONDITION_STRONG);
	if (condition_is_tag(text, object))
		PROMISE(condition_list_has(text, object, CONDITION_STRONG));
	free(text);
	return 0;
}

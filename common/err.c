/* The tables behind err.h: one row for each failure, in one place. */
#include "common/err.h"

struct err_row {
	const char *slug;
	const char *title;
	const char *advice;
	int status;
};

#define ERR_ROW(code, slug, status, title, advice) \
	[ERR_##code] = { slug, title, advice, status },
static const struct err_row err_rows[ERR__COUNT] = { ERR_TABLE(ERR_ROW) };
#undef ERR_ROW

/* What is no code at all is a bug of the caller, and answered as one. */
static const struct err_row *
err_row(enum err e)
{
	unsigned index = (unsigned)e;

	return &err_rows[index < ERR__COUNT ? index : ERR_INTERNAL];
}

const char *
err_text(enum err e)
{
	return err_row(e)->title;
}

const char *
err_slug(enum err e)
{
	return err_row(e)->slug;
}

const char *
err_advice(enum err e)
{
	return err_row(e)->advice;
}

int
err_status(enum err e)
{
	return err_row(e)->status;
}

/* Where opened content goes: standard output, or a file that appears under
 * its name only when it is complete and on the disk.
 */
#ifndef PLAYER_OUTPUT_H
#define PLAYER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct output;

/*
 * path NULL: standard output, refused when it is a terminal.  A path gets a
 * temporary file in the same folder, which output_discard() or SIGINT,
 * SIGTERM and SIGHUP remove.  Errors are logged: ERR_IO, ERR_NO_MEMORY.
 * One at a time.
 */
enum err output_open(const char *path, struct output **out);

/* An opener_sink; context is the output.  ERR_IO, logged. */
enum err output_write(void *context, const uint8_t *bytes, size_t size);

/*
 * All was written: put it on the disk and give the file its name, replacing
 * one that has it.  ERR_IO, logged.  output_close() follows in any case.
 */
enum err output_complete(struct output *output);

/* Free; removes what was not completed.  NULL is allowed. */
void output_close(struct output *output);

#endif

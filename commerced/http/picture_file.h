/* Files of pictures that no item shows. */
#ifndef COMMERCED_HTTP_PICTURE_FILE_H
#define COMMERCED_HTTP_PICTURE_FILE_H

#include "commerced/http/service.h"

/*
 * Remove one on a disk thread.  Any thread; without memory for it the sweep
 * at the next start finds the file.
 */
void picture_file_discard(const struct service *service,
    const struct uuid *id);

/* At the start, on a disk thread: remove all that were left by a crash. */
void picture_file_sweep(const struct service *service, int64_t started_s);

#endif

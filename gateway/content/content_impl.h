/* What the files of the content folder share. */
#ifndef GATEWAY_CONTENT_CONTENT_IMPL_H
#define GATEWAY_CONTENT_CONTENT_IMPL_H

#include "gateway/content/content.h"

struct spool {
    int folder;
};

/* Makes a new empty file under a random name, for writing. -1 with *error. */
int spool_make(const struct spool *spool, char name[SPOOL_NAME_SIZE], struct error *error);
/* The names in the folder are on disk. */
bool spool_sync(const struct spool *spool, struct error *error);
/* What a failed call on the spool means: ERROR_STORE_FULL where the disk is, else ERROR_SPOOL_FAILED. `reason` is an
 * errno. Returns false. */
bool spool_failed(struct error *error, const char *doing, int reason);

#endif

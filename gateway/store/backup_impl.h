/* What the files of store_backup() share. */
#ifndef GATEWAY_STORE_BACKUP_IMPL_H
#define GATEWAY_STORE_BACKUP_IMPL_H

#include "gateway/store/store_impl.h"

/* The folder in which a copy grows, under a name of its own until it is whole. Made, or taken over empty from a backup that
 * died; *lock, a descriptor, keeps others out of it. One at which another backup is at work, or that holds what no backup
 * puts there, is refused and left as it is. */
bool partial_take(const char *path, int *lock, struct error *error);
/* Away with it, and with all that a backup puts there. */
void partial_remove(const char *path, int lock);

#endif

/* What the files that read folders and messages share. */
#ifndef GATEWAY_STORE_MESSAGES_IMPL_H
#define GATEWAY_STORE_MESSAGES_IMPL_H

#include "gateway/store/store_impl.h"

/* A message's place in every list: the time at which it became available, and the order in which it came. */
struct message_key {
    int64_t available, seq;
};

/* The first `most` of a folder's read or unread messages behind `after`, in order. *count of them go to `keys`. */
bool message_keys(struct backend *backend, int64_t folder, bool read, bool oldest_first,
                  const struct message_key *after, uint64_t most, struct message_key *keys, size_t *count,
                  struct error *error);
/* Before every message of such a list. */
struct message_key message_key_first(bool oldest_first);

/* A mailbox's folders, with their numbers, in one read transaction. */
struct folder_row {
    int64_t seq;
    struct folder folder; /* without `latest` */
};
struct folder_rows {
    struct folder_row *rows;
    size_t count;
};
/* A mailbox that is not there, or another's: ERROR_NOT_FOUND. */
bool folder_rows_read(struct backend *backend, const char *owner, const struct uuid *mailbox, struct arena *arena,
                      struct folder_rows *folders, struct error *error);

#endif

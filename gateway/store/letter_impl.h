/* What the changes of a person's letter share. */
#ifndef GATEWAY_STORE_LETTER_IMPL_H
#define GATEWAY_STORE_LETTER_IMPL_H

#include "gateway/store/store_impl.h"

/* Whose letter, and which: packed alike by every verb that changes one. */
struct letter_name {
    const char *owner;
    struct uuid mailbox, message;
};
void letter_pack(struct packer *packer, const char *owner, const struct uuid *mailbox, const struct uuid *message);
void letter_take(struct unpacker *in, struct letter_name *name);

/* A letter as it lies in its owner's mailbox. */
struct letter {
    int64_t seq, mailbox, folder, version;
    bool read;
    bool has_changed;
    struct uuid changed; /* the change that made its version */
    struct uuid organisation;
};
/* Absent, another's or held: ERROR_NOT_FOUND. */
bool letter_find(struct change *change, const struct letter_name *name, struct letter *letter, struct error *error);

/* Something that a person did with it. */
bool letter_event(struct change *change, const struct letter_name *name, const struct letter *letter,
                  const struct uuid *identity, const char *tag, const char *detail, struct error *error);

#endif

/* The writer's side of store_accept(): accept_unpack.c takes it apart, accept_apply.c writes it, accept_place.c puts it
 * into its mailbox. */
#ifndef GATEWAY_STORE_ACCEPT_IMPL_H
#define GATEWAY_STORE_ACCEPT_IMPL_H

#include "gateway/store/store_impl.h"

/* A submission as it came out of its packed bytes, which must live on. */
struct arriving {
    struct submission submission;
    struct system system;  /* its ids alone */
    struct uuid technical; /* id of the technical receipt */
    bool push;             /* the system wants its receipts pushed */
    /* filled in while it is written */
    int64_t sender, mailbox, folder, message; /* seq; 0: none */
    bool held;
};

bool submission_unpack(struct unpacker *in, struct arena *arena, struct arriving *arriving, struct error *error);

/* A mailbox and its INBOX, by seq; 0: there is none. */
struct place_found {
    int64_t mailbox, inbox;
};
bool place_find(struct change *change, const char *number, struct place_found *place, struct error *error);
/* A mailbox comes with its four folders. */
bool place_add(struct change *change, const char *number, bool company, struct place_found *place, struct error *error);

/* Finds or makes mailbox and INBOX, and counts the letter there unless it is held. */
bool accept_place(struct change *change, struct arriving *arriving, struct error *error);
/* One more letter, unread, in the folder. */
bool place_count(struct change *change, int64_t folder, struct error *error);

/* The detail of the event of its acceptance. */
bool accept_proof(struct change *change, const struct arriving *arriving, char out[PROOF_SIZE], struct error *error);

/* Keeps a content, or counts it where it is kept already. */
bool content_keep(struct change *change, const struct kept_content *content, struct error *error);

#endif

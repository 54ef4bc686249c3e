/* The registry: registry.c reads it, registry_list.c lists it, registry_change.c asks for changes, which
 * registry_unpack.c takes apart and registry_apply.c makes. */
#ifndef GATEWAY_STORE_REGISTRY_IMPL_H
#define GATEWAY_STORE_REGISTRY_IMPL_H

#include "gateway/store/store_impl.h"

#define REGISTRY_TEXT_MAX 2000 /* bytes of a name, a label, a URL, a list of addresses, a reason */

/* Fill a struct from the columns that the statements which find and list have, from behind the seq. Texts go to
 * `arena`. False: the query failed. */
bool organisation_read(struct query *query, struct arena *arena, void *organisation);
bool system_read(struct query *query, struct arena *arena, void *system);
bool contact_read(struct query *query, struct arena *arena, void *contact);

struct contact_move {
    const char *number;
    enum contact_status status;
};

struct revocation {
    struct digest certificate;
    const char *reason; /* NULL: none told */
};

/* Take packed fields apart and check each of them. `asked` is when the change was asked for: a row of the same id and
 * moment is this very change, sent a second time. The texts stay where they were packed. */
bool organisation_unpack(struct unpacker *in, struct organisation *organisation, int64_t *asked, struct error *error);
bool system_unpack(struct unpacker *in, struct system *system, int64_t *asked, struct error *error);
bool contact_unpack(struct unpacker *in, struct contact *contact, int64_t *asked, struct error *error);
bool contact_move_unpack(struct unpacker *in, struct contact_move *move, struct error *error);
bool revocation_unpack(struct unpacker *in, struct revocation *revocation, int64_t *asked, struct error *error);

#endif

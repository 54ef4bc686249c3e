#include "gateway/store/store_impl.h"

#include <string.h>

void wire_pack_hello(struct packer *packer)
{
    pack_u8(packer, WIRE_HELLO);
}

void wire_pack_change(struct packer *packer, const struct wire_change *change)
{
    pack_u8(packer, WIRE_CHANGE);
    pack_u64(packer, change->id);
    pack_u8(packer, (uint8_t)change->verb);
    pack_fixed(packer, change->party.bytes, sizeof change->party.bytes);
    pack_text(packer, change->spool_name);
    pack_u64(packer, change->spool_size);
}

bool wire_unpack_change(struct unpacker *in, struct wire_change *change)
{
    uint8_t kind = unpack_u8(in), verb;

    *change = (struct wire_change){.id = unpack_u64(in)};
    verb = unpack_u8(in);
    change->verb = (enum verb)verb;
    unpack_fixed(in, change->party.bytes, sizeof change->party.bytes);
    change->spool_name = unpack_text(in);
    change->spool_size = unpack_u64(in);
    return !in->bad && kind == WIRE_CHANGE && verb < VERB_COUNT;
}

void wire_pack_answer(struct packer *packer, uint64_t id, const struct error *error)
{
    pack_u8(packer, WIRE_ANSWER);
    pack_u64(packer, id);
    pack_u32(packer, (uint32_t)error->code);
    pack_u32(packer, error->retry_after);
    pack_text(packer, error->where);
    pack_text(packer, error->detail);
}

bool wire_unpack_answer(struct unpacker *in, uint64_t *id, struct error *error)
{
    uint8_t kind = unpack_u8(in);

    *id = unpack_u64(in);
    uint32_t code = unpack_u32(in), retry_after = unpack_u32(in);
    const char *where = unpack_text(in), *detail = unpack_text(in);

    if (in->bad || kind != WIRE_ANSWER || code >= ERROR_COUNT || !where || !detail)
        return false;
    if (code != ERROR_NONE)
        error_set(error, (enum error_code)code, where, "%s", detail);
    error->code = (enum error_code)code;
    error->retry_after = retry_after;
    return true;
}

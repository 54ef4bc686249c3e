/* Packed fields as an apply takes them: what may not be sets `bad`, like a length beyond the end. */
#include "gateway/store/store_impl.h"

#include <string.h>

#include "gateway/base/text.h"

bool take_flag(struct unpacker *in)
{
    uint8_t flag = unpack_u8(in);

    in->bad = in->bad || flag > 1;
    return flag;
}

const char *take_text(struct unpacker *in)
{
    const char *text = unpack_text(in);

    if (text && !text_is_utf8(text, strlen(text)))
        in->bad = true;
    return in->bad ? NULL : text;
}

int64_t take_number(struct unpacker *in)
{
    uint64_t number = unpack_u64(in);

    in->bad = in->bad || number > INT64_MAX;
    return (int64_t)number;
}

void take_uuid(struct unpacker *in, struct uuid *uuid)
{
    unpack_fixed(in, uuid->bytes, sizeof uuid->bytes);
}

void take_digest(struct unpacker *in, struct digest *digest)
{
    unpack_fixed(in, digest->bytes, DIGEST_SIZE);
}

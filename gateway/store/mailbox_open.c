#include "gateway/store/accept_impl.h"

#include <string.h>

#include "gateway/base/text.h"

bool mailbox_open(struct store *store, const char *number, bool company, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_MAILBOX_OPEN, NULL);
    struct unpacker answer;

    pack_text(packer, number);
    pack_u8(packer, company);
    return change_ask(store, &answer, error);
}

bool mailbox_open_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    const char *number = take_text(in);
    bool company = take_flag(in);
    size_t length = company ? 8 : 10;
    struct place_found place;

    (void)out;
    if (!unpack_done(in) || !number || strlen(number) != length || !text_is_digits(number, length))
        return error_set(error, ERROR_CHANGE_MALFORMED, "mailbox_open", NULL);
    return place_find(change, number, &place, error)
           && (place.mailbox || place_add(change, number, company, &place, error));
}

/* A person marks a letter as read, or moves it. */
#include "gateway/store/letter_impl.h"

bool message_patch(struct store *store, const struct message_change *change, int64_t *version, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_MESSAGE_PATCH, &change->mailbox);
    struct unpacker answer;
    struct uuid id;
    bool conflict;

    if (!uuid_random(&id))
        return error_set(error, ERROR_INTERNAL, NULL, "no randomness");
    letter_pack(packer, change->owner, &change->mailbox, &change->message);
    pack_fixed(packer, change->identity.bytes, sizeof change->identity.bytes);
    pack_fixed(packer, id.bytes, sizeof id.bytes);
    pack_u64(packer, (uint64_t)change->version);
    pack_u8(packer, change->set_read);
    pack_u8(packer, change->read);
    pack_u8(packer, change->set_folder);
    pack_fixed(packer, change->folder.bytes, sizeof change->folder.bytes);
    if (!change_ask(store, &answer, error))
        return false;
    conflict = unpack_u8(&answer);
    *version = (int64_t)unpack_u64(&answer);
    if (!unpack_done(&answer))
        return error_set(error, ERROR_INTERNAL, NULL, "the writer's answer");
    return !conflict || error_set(error, ERROR_VERSION_CONFLICT, "If-Match", NULL);
}

/* ---- the writer's side ---- */

struct patch {
    struct letter_name name;
    struct uuid identity, id;
    int64_t version;
    bool set_read, read, set_folder;
    struct uuid folder;
};

static bool take_patch(struct unpacker *in, struct patch *patch, struct error *error)
{
    letter_take(in, &patch->name);
    take_uuid(in, &patch->identity);
    take_uuid(in, &patch->id);
    patch->version = take_number(in);
    patch->set_read = take_flag(in);
    patch->read = take_flag(in);
    patch->set_folder = take_flag(in);
    take_uuid(in, &patch->folder);
    return unpack_done(in) || error_set(error, ERROR_CHANGE_MALFORMED, "message_patch", NULL);
}

static bool find_folder(struct change *change, const struct patch *patch, const struct letter *letter, int64_t *folder,
                        struct error *error)
{
    struct query query;
    bool found;

    *folder = letter->folder;
    if (!patch->set_folder)
        return true;
    if (!query_begin(change->backend, STMT_FOLDER_OWN, &query, error))
        return false;
    query_set_uuid(&query, ":folder", &patch->folder);
    query_set_number(&query, ":mailbox", letter->mailbox);
    found = query_step(&query);
    if (found)
        *folder = query_number(&query, 0);
    return query_end(&query) && (found || error_set(error, ERROR_FOLDER_NOT_FOUND, "folderId", NULL));
}

static bool write_letter(struct change *change, const struct patch *patch, const struct letter *letter, int64_t folder,
                         bool read, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_MESSAGE_CHANGE, &query, error))
        return false;
    query_set_number(&query, ":seq", letter->seq);
    query_set_number(&query, ":folder", folder);
    query_set_number(&query, ":read", read);
    query_set_uuid(&query, ":changed", &patch->id);
    return query_run(&query, NULL);
}

static bool count_in_folder(struct change *change, int64_t folder, int total, int unread, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_FOLDER_COUNT, &query, error))
        return false;
    query_set_number(&query, ":seq", folder);
    query_set_number(&query, ":total", total);
    query_set_number(&query, ":unread", unread);
    return query_run(&query, NULL);
}

static bool count(struct change *change, const struct letter *letter, int64_t folder, bool read, struct error *error)
{
    return count_in_folder(change, letter->folder, -1, -!letter->read, error)
           && count_in_folder(change, folder, 1, !read, error);
}

static bool tell(struct change *change, const struct patch *patch, const struct letter *letter, int64_t folder,
                 bool read, struct error *error)
{
    const char *detail = read ? "{\"read\":true}" : "{\"read\":false}";

    return (folder == letter->folder
            || letter_event(change, &patch->name, letter, &patch->identity, "MESSAGE_MOVED", NULL, error))
           && (read == letter->read
               || letter_event(change, &patch->name, letter, &patch->identity, "MESSAGE_UPDATED", detail, error));
}

static void answer(struct packer *out, bool conflict, int64_t version)
{
    pack_u8(out, conflict);
    pack_u64(out, (uint64_t)version);
}

/* The very change that made the version is one that was sent again. */
bool message_patch_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct patch patch;
    struct letter letter;
    int64_t folder;
    bool again, read;

    if (!take_patch(in, &patch, error) || !letter_find(change, &patch.name, &letter, error))
        return false;
    again = letter.has_changed && uuid_same(&letter.changed, &patch.id);
    if (again || letter.version != patch.version) {
        answer(out, !again, letter.version);
        return true;
    }
    if (!find_folder(change, &patch, &letter, &folder, error))
        return false;
    read = patch.set_read ? patch.read : letter.read;
    if (folder == letter.folder && read == letter.read) {
        answer(out, false, letter.version);
        return true;
    }
    answer(out, false, letter.version + 1);
    return write_letter(change, &patch, &letter, folder, read, error) && count(change, &letter, folder, read, error)
           && tell(change, &patch, &letter, folder, read, error);
}

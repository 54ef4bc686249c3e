#include "handlers/reader/reader_impl.h"

#include "gateway/base/time.h"

/* FolderMessageSummary (ngdp-api.md, table B) */
static bool add_summary(const struct folder *folder, const struct uuid *mailbox, struct buffer *json)
{
    char latest[TIME_TEXT_SIZE];

    time_format(folder->latest, latest);
    return buffer_add_text(json, "{\"folder\":") && folder_json(folder, mailbox, json)
           && buffer_add_text(json, ",\"messageCount\":{\"label\":") && buffer_add_json(json, folder->name)
           && buffer_format(json, ",\"unreadMessages\":%llu,\"totalMessages\":%llu", (unsigned long long)folder->unread,
                            (unsigned long long)folder->total)
           && (!folder->latest || buffer_add_member(json, "latestMessageFrom", latest)) && buffer_add_text(json, "}}");
}

bool summarize_folders(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct folder *folders;
    size_t count;
    bool ok;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids)
        || !folders_list(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], rq->arena, &folders, &count,
                         &rq->error))
        return false;
    ok = buffer_add_text(&json, "{\"folderMessageSummaryList\":[");
    for (size_t i = 0; ok && i < count; i++)
        ok = (i == 0 || buffer_add_text(&json, ",")) && add_summary(&folders[i], &ids[ID_MAILBOX], &json);
    return reader_send(rq, ok && buffer_add_text(&json, "]}"), &json);
}

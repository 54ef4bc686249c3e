#include "handlers/reader/reader_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static int by_creation(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;

    return (x->created > y->created) - (x->created < y->created);
}

static int by_name(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int by_type(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;

    return strcmp(folder_type_name(x->type), folder_type_name(y->type));
}

static const char *const fields[] = {"createdDateTime", "name", "folderType", NULL};
static int (*const orders[])(const void *a, const void *b) = {by_creation, by_name, by_type};

/* An insertion sort: folders are few, and those that are equal keep their order. */
static void sort(struct folder *folders, size_t count, int (*order)(const void *a, const void *b), bool descending)
{
    for (size_t i = 1; i < count; i++) {
        struct folder folder = folders[i];
        size_t at = i;

        for (; at && (descending ? order(&folder, &folders[at - 1]) : order(&folders[at - 1], &folder)) > 0; at--)
            folders[at] = folders[at - 1];
        folders[at] = folder;
    }
}

/* ---- the answer ---- */

bool list_folders(struct request *rq)
{
    static const char *const known[] = {"page", "size", "sortFields", NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct reader_list list = {.name = "folders"};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct folder *folders;
    size_t count, field = 0, begin;
    bool descending = false, ok;
    struct page page;

    if (!request_parameters_known(rq, known) || !request_page(rq, &page)
        || !reader_sort(rq, fields, &field, &descending) || !reader_ids(rq, ids)
        || !folders_list(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], rq->arena, &folders, &count,
                         &rq->error))
        return false;
    sort(folders, count, orders[field], descending);
    begin = page.page * page.size < count ? page.page * page.size : count;
    list.page = page.page;
    list.size = page.size;
    list.total = count;
    list.elements = count - begin < page.size ? count - begin : page.size;
    ok = reader_list_begin(&json, &list);
    for (size_t i = begin; ok && i < begin + list.elements; i++)
        ok = (i == begin || buffer_add_text(&json, ",")) && folder_json(&folders[i], &ids[ID_MAILBOX], &json);
    return reader_send(rq, ok && buffer_add_text(&json, "]}"), &json);
}

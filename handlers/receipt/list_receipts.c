#include "handlers/receipt/receipt.h"

#include "gateway/base/ids.h"
#include "handlers/service.h"

#define LIST_JSON_MAX ((size_t)4 * 1024 * 1024)

/* A page of receipts and where it lies among all of them. */
struct receipt_page {
    struct page page;
    struct receipt *receipts;
    size_t count;
    uint64_t total, pages;
};

typedef bool page_writer(const struct receipt_page *page, struct buffer *json);

static bool read_page(struct request *rq, struct receipt_page *page)
{
    static const char *const known[] = {"page", "size", NULL};
    const struct system *caller = rq->caller;

    if (!request_parameters_known(rq, known) || !request_page(rq, &page->page)
        || !receipts_list(rq->service->store, &caller->id, page->page.page, page->page.size, rq->arena, &page->receipts,
                          &page->count, &page->total, &rq->error))
        return false;
    page->pages = (page->total + page->page.size - 1) / page->page.size;
    return true;
}

static bool send_page(struct request *rq, page_writer *write)
{
    struct buffer json = {.limit = LIST_JSON_MAX};
    struct receipt_page page;
    bool ok = read_page(rq, &page);

    if (ok)
        ok = write(&page, &json) ? respond_json(rq, 200, &json) : error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    buffer_free(&json);
    return ok;
}

/* PagingArguments of a neighbouring page, null where there is none. */
static bool add_neighbour(struct buffer *json, const char *name, bool there, uint64_t page, uint64_t size)
{
    if (!there)
        return buffer_format(json, ",\"%s\":null", name);
    return buffer_format(json, ",\"%s\":{\"page\":%llu,\"size\":%llu,\"ordering\":[]}", name, (unsigned long long)page,
                         (unsigned long long)size);
}

/* PagingResultUUID (ngdp-api.md, table B) */
static bool write_ids(const struct receipt_page *page, struct buffer *json)
{
    uint64_t number = page->page.page, size = page->page.size;
    struct page next = {.page = number + 1, .size = size};
    char id[UUID_TEXT_SIZE];
    bool ok = buffer_add_text(json, "{\"content\":[");

    for (size_t i = 0; ok && i < page->count; i++) {
        uuid_format(&page->receipts[i].id, id);
        ok = buffer_format(json, "%s\"%s\"", i ? "," : "", id);
    }
    return ok
           && buffer_format(json, "],\"number\":%llu,\"size\":%llu", (unsigned long long)number,
                            (unsigned long long)size)
           && add_neighbour(json, "previous", number > 0, number - 1, size)
           && add_neighbour(json, "next", number + 1 < page->pages && !page_too_deep(&next), next.page, size)
           && buffer_format(json, ",\"totalElements\":%llu,\"totalPages\":%llu}", (unsigned long long)page->total,
                            (unsigned long long)page->pages);
}

/* ReceiptSearchResult of BulkReceipt (ngdp-api.md, table B) */
static bool write_receipts(const struct receipt_page *page, struct buffer *json)
{
    char id[UUID_TEXT_SIZE];
    bool ok = buffer_format(json,
                            "{\"currentPage\":%llu,\"totalPages\":%llu,\"elementsOnPage\":%zu,\"totalElements\":%llu,"
                            "\"receipts\":[",
                            (unsigned long long)page->page.page, (unsigned long long)page->pages, page->count,
                            (unsigned long long)page->total);

    for (size_t i = 0; ok && i < page->count; i++) {
        uuid_format(&page->receipts[i].id, id);
        ok = buffer_format(json, "%s{\"id\":\"%s\",", i ? "," : "", id) && receipt_members(&page->receipts[i], json)
             && buffer_add_text(json, "}");
    }
    return ok && buffer_add_text(json, "]}");
}

bool list_receipts(struct request *rq)
{
    return send_page(rq, write_ids);
}

bool list_bulk_receipts(struct request *rq)
{
    return send_page(rq, write_receipts);
}

#include "handlers/reader/reader_impl.h"

#include <string.h>

#include "gateway/base/text.h"

const char *reader_owner(const struct request *rq)
{
    const struct person *person = rq->caller;

    return *person->cvr ? person->cvr : person->cpr;
}

bool reader_ids(struct request *rq, struct uuid ids[ENDPOINT_ARGUMENTS])
{
    for (int i = 0; i < ENDPOINT_ARGUMENTS && rq->arguments[i]; i++)
        if (!uuid_parse(rq->arguments[i], &ids[i]))
            return error_set(&rq->error, ERROR_NOT_FOUND, "", NULL);
    return true;
}

static bool sort_refused(struct request *rq)
{
    return error_set(&rq->error, ERROR_PARAMETER_INVALID, "sortFields", "not one of the fields served here");
}

bool reader_sort(struct request *rq, const char *const *fields, size_t *field, bool *descending)
{
    const char *value = request_parameter(rq, "sortFields");
    size_t length = value ? strcspn(value, ":") : 0, i = 0;

    if (!value)
        return true;
    *descending = value[length] && text_same(value + length + 1, "DESC");
    if (value[length] && !*descending && !text_same(value + length + 1, "ASC"))
        return sort_refused(rq);
    while (fields[i] && (strlen(fields[i]) != length || strncmp(fields[i], value, length) != 0))
        i++;
    *field = i;
    return fields[i] || sort_refused(rq);
}

bool reader_send(struct request *rq, bool whole, struct buffer *json)
{
    bool ok = whole ? respond_json(rq, 200, json) : error_set(&rq->error, ERROR_PAGE_TOO_LARGE, "size", "of bytes");

    buffer_free(json);
    return ok;
}

bool reader_list_begin(struct buffer *json, const struct reader_list *list)
{
    unsigned long long pages = (list->total + list->size - 1) / list->size;

    return buffer_format(json,
                         "{\"currentPage\":%llu,\"totalPages\":%llu,\"elementsOnPage\":%llu,\"totalElements\":%llu",
                         (unsigned long long)list->page, pages, (unsigned long long)list->elements,
                         (unsigned long long)list->total)
           && (!list->next || buffer_add_member(json, "next", list->next))
           && buffer_format(json, ",\"%s\":[", list->name);
}

#include "handlers/reader/reader_impl.h"

#include <stdlib.h>
#include <string.h>

struct json *reader_view(struct request *rq, const struct uuid ids[ENDPOINT_ARGUMENTS])
{
    struct message message;
    struct json *view = NULL;
    char *text;

    if (!message_fetch(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], &ids[ID_MESSAGE], rq->arena, &message,
                       &rq->error))
        return NULL;
    text = arena_format(rq->arena, "{%s}", message.view);
    if (text)
        view = json_read(text, strlen(text));
    if (!view)
        error_set(&rq->error, text ? ERROR_STORE_CORRUPT : ERROR_OUT_OF_MEMORY, "", "a message's view");
    return view;
}

const struct json *reader_part(struct request *rq, const struct json *json, const char *array, const struct uuid *id)
{
    for (size_t i = 0; i < json_count(json, array); i++) {
        const struct json *part = json_object_at(json, array, i);
        const char *text = part ? json_text(part, "id") : NULL;
        struct uuid its;

        if (text && uuid_parse(text, &its) && uuid_same(&its, id))
            return part;
    }
    error_set(&rq->error, ERROR_NOT_FOUND, "", NULL);
    return NULL;
}

bool reader_send_part(struct request *rq, const struct json *part)
{
    char *text = json_format(part);
    bool ok = text ? respond_bytes(rq, 200, "application/json", NULL, text, strlen(text))
                   : error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);

    free(text);
    return ok;
}

bool reader_send_array(struct request *rq, const struct json *part, const char *name)
{
    struct buffer json = {.limit = READER_JSON_MAX};
    bool ok = buffer_format(&json, "{\"%s\":[", name);

    for (size_t i = 0; ok && i < json_count(part, name); i++) {
        char *text = json_format(json_object_at(part, name, i));

        ok = text && (i == 0 || buffer_add_text(&json, ",")) && buffer_add_text(&json, text);
        free(text);
    }
    return reader_send(rq, ok && buffer_add_text(&json, "]}"), &json);
}

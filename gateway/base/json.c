#include "gateway/base/json.h"

#include <jansson.h>

#define EXACT_MOST 9007199254740992.0 /* 2^53 */

/* struct json is never defined: it is jansson's value under the name that the rest of the gateway knows. */
static const json_t *value_of(const struct json *json)
{
    return (const json_t *)json;
}

static const json_t *member(const struct json *json, const char *name)
{
    return json_object_get(value_of(json), name);
}

struct json *json_read(const char *text, size_t length)
{
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

    if (value && !json_is_object(value)) {
        json_decref(value);
        value = NULL;
    }
    return (struct json *)value;
}

void json_free(struct json *json)
{
    json_decref((json_t *)json);
}

size_t json_size(const struct json *json)
{
    return json_object_size(value_of(json));
}

bool json_has(const struct json *json, const char *name)
{
    return member(json, name) != NULL;
}

const char *json_text(const struct json *json, const char *name)
{
    return json_string_value(member(json, name));
}

bool json_number(const struct json *json, const char *name, int64_t *number)
{
    const json_t *value = member(json, name);
    double size = json_number_value(value);

    if (!json_is_number(value) || !(size > -EXACT_MOST && size < EXACT_MOST))
        return false;
    *number = (int64_t)size;
    return true;
}

bool json_flag(const struct json *json, const char *name, bool *flag)
{
    const json_t *value = member(json, name);

    *flag = json_is_true(value);
    return json_is_boolean(value);
}

bool json_has_array(const struct json *json, const char *name)
{
    return json_is_array(member(json, name));
}

size_t json_count(const struct json *json, const char *name)
{
    return json_array_size(member(json, name));
}

const char *json_text_at(const struct json *json, const char *name, size_t index)
{
    return json_string_value(json_array_get(member(json, name), index));
}

const struct json *json_object_at(const struct json *json, const char *name, size_t index)
{
    const json_t *value = json_array_get(member(json, name), index);

    return json_is_object(value) ? (const struct json *)value : NULL;
}

char *json_format(const struct json *json)
{
    return json_dumps(value_of(json), JSON_COMPACT);
}

#include "gateway/http/http.h"

#include <string.h>

#define BASE "/apis/v1"

/* Paths of the contract lie below its base path; ours stand as they are. */
static const char *below_base(const struct endpoint *endpoint, const char *path)
{
    bool contract = strncmp(endpoint->path, "/apis/", 6) != 0 && strcmp(endpoint->path, "/healthz") != 0
                    && strcmp(endpoint->path, "/readyz") != 0 && strcmp(endpoint->path, "/metrics") != 0;

    if (!contract)
        return path;
    return strncmp(path, BASE "/", sizeof BASE) == 0 ? path + sizeof BASE - 1 : NULL;
}

/* Whether the path is the row's, its last slash being optional; the values of {...} go to `arguments` when there is an
 * arena for them. */
static bool path_matches(const char *row, const char *path, struct arena *arena, const char *arguments[])
{
    const char *begin = row;
    size_t count = 0;

    while (*row) {
        if (*row == '{') {
            size_t length = strcspn(path, "/");

            if (length == 0 || count == ENDPOINT_ARGUMENTS)
                return false;
            if (arena && !(arguments[count++] = arena_copy(arena, path, length)))
                return false;
            row += strcspn(row, "}") + 1;
            path += length;
        } else if (*row == *path) {
            row++;
            path++;
        } else {
            return row[0] == '/' && !row[1] && !*path;
        }
    }
    return !*path || (path[0] == '/' && !path[1] && row > begin && row[-1] != '/');
}

static bool method_matches(const struct endpoint *endpoint, const char *method)
{
    return strcmp(endpoint->method, method) == 0
           || (strcmp(method, "HEAD") == 0 && strcmp(endpoint->method, "GET") == 0);
}

bool route_find(struct request *rq, const struct endpoint *endpoints, enum role pool)
{
    bool known = false;

    for (const struct endpoint *row = endpoints; row->path; row++) {
        const char *path = below_base(row, rq->path);

        if (!path || !path_matches(row->path, path, NULL, NULL))
            continue;
        known = true;
        if (row->pool == pool && method_matches(row, rq->method)) {
            rq->endpoint = row;
            return path_matches(row->path, path, rq->arena, rq->arguments)
                   || error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        }
    }
    return error_set(&rq->error, known ? ERROR_METHOD_NOT_ALLOWED : ERROR_NOT_FOUND, NULL, NULL);
}

bool route_methods(const struct request *rq, const struct endpoint *endpoints, struct buffer *methods)
{
    bool ok = true;

    for (const struct endpoint *row = endpoints; ok && row->path; row++) {
        const char *path = below_base(row, rq->path);

        if (path && path_matches(row->path, path, NULL, NULL)) {
            ok = buffer_format(methods, "%s%s", methods->size ? ", " : "", row->method);
            if (ok && strcmp(row->method, "GET") == 0)
                ok = buffer_add_text(methods, ", HEAD");
        }
    }
    return ok;
}

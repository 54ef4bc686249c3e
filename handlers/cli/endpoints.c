/* dpctl endpoints: the endpoint table, for people, for programs and as nginx's map. */
#include "handlers/cli/cli_impl.h"

#include "handlers/endpoints.h"

#include <string.h>

#define BASE "/apis/v1"

enum { SHOW_NGINX, SHOW_ALL };

static const struct cli_option show_options[] = {
    [SHOW_NGINX] = {"--nginx", NULL, "as lines of the nginx map from \"$request_method:$uri\" to a pool", false},
    [SHOW_ALL] = {"--all", NULL, "our own addresses too, which lie outside " BASE, false},
    {0},
};

static const char *const caller_names[CALLER_KIND_COUNT] = {[CALLER_NOBODY] = "anybody",
                                                            [CALLER_SENDER_SYSTEM] = "sender-system",
                                                            [CALLER_READER] = "reader",
                                                            [CALLER_CHANGER] = "changer"};

/* Our own paths are absolute (gateway/http/http.h). */
static bool is_own(const struct endpoint *endpoint)
{
    static const char *const absolute[] = {"/apis/gateway/", "/healthz", "/readyz", "/metrics"};

    for (size_t i = 0; i < sizeof absolute / sizeof absolute[0]; i++)
        if (strncmp(endpoint->path, absolute[i], strlen(absolute[i])) == 0)
            return true;
    return false;
}

static void print_row(struct cli_list *list, const struct endpoint *endpoint)
{
    const struct cli *cli = list->cli;
    struct buffer json = {.limit = 4096};

    buffer_add_text(&json, "{");
    cli_json_text(&json, "method", endpoint->method);
    cli_json_text(&json, "path", endpoint->path);
    cli_json_text(&json, "pool", role_name(endpoint->pool));
    buffer_format(&json, ",\"callers\":[\"%s\"]}", caller_names[endpoint->caller]);
    cli_list_row(list, &json);
    if (!cli->json)
        fprintf(cli->out, "%-8s  %-7s  %-14s  %s\n", role_name(endpoint->pool), endpoint->method,
                caller_names[endpoint->caller], endpoint->path);
    buffer_free(&json);
}

/* The row's path as a regular expression: a last slash is optional, an {argument} is one segment. */
static void print_pattern(FILE *out, const struct endpoint *endpoint)
{
    size_t length = strlen(endpoint->path);

    if (!is_own(endpoint))
        fputs(BASE, out);
    if (length > 0 && endpoint->path[length - 1] == '/')
        length--;
    for (size_t i = 0; i < length; i++)
        if (endpoint->path[i] == '{') {
            fputs("[^/]+", out);
            i += strcspn(endpoint->path + i, "}");
        } else if (endpoint->path[i] == '.') {
            fputs("\\.", out);
        } else {
            fputc(endpoint->path[i], out);
        }
    fputs("/?$", out);
}

static bool is_first_of_path(const struct endpoint *endpoint)
{
    for (const struct endpoint *row = endpoints; row < endpoint; row++)
        if (strcmp(row->path, endpoint->path) == 0)
            return false;
    return true;
}

static void print_nginx(FILE *out)
{
    for (const struct endpoint *row = endpoints; row->path; row++) {
        fprintf(out, "\"~^%s:", strcmp(row->method, "GET") == 0 ? "(?:GET|HEAD)" : row->method);
        print_pattern(out, row);
        fprintf(out, "\" %s;\n", role_name(row->pool));
    }
    /* Another method on a known path: its pool answers 405 and says which there are. nginx takes the first match. */
    for (const struct endpoint *row = endpoints; row->path; row++) {
        if (!is_first_of_path(row))
            continue;
        fprintf(out, "\"~^[A-Z]+:");
        print_pattern(out, row);
        fprintf(out, "\" %s;\n", role_name(row->pool));
    }
}

static int run_endpoints(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_list list = {.cli = cli, .heading = "pool      method   callers         path"};

    if (arguments->option[SHOW_NGINX]) {
        print_nginx(cli->out);
        return CLI_OK;
    }
    for (const struct endpoint *row = endpoints; row->path; row++)
        if (arguments->option[SHOW_ALL] || !is_own(row))
            print_row(&list, row);
    cli_list_end(&list);
    return CLI_OK;
}

const struct cli_command cli_endpoints = {
    .name = "endpoints",
    .says = "Lists the addresses that are served, relative to " BASE,
    .example = "dpctl endpoints --json",
    .options = show_options,
    .run = run_endpoints,
};

#include "handlers/cli/cli_impl.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int cli_usage(const struct cli *cli, const char *format, ...)
{
    va_list values;

    fprintf(cli->err, "dpctl: ");
    va_start(values, format);
    vfprintf(cli->err, format, values);
    va_end(values);
    fprintf(cli->err, ".\n");
    return CLI_USAGE;
}

int cli_failed(const struct cli *cli, const struct error *error)
{
    const struct error_kind *kind = error_kind(error->code);
    const char *text = cli->danish ? kind->da : kind->en;
    size_t length = strlen(text);
    struct buffer json = {.limit = 4096};

    if (length > 0 && text[length - 1] == '.')
        length--;
    fprintf(cli->err, "dpctl: %.*s%s%s%s%s.\n", (int)length, text, error->where[0] ? ": " : "", error->where,
            error->detail[0] ? ": " : "", error->detail);
    if (cli->json) {
        buffer_add_text(&json, "{");
        cli_json_text(&json, "code", kind->code);
        cli_json_text(&json, "message", kind->en);
        cli_json_text(&json, "messageDa", kind->da);
        cli_json_text(&json, "where", error->where[0] ? error->where : NULL);
        cli_json_text(&json, "detail", error->detail[0] ? error->detail : NULL);
        cli_json_bool(&json, "retry", kind->retry);
        buffer_add_text(&json, "}");
        cli_json_print(cli, &json);
        buffer_free(&json);
    }
    return CLI_FINDINGS;
}

int cli_absent(const struct cli *cli, const char *what)
{
    struct error error = {0};

    error_set(&error, ERROR_NOT_FOUND, what, NULL);
    return cli_failed(cli, &error);
}

int cli_json_print(const struct cli *cli, const struct buffer *json)
{
    if (json->size == 0 || (json->data[json->size - 1] != '}' && json->data[json->size - 1] != ']')) {
        fprintf(cli->err, "dpctl: There is not enough memory for the result.\n");
        return CLI_FINDINGS;
    }
    fprintf(cli->out, "%s\n", json->data);
    return CLI_OK;
}

void cli_list_row(struct cli_list *list, const struct buffer *json)
{
    FILE *out = list->cli->out;

    if (list->cli->json)
        fprintf(out, "%s%s", list->count == 0 ? "[" : ",\n ", json->data ? json->data : "null");
    else if (list->count == 0)
        fprintf(out, "%s\n", list->heading);
    list->count++;
}

void cli_list_end(struct cli_list *list)
{
    if (list->cli->json)
        fprintf(list->cli->out, "%s]\n", list->count == 0 ? "[" : "");
}

static void add_key(struct buffer *json, const char *key)
{
    char last = json->size > 0 ? json->data[json->size - 1] : '{';

    if (last != '{' && last != '[')
        buffer_add_text(json, ",");
    buffer_add_json(json, key);
    buffer_add_text(json, ":");
}

void cli_json_text(struct buffer *json, const char *key, const char *value)
{
    add_key(json, key);
    buffer_add_json(json, value);
}

void cli_json_number(struct buffer *json, const char *key, uint64_t value)
{
    add_key(json, key);
    buffer_format(json, "%llu", (unsigned long long)value);
}

void cli_json_bool(struct buffer *json, const char *key, bool value)
{
    add_key(json, key);
    buffer_add_text(json, value ? "true" : "false");
}

void cli_progress_show(void *progress, uint64_t done, uint64_t total)
{
    struct cli_progress *bar = progress;
    int percent = total > 0 ? (int)((double)done / (double)total * 100.0) : 100;
    char filled[41] = "........................................";

    if (percent > 100)
        percent = 100;
    if (percent == bar->shown || !isatty(fileno(bar->cli->err)))
        return;
    memset(filled, '#', (size_t)percent * 40 / 100);
    fprintf(bar->cli->err, "\r%s %3d %% %s", filled, percent, bar->doing);
    fflush(bar->cli->err);
    bar->shown = percent;
}

void cli_progress_end(struct cli_progress *progress)
{
    if (progress->shown >= 0)
        fprintf(progress->cli->err, "\r%79s\r", "");
}

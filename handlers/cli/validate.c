/* dpctl validate: reads MeMo files as the sender pool does and says what it would say. Needs no server. */
#include "handlers/cli/cli_impl.h"

#include "gateway/base/time.h"
#include "handlers/service.h"
#include "schema/memo.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024) /* its limit; it takes only what a document needs */
#define LONG_WORK (16 * 1024 * 1024)            /* bytes; below there is no progress to show */

struct validation {
    const struct cli *cli;
    struct memo_schemas *schemas;
    struct memo_limits limits;
    struct arena *arena;
    struct cli_progress progress;
    uint64_t done, total; /* bytes; total 0: no progress is shown */
    struct buffer json;
    int exit;
};

/* One file on its way in. */
struct incoming {
    struct validation *validation;
    FILE *file;
};

static bool next_bytes(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    struct incoming *incoming = state;
    struct validation *validation = incoming->validation;

    *got = fread(bytes, 1, room, incoming->file);
    validation->done += *got;
    if (validation->total > 0)
        cli_progress_show(&validation->progress, validation->done, validation->total);
    if (*got == 0 && ferror(incoming->file))
        return error_set(error, ERROR_UNAVAILABLE, NULL, "%s", strerror(errno));
    return true;
}

static void print_findings(const struct cli *cli, const char *name, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const struct error_kind *kind = error_kind(finding->code);
        const char *detail = cli->danish ? finding->danish : finding->detail;

        fprintf(cli->out, "%s:%u: %s: %s", name, finding->line, kind->code, cli->danish ? kind->da : kind->en);
        if (detail)
            fprintf(cli->out, " %s", detail);
        if (finding->rejected)
            fprintf(cli->out, " (%s)", finding->rejected);
        fprintf(cli->out, " [%s]\n", finding->field && finding->field[0] ? finding->field : "/");
    }
    if (findings->total > findings->count)
        fprintf(cli->out, "%s: and %zu more\n", name, findings->total - findings->count);
}

static void json_finding(struct buffer *json, const struct finding *finding, struct arena *arena)
{
    const struct error_kind *kind = error_kind(finding->code);
    const char *message = kind->en, *danish = kind->da;

    if (finding->detail)
        message = arena_format(arena, "%s %s", kind->en, finding->detail);
    if (finding->danish)
        danish = arena_format(arena, "%s %s", kind->da, finding->danish);
    buffer_add_text(json, json->data[json->size - 1] == '[' ? "{" : ",{");
    cli_json_text(json, "rule", kind->code);
    cli_json_text(json, "severity", severity_name(finding->severity));
    cli_json_number(json, "line", finding->line);
    cli_json_text(json, "xpath", finding->field && finding->field[0] ? finding->field : "/");
    cli_json_text(json, "message", message);
    cli_json_text(json, "messageDa", danish);
    buffer_add_text(json, "}");
}

static bool is_schema_finding(const struct finding *finding)
{
    const char *code = error_kind(finding->code)->code;

    return strncmp(code, "xml.", 4) == 0 || strncmp(code, "schema.", 7) == 0;
}

static void json_file(struct validation *validation, const char *name, bool valid, const struct findings *findings)
{
    struct buffer *json = &validation->json;
    bool schema_valid = true;

    for (size_t i = 0; i < findings->count; i++)
        schema_valid = schema_valid && !is_schema_finding(&findings->items[i]);
    buffer_add_text(json, json->data[json->size - 1] == '[' ? "{" : ",\n {");
    cli_json_text(json, "file", name);
    cli_json_bool(json, "valid", valid);
    cli_json_bool(json, "schemaValid", schema_valid);
    buffer_add_text(json, ",\"findings\":[");
    for (size_t i = 0; i < findings->count; i++)
        json_finding(json, &findings->items[i], validation->arena);
    buffer_add_text(json, "]}");
}

static int validate_stream(struct validation *validation, const char *name, FILE *file)
{
    struct incoming incoming = {.validation = validation, .file = file};
    struct findings findings = {.count = 0};
    struct error error = {0};
    struct memo memo;
    bool valid;

    valid = memo_read(validation->schemas, &validation->limits, next_bytes, &incoming, NULL, validation->arena, &memo,
                      &findings, &error);
    if (!valid && findings.count == 0) {
        fprintf(validation->cli->err, "dpctl: %s: %s %s\n", name, error_kind(error.code)->en, error.detail);
        return CLI_USAGE;
    }
    if (valid)
        memo_rules_check(&memo, &validation->limits, time_now(), validation->arena, &findings);
    valid = findings_errors(&findings) == 0;
    if (validation->cli->json)
        json_file(validation, name, valid, &findings);
    else
        print_findings(validation->cli, name, &findings);
    return valid ? CLI_OK : CLI_FINDINGS;
}

static void validate_file(struct validation *validation, const char *name)
{
    FILE *file = fopen(name, "rb");
    int result = CLI_USAGE;

    if (file) {
        result = validate_stream(validation, name, file);
        fclose(file);
    } else {
        fprintf(validation->cli->err, "dpctl: %s: %s\n", name, strerror(errno));
    }
    arena_reset(validation->arena);
    if (result > validation->exit)
        validation->exit = result;
}

/* Bytes of all files together, or 0 where it is not worth showing how far we are. */
static uint64_t total_bytes(const struct cli_arguments *arguments)
{
    uint64_t total = 0;
    struct stat info;

    for (int i = 0; i < arguments->operand_count; i++)
        if (stat(arguments->operands[i], &info) == 0 && S_ISREG(info.st_mode))
            total += (uint64_t)info.st_size;
    return total < LONG_WORK ? 0 : total;
}

/* The settings decide what is allowed, those of the environment too. */
static bool take_limits(const struct cli *cli, struct memo_limits *limits, struct config **config)
{
    if (!cli_config(cli, config))
        return false;
    service_limits(*config, limits);
    return true;
}

static void validate_all(struct validation *validation, const struct cli_arguments *arguments)
{
    buffer_add_text(&validation->json, "[");
    for (int i = 0; i < arguments->operand_count; i++)
        validate_file(validation, arguments->operands[i]);
    if (validation->total > 0)
        cli_progress_end(&validation->progress);
    buffer_add_text(&validation->json, "]");
    if (validation->cli->json && cli_json_print(validation->cli, &validation->json) != CLI_OK)
        validation->exit = CLI_USAGE;
}

static int run_validate(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct validation validation = {.cli = cli,
                                    .progress = {.cli = cli, .doing = "checked", .shown = -1},
                                    .total = total_bytes(arguments),
                                    .json = {.limit = (size_t)1 << 30},
                                    .exit = CLI_OK};
    struct config *config = NULL;
    struct error error = {.code = ERROR_OUT_OF_MEMORY};

    if (!take_limits(cli, &validation.limits, &config))
        return CLI_USAGE;
    validation.arena = arena_new(ARENA_BYTES);
    if (validation.arena && memo_schemas_open(&validation.schemas, &error))
        validate_all(&validation, arguments);
    else
        validation.exit = cli_failed(cli, &error);
    memo_schemas_close(validation.schemas);
    arena_free(validation.arena);
    buffer_free(&validation.json);
    if (config)
        config_close(config);
    return validation.exit;
}

const struct cli_command cli_validate = {
    .name = "validate",
    .operands = "FILE...",
    .says = "Checks MeMo files: XML, schema, rules; one line a finding, with file, line and XPath",
    .example = "dpctl validate --json letter.xml",
    .run = run_validate,
};

/* dpctl status: how much there is, and whether the writer runs. */
#include "handlers/cli/cli_impl.h"

#include <string.h>

static const struct {
    const char *json, *says;
    size_t offset;
} figures[] = {
    {"messages", "letters accepted", offsetof(struct store_status, messages)},
    {"held", "of them held until their day", offsetof(struct store_status, held)},
    {"contents", "contents, each kept once", offsetof(struct store_status, contents)},
    {"content_bytes", "bytes of contents", offsetof(struct store_status, content_bytes)},
    {"receipts", "business receipts", offsetof(struct store_status, receipts)},
    {"events", "events in the logs", offsetof(struct store_status, events)},
    {"jobs_waiting", "jobs waiting", offsetof(struct store_status, jobs_waiting)},
    {"jobs_put_aside", "jobs put aside after their last try", offsetof(struct store_status, jobs_put_aside)},
    {"wal_mail", "bytes of the write-ahead log of mail.db, a file that keeps its length",
     offsetof(struct store_status, wal_mail)},
    {"wal_registry", "bytes of the write-ahead log of registry.db", offsetof(struct store_status, wal_registry)},
    {"free_bytes", "bytes free on the disk", offsetof(struct store_status, free_bytes)},
};

static uint64_t figure(const struct store_status *status, size_t number)
{
    uint64_t value;

    memcpy(&value, (const char *)status + figures[number].offset, sizeof value);
    return value;
}

static int tell_json(const struct cli *cli, const struct store_status *status)
{
    struct buffer json = {.limit = 4096};
    int exit_status;

    buffer_add_text(&json, "{");
    cli_json_bool(&json, "writer_running", status->writer_running);
    cli_json_bool(&json, "writer_silent", status->writer_silent);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        cli_json_number(&json, figures[i].json, figure(status, i));
    cli_json_number(&json, "schema_mail", status->schema_mail);
    cli_json_number(&json, "schema_registry", status->schema_registry);
    buffer_add_text(&json, "}");
    exit_status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status->writer_silent ? CLI_FINDINGS : exit_status;
}

static int tell(const struct cli *cli, const struct store_status *status)
{
    fprintf(cli->out, "The writer %s.\n",
            status->writer_running  ? "runs"
            : status->writer_silent ? "does not answer, though the gateway runs: its log tells why"
                                    : "does not run");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        fprintf(cli->out, "%15llu  %s\n", (unsigned long long)figure(status, i), figures[i].says);
    fprintf(cli->out, "Schema: mail.db %u, registry.db %u.\n", status->schema_mail, status->schema_registry);
    return status->writer_silent ? CLI_FINDINGS : CLI_OK;
}

static int run_status(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct store_status status = {0};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    (void)arguments;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = store_status(store, &status, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    return cli->json ? tell_json(cli, &status) : tell(cli, &status);
}

const struct cli_command cli_status = {
    .name = "status",
    .says = "Tells how much the store holds and whether its writer runs",
    .example = "dpctl status --json",
    .run = run_status,
};

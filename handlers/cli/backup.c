/* dpctl backup: a copy of everything, beside the running gateway. */
#include "handlers/cli/cli_impl.h"

#include <limits.h>
#include <stdlib.h>

static int told(const struct cli *cli, const char *target)
{
    struct buffer json = {.limit = 65536};
    int status;

    if (!cli->json) {
        fprintf(cli->out,
                "The copy is whole and on disk: %s\nIt is a state folder: verify it with\n"
                "  DP_STATE_DIR=%s DP_STATE_RUN_DIR=%s dpctl verify\n",
                target, target, target);
        return CLI_OK;
    }
    buffer_add_text(&json, "{");
    cli_json_text(&json, "backup", target);
    buffer_add_text(&json, "}");
    status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

static int run_backup(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_progress progress = {.cli = cli, .doing = "copied", .shown = -1};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = store_backup(store, arguments->operands[0], cli_progress_show, &progress, &error);
    cli_progress_end(&progress);
    cli_store_close(config, store);
    return ok ? told(cli, arguments->operands[0]) : cli_failed(cli, &error);
}

const struct cli_command cli_backup = {
    .name = "backup",
    .operands = "DIR",
    .says = "Copies databases and contents into the new folder DIR, beside the running gateway",
    .example = "dpctl backup /var/backups/digitalpost-2026-11-23",
    .run = run_backup,
};

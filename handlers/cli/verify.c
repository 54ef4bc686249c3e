/* dpctl verify: walks everything that is kept and tells what is not as it should be. */
#include "handlers/cli/cli_impl.h"
#include "schema/memo.h"

/* What the progress and the findings of one walk need: store_verify() has one state for both. */
struct walk {
    struct cli_progress progress;
    struct buffer json; /* the findings as an array, without its brackets */
};

static void show(void *state, uint64_t done, uint64_t total)
{
    struct walk *walk = state;

    cli_progress_show(&walk->progress, done, total);
}

static void found(void *state, const struct store_finding *finding)
{
    struct walk *walk = state;

    if (!walk->progress.cli->json) {
        fprintf(walk->progress.cli->out, "%s: %s\n", finding->check, finding->text);
        return;
    }
    buffer_add_text(&walk->json, walk->json.size ? ",{" : "{");
    cli_json_text(&walk->json, "check", finding->check);
    cli_json_text(&walk->json, "text", finding->text);
    buffer_add_text(&walk->json, "}");
}

/* The store knows nothing of MeMo: how a document comes out of its parts tells the schema. */
static bool restore(const struct letter_parts *parts, struct error *error)
{
    const struct memo_parts memo = {
        .state = parts->state, .fetch = parts->fetch, .layout = parts->layout, .write = parts->write};

    return memo_restore(parts->skeleton, parts->skeleton_size, parts->offsets, parts->count, &memo, error);
}

static int told(const struct walk *walk, uint64_t findings)
{
    const struct cli *cli = walk->progress.cli;

    if (cli->json)
        fprintf(cli->out, "{\"findings\":[%s],\"total\":%llu}\n", walk->json.size ? walk->json.data : "",
                (unsigned long long)findings);
    else if (findings == 0)
        fprintf(cli->out, "Everything is as it should be.\n");
    else
        fprintf(cli->out, "%llu findings.\n", (unsigned long long)findings);
    return findings == 0 ? CLI_OK : CLI_FINDINGS;
}

static int run_verify(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct walk walk = {.progress = {.cli = cli, .doing = "checked", .shown = -1}, .json = {.limit = 16 << 20}};
    struct config *config;
    struct store *store;
    struct error error = {0};
    uint64_t findings = 0;
    int status;
    bool ok;

    (void)arguments;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = store_verify(store, restore, show, found, &walk, &findings, &error);
    cli_progress_end(&walk.progress);
    cli_store_close(config, store);
    status = ok ? told(&walk, findings) : cli_failed(cli, &error);
    buffer_free(&walk.json);
    return status;
}

const struct cli_command cli_verify = {
    .name = "verify",
    .says = "Checks databases, event logs, the digest of every letter and content, counters, receipts and jobs",
    .example = "dpctl verify --json",
    .run = run_verify,
};

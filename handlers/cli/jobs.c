/* dpctl jobs: what has not gone out yet, and sending it now. */
#include "handlers/cli/cli_impl.h"

#include "gateway/base/time.h"

static void to_json(const struct job *job, const char *id, const char *target, struct buffer *json)
{
    static const struct uuid none;
    char subject[UUID_TEXT_SIZE], due[TIME_TEXT_SIZE];

    uuid_format(&job->subject, subject);
    time_format(job->due, due);
    buffer_add_text(json, "{");
    cli_json_text(json, "id", id);
    cli_json_text(json, "kind", job->kind);
    cli_json_text(json, "target", target);
    cli_json_text(json, "subject", uuid_same(&job->subject, &none) ? NULL : subject);
    cli_json_text(json, "state", job_state_name(job->state));
    cli_json_number(json, "tries", job->tries);
    cli_json_text(json, "due", due);
    buffer_add_text(json, "}");
}

static bool row(void *state, const struct job *job)
{
    struct cli_list *list = state;
    struct buffer json = {.limit = 4096};
    char id[UUID_TEXT_SIZE], target[UUID_TEXT_SIZE], due[TIME_TEXT_SIZE];

    uuid_format(&job->id, id);
    uuid_format(&job->target, target);
    time_format(job->due, due);
    to_json(job, id, target, &json);
    cli_list_row(list, &json);
    if (!list->cli->json)
        fprintf(list->cli->out, "%s  %-12s  %s  %-9s  %5u  %s\n", id, job->kind, target, job_state_name(job->state),
                job->tries, due);
    buffer_free(&json);
    return true;
}

static int run_list(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_list list = {.cli = cli,
                            .heading = "job                                   kind          target system            "
                                       "             state      tries  due (leased: until; put aside: since)"};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    (void)arguments;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = jobs_list(store, row, &list, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    if (list.count == 0 && !cli->json)
        fprintf(cli->out, "Nothing waits to go out.\n");
    cli_list_end(&list);
    return CLI_OK;
}

static int told(const struct cli *cli, const char *id)
{
    struct buffer json = {.limit = 4096};

    if (!cli->json) {
        fprintf(cli->out, "The job %s is due now and has all its tries again.\n", id);
        return CLI_OK;
    }
    buffer_add_text(&json, "{");
    cli_json_text(&json, "id", id);
    cli_json_text(&json, "state", job_state_name(JOB_WAITING));
    buffer_add_text(&json, "}");
    int status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

static int run_retry(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct config *config;
    struct store *store;
    struct error error = {0};
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    bool ok;

    if (!uuid_parse(arguments->operands[0], &id))
        return cli_usage(cli, "jobs retry takes a job's id, a UUID");
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = job_retry(store, &id, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    uuid_format(&id, text);
    return told(cli, text);
}

const struct cli_command cli_jobs = {
    .name = "jobs",
    .says = "Lists what has not gone out yet: waiting, under way, or put aside after its last try",
    .example = "dpctl jobs --json",
    .run = run_list,
};

const struct cli_command cli_jobs_retry = {
    .name = "jobs retry",
    .operands = "ID",
    .says = "Sends a job now that waits or was put aside",
    .example = "dpctl jobs retry 5c3f0f0e-0000-4000-8000-000000000000",
    .run = run_retry,
};

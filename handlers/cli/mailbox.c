/* dpctl mailbox: what lies in somebody's mailbox. */
#include "handlers/cli/cli_impl.h"

#include "gateway/base/time.h"

enum { LIST_CPR, LIST_CVR };

static const struct cli_option list_options[] = {
    [LIST_CPR] = {"--cpr", "CPR", "a citizen's, 10 digits", false},
    [LIST_CVR] = {"--cvr", "CVR", "a company's or an authority's, 8 digits", false},
    {0},
};

static void to_json(const struct mailbox_entry *entry, struct buffer *json)
{
    char id[UUID_TEXT_SIZE], received[TIME_TEXT_SIZE], available[TIME_TEXT_SIZE];

    uuid_format(&entry->message_uuid, id);
    time_format(entry->received, received);
    time_format(entry->available, available);
    buffer_add_text(json, "{");
    cli_json_text(json, "messageUUID", id);
    cli_json_text(json, "label", entry->label);
    cli_json_text(json, "senderLabel", entry->sender_label);
    cli_json_text(json, "received", received);
    cli_json_text(json, "available", available);
    cli_json_bool(json, "held", entry->held);
    cli_json_number(json, "contentSize", entry->content_size);
    buffer_add_text(json, "}");
}

static bool row(void *state, const struct mailbox_entry *entry)
{
    struct cli_list *list = state;
    struct buffer json = {.limit = 65536};
    char id[UUID_TEXT_SIZE], available[TIME_TEXT_SIZE];

    to_json(entry, &json);
    cli_list_row(list, &json);
    uuid_format(&entry->message_uuid, id);
    time_format(entry->available, available);
    if (!list->cli->json)
        fprintf(list->cli->out, "%s  %s  %-9s  %10llu  %s: %s\n", id, available, entry->held ? "held" : "available",
                (unsigned long long)entry->content_size, entry->sender_label ? entry->sender_label : "?",
                entry->label ? entry->label : "");
    buffer_free(&json);
    return true;
}

static int run_list(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *number = cli_number(cli, arguments->option[LIST_CPR], arguments->option[LIST_CVR]);
    struct cli_list list = {
        .cli = cli,
        .heading = "message                               available from            state           bytes  letter"};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!number)
        return CLI_USAGE;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = mailbox_list(store, number, row, &list, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    if (list.count == 0 && !cli->json)
        fprintf(cli->out, "Nothing lies in this mailbox.\n");
    cli_list_end(&list);
    return CLI_OK;
}

const struct cli_command cli_mailbox_list = {
    .name = "mailbox list",
    .says = "Lists the letters of a mailbox, held ones too",
    .example = "dpctl mailbox list --cpr 6101900001",
    .options = list_options,
    .run = run_list,
};

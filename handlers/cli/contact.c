/* dpctl contact: who can be written to. */
#include "handlers/cli/cli_impl.h"

#include <string.h>

static const char *const status_names[] = {
    [CONTACT_REGISTERED] = "REGISTERED", [CONTACT_EXEMPT] = "EXEMPT", [CONTACT_CLOSED] = "CLOSED", NULL};

static void to_json(const struct contact *contact, struct buffer *json)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&contact->id, id);
    buffer_add_text(json, "{");
    cli_json_text(json, "id", id);
    cli_json_text(json, contact->company ? "cvrNumber" : "cprNumber", contact->number);
    cli_json_text(json, "label", contact->label);
    cli_json_text(json, "status", status_names[contact->status]);
    cli_json_number(json, "version", (uint64_t)contact->version);
    buffer_add_text(json, "}");
}

static void show(const struct cli *cli, const struct contact *contact)
{
    fprintf(cli->out, "%-10s  %-10s  %s\n", contact->number, status_names[contact->status], contact->label);
}

static bool row(void *state, const struct contact *contact)
{
    struct cli_list *list = state;
    struct buffer json = {.limit = 65536};

    to_json(contact, &json);
    cli_list_row(list, &json);
    if (!list->cli->json)
        show(list->cli, contact);
    buffer_free(&json);
    return true;
}

static int run_list(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_list list = {.cli = cli, .heading = "number      status      label"};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    (void)arguments;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_list_contacts(store, row, &list, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    cli_list_end(&list);
    return CLI_OK;
}

static int print(const struct cli *cli, const struct contact *contact)
{
    struct buffer json = {.limit = 65536};
    int status;

    if (!cli->json) {
        show(cli, contact);
        return CLI_OK;
    }
    to_json(contact, &json);
    status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

/* Shows the contact of this number as it now stands. */
static int show_number(const struct cli *cli, struct store *store, const char *number)
{
    struct arena *arena = arena_new(65536);
    struct contact contact = {0};
    struct error error = {0};
    bool found = false;
    int status;

    if (!arena)
        error_set(&error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    if (!arena || !registry_contact(store, number, arena, &found, &contact, &error))
        status = cli_failed(cli, &error);
    else
        status = found ? print(cli, &contact) : cli_absent(cli, "contact");
    if (arena)
        arena_free(arena);
    return status;
}

enum { SHOW_CPR, SHOW_CVR };

static const struct cli_option show_options[] = {
    [SHOW_CPR] = {"--cpr", "CPR", "a citizen, 10 digits", false},
    [SHOW_CVR] = {"--cvr", "CVR", "a company or an authority, 8 digits", false},
    {0},
};

static int run_show(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *number = cli_number(cli, arguments->option[SHOW_CPR], arguments->option[SHOW_CVR]);
    struct config *config;
    struct store *store;
    int status;

    if (!number)
        return CLI_USAGE;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    status = show_number(cli, store, number);
    cli_store_close(config, store);
    return status;
}

enum { ADD_CPR, ADD_CVR, ADD_LABEL, ADD_STATUS };

static const struct cli_option add_options[] = {
    [ADD_CPR] = {"--cpr", "CPR", "a citizen, 10 digits", false},
    [ADD_CVR] = {"--cvr", "CVR", "a company or an authority, 8 digits", false},
    [ADD_LABEL] = {"--label", "NAME", "the name to show", true},
    [ADD_STATUS] = {"--status", "STATUS", "registered (default), exempt or closed", false},
    {0},
};

static int run_add(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *const *option = arguments->option;
    const char *number = cli_number(cli, option[ADD_CPR], option[ADD_CVR]);
    struct contact contact = {.number = number, .company = option[ADD_CVR], .label = option[ADD_LABEL]};
    int status = CONTACT_REGISTERED;
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!number || (option[ADD_STATUS] && !cli_choice(cli, "--status", option[ADD_STATUS], status_names, &status)))
        return CLI_USAGE;
    contact.status = (enum contact_status)status;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_add_contact(store, &contact, &error);
    cli_store_close(config, store);
    return ok ? print(cli, &contact) : cli_failed(cli, &error);
}

enum { STATUS_CPR, STATUS_CVR, STATUS_STATUS };

static const struct cli_option status_options[] = {
    [STATUS_CPR] = {"--cpr", "CPR", "a citizen, 10 digits", false},
    [STATUS_CVR] = {"--cvr", "CVR", "a company or an authority, 8 digits", false},
    [STATUS_STATUS] = {"--status", "STATUS", "registered, exempt or closed", true},
    {0},
};

static int run_status(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *const *option = arguments->option;
    const char *number = cli_number(cli, option[STATUS_CPR], option[STATUS_CVR]);
    int choice, status;
    struct config *config;
    struct store *store;
    struct error error = {0};

    if (!number || !cli_choice(cli, "--status", option[STATUS_STATUS], status_names, &choice))
        return CLI_USAGE;
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    if (registry_set_contact_status(store, number, (enum contact_status)choice, &error))
        status = show_number(cli, store, number);
    else
        status = cli_failed(cli, &error);
    cli_store_close(config, store);
    return status;
}

const struct cli_command cli_contact_add = {
    .name = "contact add",
    .says = "Registers a citizen, company or authority that can be written to",
    .example = "dpctl contact add --cpr 6612900009 --label \"Borger 9\"",
    .options = add_options,
    .run = run_add,
};

const struct cli_command cli_contact_list = {
    .name = "contact list",
    .says = "Lists the contacts",
    .example = "dpctl contact list",
    .run = run_list,
};

const struct cli_command cli_contact_show = {
    .name = "contact show",
    .says = "Shows one contact",
    .example = "dpctl contact show --cpr 6101900001",
    .options = show_options,
    .run = run_show,
};

const struct cli_command cli_contact_status = {
    .name = "contact status",
    .says = "Exempts a contact, closes it or takes it back",
    .example = "dpctl contact status --cpr 6101900001 --status exempt",
    .options = status_options,
    .run = run_status,
};

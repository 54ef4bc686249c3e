/* dpctl organisation: who may have systems. */
#include "handlers/cli/cli_impl.h"

#include <string.h>

static const char *const type_names[] = {
    [ORGANISATION_AUTHORITY] = "AUTHORITY", [ORGANISATION_COMPANY] = "COMPANY", NULL};

static void to_json(const struct organisation *organisation, struct buffer *json)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&organisation->id, id);
    buffer_add_text(json, "{");
    cli_json_text(json, "id", id);
    cli_json_text(json, "cvrNumber", organisation->cvr);
    cli_json_text(json, "name", organisation->name);
    cli_json_text(json, "type", type_names[organisation->type]);
    cli_json_bool(json, "mandatoryPostAllowed", organisation->mandatory_allowed);
    cli_json_bool(json, "legalNotificationAllowed", organisation->legal_notification_allowed);
    cli_json_number(json, "version", (uint64_t)organisation->version);
    buffer_add_text(json, "}");
}

static void show(const struct cli *cli, const struct organisation *organisation)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&organisation->id, id);
    fprintf(cli->out, "%-8s  %-9s  %-9s  %-5s  %s  %s\n", organisation->cvr, type_names[organisation->type],
            organisation->mandatory_allowed ? "yes" : "no", organisation->legal_notification_allowed ? "yes" : "no", id,
            organisation->name);
}

static const char heading[] = "CVR       type       mandatory  legal  id                                    name";

/* What list and show look for and how far they got. */
struct search {
    struct cli_list list;
    const char *cvr; /* NULL: all */
};

static bool row(void *state, const struct organisation *organisation)
{
    struct search *search = state;
    struct buffer json = {.limit = 65536};

    if (search->cvr && strcmp(search->cvr, organisation->cvr) != 0)
        return true;
    to_json(organisation, &json);
    cli_list_row(&search->list, &json);
    if (!search->list.cli->json)
        show(search->list.cli, organisation);
    buffer_free(&json);
    return true;
}

/* Lists all, or the one of this CVR; then a list of none is a finding. */
static int list(const struct cli *cli, const char *cvr)
{
    struct search search = {.list = {.cli = cli, .heading = heading}, .cvr = cvr};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_list_organisations(store, row, &search, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    if (cvr && search.list.count == 0)
        return cli_absent(cli, "organisation");
    cli_list_end(&search.list);
    return CLI_OK;
}

static int run_list(const struct cli *cli, const struct cli_arguments *arguments)
{
    (void)arguments;
    return list(cli, NULL);
}

static int run_show(const struct cli *cli, const struct cli_arguments *arguments)
{
    if (!cli_is_cvr(cli, "organisation show", arguments->operands[0]))
        return CLI_USAGE;
    return list(cli, arguments->operands[0]);
}

enum { ADD_CVR, ADD_NAME, ADD_TYPE, ADD_MANDATORY, ADD_LEGAL };

static const struct cli_option add_options[] = {
    [ADD_CVR] = {"--cvr", "CVR", "its CVR number, 8 digits", true},
    [ADD_NAME] = {"--name", "NAME", "its name", true},
    [ADD_TYPE] = {"--type", "TYPE", "authority (default) or company", false},
    [ADD_MANDATORY] = {"--mandatory", NULL, "may send mandatory post, which reaches exempt recipients", false},
    [ADD_LEGAL] = {"--legal", NULL, "may send legal notifications", false},
    {0},
};

static int added(const struct cli *cli, const struct organisation *organisation)
{
    struct buffer json = {.limit = 65536};
    int status = CLI_OK;

    if (cli->json) {
        to_json(organisation, &json);
        status = cli_json_print(cli, &json);
        buffer_free(&json);
    } else {
        fprintf(cli->out, "Added %s, CVR %s.\n", organisation->name, organisation->cvr);
    }
    return status;
}

static int run_add(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *const *option = arguments->option;
    struct organisation organisation = {.cvr = option[ADD_CVR],
                                        .name = option[ADD_NAME],
                                        .mandatory_allowed = option[ADD_MANDATORY],
                                        .legal_notification_allowed = option[ADD_LEGAL]};
    int type = ORGANISATION_AUTHORITY;
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_is_cvr(cli, "--cvr", organisation.cvr)
        || (option[ADD_TYPE] && !cli_choice(cli, "--type", option[ADD_TYPE], type_names, &type)))
        return CLI_USAGE;
    organisation.type = (enum organisation_type)type;
    if (type == ORGANISATION_COMPANY && (option[ADD_MANDATORY] || option[ADD_LEGAL]))
        return cli_usage(cli, "--mandatory and --legal are for authorities");
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_add_organisation(store, &organisation, &error);
    cli_store_close(config, store);
    return ok ? added(cli, &organisation) : cli_failed(cli, &error);
}

const struct cli_command cli_organisation_add = {
    .name = "organisation add",
    .says = "Registers an organisation that may have systems",
    .example = "dpctl organisation add --cvr 99000009 --name \"Myndighed 9\" --mandatory",
    .options = add_options,
    .run = run_add,
};

const struct cli_command cli_organisation_list = {
    .name = "organisation list",
    .says = "Lists the organisations",
    .example = "dpctl organisation list --json",
    .run = run_list,
};

const struct cli_command cli_organisation_show = {
    .name = "organisation show",
    .operands = "CVR",
    .says = "Shows one organisation",
    .example = "dpctl organisation show 99000001",
    .run = run_show,
};

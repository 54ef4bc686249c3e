#include "handlers/cli/cli_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_command *const commands[] = {
    &cli_init,
    &cli_validate,
    &cli_rules,
    &cli_errors,
    &cli_organisation_add,
    &cli_organisation_list,
    &cli_organisation_show,
    &cli_system_add,
    &cli_system_list,
    &cli_system_show,
    &cli_contact_add,
    &cli_contact_list,
    &cli_contact_show,
    &cli_contact_status,
    &cli_certificate_revoke,
    &cli_mailbox_list,
    &cli_token,
    &cli_token_key,
    &cli_jobs,
    &cli_jobs_retry,
    &cli_status,
    &cli_backup,
    &cli_verify,
    &cli_endpoints,
    NULL,
};

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Whether a command's name begins with `word` and a blank: "system" of "system add". */
static bool is_group(const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, word, length) == 0 && commands[i]->name[length] == ' ')
            return true;
    return false;
}

static const struct cli_command *find_name(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* The command that argv[1] and argv[2] name, else argv[1] alone. *words: how many of them. */
static const struct cli_command *find_command(int argc, char **argv, int *words)
{
    const struct cli_command *command;
    char name[64];

    snprintf(name, sizeof name, "%s %s", argv[1], argc > 2 ? argv[2] : "");
    command = find_name(name);
    *words = command ? 2 : 1;
    return command ? command : find_name(argv[1]);
}

static int run_command(const struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
    struct cli_arguments arguments = {0};
    int status;

    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            cli_help_command(cli->out, command);
            return CLI_OK;
        }
    status = cli_parse_arguments(cli, command, argc, argv, &arguments);
    if (status == CLI_OK)
        status = command->run(cli, &arguments);
    /* A full disk behind the results is as bad as no result. */
    if (fflush(cli->out) != 0 && status == CLI_OK) {
        fprintf(cli->err, "dpctl: the result could not be written.\n");
        status = CLI_FINDINGS;
    }
    return status;
}

int cli_run(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli cli = {.out = out, .err = err};
    const struct cli_command *command;
    bool group;
    int words;

    if (cli_parse_globals(&cli, &argc, argv) != CLI_OK)
        return CLI_USAGE;
    if (argc < 2)
        return cli_usage(&cli, "A command is missing; dpctl --help lists them");
    if (is_help(argv[1])) {
        cli_help_all(out, commands);
        return CLI_OK;
    }
    group = is_group(argv[1]);
    if (group && argc > 2 && is_help(argv[2])) {
        cli_help_group(out, commands, argv[1]);
        return CLI_OK;
    }
    command = find_command(argc, argv, &words);
    if (!command && group)
        return cli_usage(&cli, "%s needs one of its commands; dpctl %s --help lists them", argv[1], argv[1]);
    if (!command)
        return cli_usage(&cli, "There is no command %s; dpctl --help lists them", argv[1]);
    return run_command(&cli, command, argc - words - 1, argv + words + 1);
}

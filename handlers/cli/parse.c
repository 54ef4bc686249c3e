#include "handlers/cli/cli_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether argv[*at] is `name VALUE` or `name=VALUE`; *at then stands on its last word. A missing value leaves NULL. */
static bool takes_value(const char *name, int argc, char **argv, int *at, const char **value)
{
    size_t length = strlen(name);

    if (strncmp(argv[*at], name, length) != 0)
        return false;
    if (argv[*at][length] == '=') {
        *value = argv[*at] + length + 1;
        return true;
    }
    if (argv[*at][length] != '\0')
        return false;
    *value = *at + 1 < argc ? argv[++*at] : NULL;
    return true;
}

/* One word of the command line, when it is a global option. *status says whether it was right. */
static bool take_global(struct cli *cli, int argc, char **argv, int *at, int *status)
{
    const char *value;

    if (strcmp(argv[*at], "--json") == 0) {
        cli->json = true;
        return true;
    }
    if (takes_value("--config", argc, argv, at, &value)) {
        cli->config_file = value;
        if (!value || !*value)
            *status = cli_usage(cli, "--config needs a file behind it");
        return true;
    }
    if (takes_value("--lang", argc, argv, at, &value)) {
        cli->danish = value && strcmp(value, "da") == 0;
        if (!value || (!cli->danish && strcmp(value, "en") != 0))
            *status = cli_usage(cli, "--lang takes da or en");
        return true;
    }
    return false;
}

int cli_parse_globals(struct cli *cli, int *argc, char **argv)
{
    int kept = *argc > 0 ? 1 : 0, status = CLI_OK;
    bool ended = false;

    for (int i = kept; i < *argc && status == CLI_OK; i++) {
        ended = ended || strcmp(argv[i], "--") == 0;
        if (ended || !take_global(cli, *argc, argv, &i, &status))
            argv[kept++] = argv[i];
    }
    *argc = kept;
    if (!cli->config_file)
        cli->config_file = config_default_file();
    return status;
}

/* Finds the option that argv[*at] is and takes its value. False: it was told what is wrong. */
static bool take_option(const struct cli *cli, const struct cli_command *command, int argc, char **argv, int *at,
                        struct cli_arguments *arguments)
{
    const struct cli_option *option = command->options;

    for (size_t i = 0; option && option[i].name; i++) {
        const char *value = "";
        bool here = option[i].value ? takes_value(option[i].name, argc, argv, at, &value)
                                    : strcmp(argv[*at], option[i].name) == 0;
        if (!here)
            continue;
        if (!value)
            cli_usage(cli, "%s needs %s behind it", option[i].name, option[i].value);
        else if (arguments->option[i])
            cli_usage(cli, "%s was given twice", option[i].name);
        else
            arguments->option[i] = value;
        return arguments->option[i] == value && value;
    }
    cli_usage(cli, "%s has no option %s; dpctl %s --help lists them", command->name, argv[*at], command->name);
    return false;
}

/* Whether as many operands came as the command takes. */
static int check_operands(const struct cli *cli, const struct cli_command *command, int count)
{
    const char *takes = command->operands;
    bool any = takes && strstr(takes, "...");

    if (!takes && count > 0)
        return cli_usage(cli, "%s takes only options; dpctl %s --help shows them", command->name, command->name);
    if (takes && takes[0] != '[' && count == 0)
        return cli_usage(cli, "%s needs %s; dpctl %s --help shows an example", command->name, takes, command->name);
    if (takes && !any && count > 1)
        return cli_usage(cli, "%s takes one %s", command->name, takes);
    return CLI_OK;
}

int cli_parse_arguments(const struct cli *cli, const struct cli_command *command, int argc, char **argv,
                        struct cli_arguments *arguments)
{
    const struct cli_option *option = command->options;
    bool ended = false;

    arguments->operands = argv; /* what is no option is moved to the front */
    for (int i = 0; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
            argv[arguments->operand_count++] = argv[i];
        else if (!take_option(cli, command, argc, argv, &i, arguments))
            return CLI_USAGE;
    }
    for (size_t i = 0; option && option[i].name; i++)
        if (option[i].required && !arguments->option[i])
            return cli_usage(cli, "%s needs %s %s; dpctl %s --help shows an example", command->name, option[i].name,
                             option[i].value ? option[i].value : "", command->name);
    return check_operands(cli, command, arguments->operand_count);
}

#include "handlers/cli/cli_impl.h"

#include <string.h>

static const char globals[] = "Before or behind every command:\n"
                              "  --config FILE   the gateway's settings; else $DP_CONFIG, else " CONFIG_DEFAULT "\n"
                              "  --json          the result as one JSON value\n"
                              "  --lang da|en    texts of rules and errors in Danish or English (en)\n"
                              "\n"
                              "Exit status: 0 good, 1 something found or not done, 2 wrong command line.\n";

static void list(FILE *out, const struct cli_command *const *commands, const char *prefix)
{
    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, prefix, strlen(prefix)) == 0)
            fprintf(out, "  %-20s %s\n", commands[i]->name, commands[i]->says);
}

static void list_one(FILE *out, const struct cli_command *const *commands, const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            fprintf(out, "  %-20s %s\n", commands[i]->name, commands[i]->says);
}

void cli_help_all(FILE *out, const struct cli_command *const *commands)
{
    fprintf(out, "usage: dpctl [--config FILE] [--json] COMMAND ...\n\n");
    list(out, commands, "");
    fprintf(out, "\ndpctl COMMAND --help shows its options and an example.\n%s", globals);
}

void cli_help_group(FILE *out, const struct cli_command *const *commands, const char *group)
{
    char prefix[64];

    snprintf(prefix, sizeof prefix, "%s ", group);
    list_one(out, commands, group);
    list(out, commands, prefix);
    fprintf(out, "\ndpctl %s COMMAND --help shows its options and an example.\n", group);
}

static void show_options(FILE *out, const struct cli_option *option)
{
    char left[64];

    for (size_t i = 0; option && option[i].name; i++) {
        snprintf(left, sizeof left, "%s %s", option[i].name, option[i].value ? option[i].value : "");
        fprintf(out, "  %-30s %s%s\n", left, option[i].says, option[i].required ? " (needed)" : "");
    }
}

void cli_help_command(FILE *out, const struct cli_command *command)
{
    fprintf(out, "usage: dpctl %s%s%s%s\n\n%s.\n", command->name, command->options ? " [OPTIONS]" : "",
            command->operands ? " " : "", command->operands ? command->operands : "", command->says);
    if (command->options)
        fprintf(out, "\n");
    show_options(out, command->options);
    fprintf(out, "\nExample:\n  %s\n\n%s", command->example, globals);
}

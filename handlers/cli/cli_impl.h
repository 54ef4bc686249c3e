/* What the files of handlers/cli share among themselves. */
#ifndef HANDLERS_CLI_CLI_IMPL_H
#define HANDLERS_CLI_CLI_IMPL_H

#include "gateway/identity/identity.h"
#include "handlers/cli/cli.h"

/* ---- the command line ---- */

/* Takes --config, --json and --lang out of argv, wherever they stand before a "--". CLI_OK, or CLI_USAGE once it was
 * told what is wrong. */
int cli_parse_globals(struct cli *cli, int *argc, char **argv);

/* Fills in `arguments` from what stands behind the command. The same returns. */
int cli_parse_arguments(const struct cli *cli, const struct cli_command *command, int argc, char **argv,
                        struct cli_arguments *arguments);

void cli_help_all(FILE *out, const struct cli_command *const *commands);
void cli_help_group(FILE *out, const struct cli_command *const *commands, const char *group);
void cli_help_command(FILE *out, const struct cli_command *command);

/* ---- values ---- */

/* Whether `text` is a CVR (8 digits) or a CPR number (10 digits); where not, it was told and CLI_USAGE follows. */
bool cli_is_cvr(const struct cli *cli, const char *option, const char *text);
bool cli_is_cpr(const struct cli *cli, const char *option, const char *text);

/* The number behind exactly one of two options, --cpr and --cvr. NULL: it was told what is wrong. */
const char *cli_number(const struct cli *cli, const char *cpr, const char *cvr);

/* A choice by name, without case. False: it was told which there are. `names` ends with NULL. */
bool cli_choice(const struct cli *cli, const char *option, const char *text, const char *const *names, int *choice);

/* "2026-11-23" (00:00 in Denmark) or an xs:dateTime that ends in Z. */
bool cli_time(const struct cli *cli, const char *option, const char *text, int64_t *when);

/* Reads the first certificate of a PEM file and what the gateway would read from it, checked against the issuers of the
 * settings. What went wrong has been told when it returns false. */
bool cli_certificate(const struct cli *cli, const char *file, struct certificate *certificate);

/* ---- answers ---- */

/* Writes `json` and a line end, unless it could not hold everything. Returns an enum cli_exit. */
int cli_json_print(const struct cli *cli, const struct buffer *json);

/* A list that grows row by row: with --json an array, else what the caller prints, below `heading`. */
struct cli_list {
    const struct cli *cli;
    const char *heading;
    size_t count;
};
void cli_list_row(struct cli_list *list, const struct buffer *json);
void cli_list_end(struct cli_list *list);

/* Told where a verb that lists found nothing by that name. */
int cli_absent(const struct cli *cli, const char *what);

#endif

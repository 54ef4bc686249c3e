/* dpctl: the operator's commands.
 *
 * Each command is one constant `struct cli_command`, defined in the file that does it and named in the table of cli.c.
 * Its options are a table, from which the parser and --help are made. Exit statuses: CLI_OK, CLI_FINDINGS, CLI_USAGE. */
#ifndef HANDLERS_CLI_CLI_H
#define HANDLERS_CLI_CLI_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_FINDINGS = 1, /* something is not as it should be, or could not be done */
    CLI_USAGE = 2     /* the command line was wrong; nothing was done */
};

/* What was said before the command, handed down to it. */
struct cli {
    const char *config_file; /* --config, else $DP_CONFIG, else CONFIG_DEFAULT when it is there; NULL: none of them */
    bool json;               /* --json: one JSON value on `out`, nothing else there */
    bool danish;             /* --lang da: texts of rules and errors in Danish where there are two */
    FILE *out, *err;         /* results; everything else */
};

#define CLI_OPTIONS_MAX 16

/* One option of a command. The table ends with a row whose name is NULL. */
struct cli_option {
    const char *name;  /* "--cvr" */
    const char *value; /* what stands behind it, "CVR"; NULL: a flag */
    const char *says;  /* for --help */
    bool required;
};

/* What stood behind the command. */
struct cli_arguments {
    const char *option[CLI_OPTIONS_MAX]; /* by place in the command's options; NULL: not given; a flag's is "" */
    char **operands;                     /* everything else, in order */
    int operand_count;
};

struct cli_command {
    const char *name;     /* "validate", "system add" */
    const char *operands; /* NULL: takes none; "FILE..." at least one; "[FILE...]" any number; "FILE" exactly one */
    const char *says;     /* one line, for the list of commands */
    const char *example;  /* a command line that works beside `make run` */
    const struct cli_option *options;                                         /* NULL: none */
    int (*run)(const struct cli *cli, const struct cli_arguments *arguments); /* returns an enum cli_exit */
};

/* The commands, one a file or a few; cli.c has the table of them. */
extern const struct cli_command cli_init, cli_validate, cli_rules, cli_errors, cli_status, cli_backup, cli_verify,
    cli_endpoints;
extern const struct cli_command cli_organisation_add, cli_organisation_list, cli_organisation_show;
extern const struct cli_command cli_system_add, cli_system_list, cli_system_show;
extern const struct cli_command cli_contact_add, cli_contact_list, cli_contact_show, cli_contact_status;
extern const struct cli_command cli_certificate_revoke, cli_mailbox_list, cli_token, cli_token_key;
extern const struct cli_command cli_jobs, cli_jobs_retry;

/* Runs a whole command line; argv[0] is the program's name. Returns the exit status. */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

/* Says on cli->err in one sentence what is wrong with the command line. Returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says on cli->err in one sentence what could not be done; with --json as {"code","message","where","detail"} on
 * cli->out. Returns CLI_FINDINGS. */
int cli_failed(const struct cli *cli, const struct error *error);

/* Reads the settings; every problem has been told when it returns false. */
bool cli_config(const struct cli *cli, struct config **config);

/* Reads the settings and opens the store for reading and changing (store_open_control). Started as root, the process
 * first becomes the owner of the state folder for good, so that no file of root's is left in it. What went wrong has
 * been told when it returns false. */
bool cli_store(const struct cli *cli, struct config **config, struct store **store);
void cli_store_close(struct config *config, struct store *store);

/* The same without the store, for commands that open what they need themselves. */
bool cli_become_owner(const struct config *config, struct error *error);

/* Puts "key":"value" (null for NULL) into `json`, with a comma before it unless it follows a '{' or '['. */
void cli_json_text(struct buffer *json, const char *key, const char *value);
void cli_json_number(struct buffer *json, const char *key, uint64_t value);
void cli_json_bool(struct buffer *json, const char *key, bool value);

/* A progress bar for long work on cli->err, only where that is a terminal; store_progress is made for it. */
struct cli_progress {
    const struct cli *cli;
    const char *doing; /* "copied", "checked" */
    int shown;         /* percent; start with -1 */
};
void cli_progress_show(void *progress, uint64_t done, uint64_t total);
void cli_progress_end(struct cli_progress *progress);

#endif

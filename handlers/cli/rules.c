/* dpctl rules: what a MeMo must keep beyond its schema. */
#include "handlers/cli/cli_impl.h"

#include "schema/memo.h"

static void print_row(struct cli_list *list, const struct memo_rule *rule)
{
    const struct cli *cli = list->cli;
    const struct error_kind *kind = error_kind(rule->code);
    struct buffer json = {.limit = 65536};

    buffer_add_text(&json, "{");
    cli_json_text(&json, "rule", kind->code);
    cli_json_text(&json, "severity", severity_name(rule->severity));
    cli_json_text(&json, "message", kind->en);
    cli_json_text(&json, "messageDa", kind->da);
    cli_json_text(&json, "fault", fault_name(kind->fault));
    cli_json_bool(&json, "retry", kind->retry);
    cli_json_text(&json, "source", rule->source);
    buffer_add_text(&json, "}");
    cli_list_row(list, &json);
    if (!cli->json)
        fprintf(cli->out, "%-42s  %-7s  %s (%s)\n", kind->code, severity_name(rule->severity),
                cli->danish ? kind->da : kind->en, rule->source);
    buffer_free(&json);
}

static int run_rules(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_list list = {.cli = cli,
                            .heading = "rule                                        severity text (source)"};

    (void)arguments;
    for (size_t i = 0; i < memo_rule_count; i++)
        print_row(&list, &memo_rules[i]);
    cli_list_end(&list);
    return CLI_OK;
}

const struct cli_command cli_rules = {
    .name = "rules",
    .says = "Lists the rules a MeMo must keep beyond its schema",
    .example = "dpctl rules --lang da",
    .run = run_rules,
};

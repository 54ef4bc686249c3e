/* dpctl errors: every code an answer can carry, for people, for programs, and as answers of nginx itself. */
#include "handlers/cli/cli_impl.h"

enum { SHOW_NGINX };

static const struct cli_option show_options[] = {
    [SHOW_NGINX] = {"--nginx", NULL, "as nginx locations /.error/<code>, for the errors that nginx makes itself",
                    false},
    {0},
};

/* What nginx answers before a request reaches a pool. The certificates: where its own verification fails. */
static const enum error_code of_nginx[] = {
    ERROR_REQUEST_MALFORMED,       ERROR_NOT_FOUND,           ERROR_METHOD_NOT_ALLOWED,
    ERROR_REQUEST_TIMEOUT,         ERROR_LENGTH_REQUIRED,     ERROR_BODY_TOO_LARGE,
    ERROR_TOO_MANY_REQUESTS,       ERROR_UNAVAILABLE,         ERROR_CERTIFICATE_MISSING,
    ERROR_CERTIFICATE_NOT_TRUSTED, ERROR_CERTIFICATE_EXPIRED, ERROR_CERTIFICATE_REVOKED,
};
#define OF_NGINX (sizeof of_nginx / sizeof of_nginx[0])

/* The members that are the same for every answer with this code, but for whose fault it is. */
static void add_kind(struct buffer *json, const struct error_kind *kind, const char *fault)
{
    cli_json_text(json, "code", kind->code);
    cli_json_text(json, "message", kind->en);
    cli_json_text(json, "messageDa", kind->da);
    cli_json_text(json, "fault", fault);
    cli_json_bool(json, "retry", kind->retry);
}

static void print_row(struct cli_list *list, const struct error_kind *kind)
{
    const struct cli *cli = list->cli;
    struct buffer json = {.limit = 65536};

    buffer_add_text(&json, "{");
    cli_json_number(&json, "status", (uint64_t)kind->status);
    add_kind(&json, kind, fault_name(kind->fault));
    buffer_add_text(&json, "}");
    cli_list_row(list, &json);
    if (!cli->json)
        fprintf(cli->out, "%d  %-42s  %-9s  %-5s  %s\n", kind->status, kind->code, fault_name(kind->fault),
                kind->retry ? "yes" : "no", cli->danish ? kind->da : kind->en);
    buffer_free(&json);
}

/* Text inside a quoted parameter of nginx, where a quote ends it and $ begins a variable. None of our texts has a $. */
static void print_quoted(FILE *out, const struct buffer *text)
{
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] == '\'' || text->data[i] == '\\')
            fputc('\\', out);
        fputc(text->data[i], out);
    }
}

static void print_headers(FILE *out, const struct error_kind *kind)
{
    fprintf(out,
            "    add_header Cache-Control no-store always;\n    add_header X-Content-Type-Options nosniff always;\n");
    fprintf(out, "    add_header traceparent 00-$dp_trace-$dp_span-01 always;\n");
    if (kind->status == 429 || kind->status == 503)
        fprintf(out, "    add_header Retry-After 5 always;\n");
    if (kind->status == 401)
        fprintf(out, "    add_header WWW-Authenticate 'Basic realm=\"Digital Post\"' always;\n");
}

/* `memo`: the same answer to POST /memos/, which has the members of a receipt but receiptStatus (CONTRACT.md, Errors).
 * $dp_trace, $dp_span, $dp_fault, $dp_message_uuid and $dp_time are maps of nginx/gateway.conf.in. */
static void print_location(FILE *out, const struct error_kind *kind, bool memo)
{
    struct buffer json = {.limit = 65536};

    fprintf(out, "location = /.error/%s%s {\n    internal;\n    default_type application/json;\n", kind->code,
            memo ? ".memo" : "");
    /* An answer takes no body, so none is too large for it. */
    fprintf(out, "    client_max_body_size 0;\n");
    print_headers(out, kind);
    buffer_add_text(&json, "{");
    add_kind(&json, kind, kind->fault == FAULT_SENDER ? "$dp_fault" : fault_name(kind->fault));
    buffer_add_text(&json, ",\"traceId\":\"$dp_trace\",\"fieldErrors\":[]");
    if (memo) {
        buffer_add_text(&json, ",\"transmissionId\":null,\"messageUUID\":$dp_message_uuid,\"messageId\":null");
        cli_json_text(&json, "errorCode", kind->code);
        cli_json_text(&json, "errorMessage", kind->en);
        buffer_add_text(&json, ",\"timeStamp\":\"$dp_time\"");
    }
    buffer_add_text(&json, "}");
    fprintf(out, "    return %d '", kind->status);
    print_quoted(out, &json);
    fprintf(out, "';\n}\n");
    buffer_free(&json);
}

static int run_errors(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct cli_list list = {.cli = cli,
                            .heading = "     code                                        fault      retry  text"};

    if (arguments->option[SHOW_NGINX]) {
        for (size_t i = 0; i < OF_NGINX; i++)
            print_location(cli->out, error_kind(of_nginx[i]), false);
        print_location(cli->out, error_kind(ERROR_UNAVAILABLE), true);
        return CLI_OK;
    }
    for (enum error_code code = ERROR_NONE + 1; code < ERROR_COUNT; code++)
        print_row(&list, error_kind(code));
    cli_list_end(&list);
    return CLI_OK;
}

const struct cli_command cli_errors = {
    .name = "errors",
    .says = "Lists every error code with its status, whose fault it is, and whether to retry",
    .example = "dpctl errors --lang da",
    .options = show_options,
    .run = run_errors,
};

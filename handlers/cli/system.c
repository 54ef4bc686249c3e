/* dpctl system: the systems that organisations call with. */
#include "handlers/cli/cli_impl.h"

#include "gateway/base/text.h"
#include "gateway/base/time.h"

#include <string.h>

static const struct {
    enum system_type type;
    const char *name;
} types[] = {
    {SYSTEM_SENDER, "SENDER"},
    {SYSTEM_RECIPIENT, "RECIPIENT"},
    {SYSTEM_RECIPIENT_DEFAULT, "RECIPIENT_DEFAULT"},
};
#define TYPES (sizeof types / sizeof types[0])

static const char *const protocol_names[] = {"REST_PULL", "REST_PUSH", "SMTP", "SFTP", "AS4", NULL};

static void types_to_text(unsigned set, const char *quote, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < TYPES; i++)
        if (set & types[i].type)
            snprintf(text + strlen(text), size - strlen(text), "%s%s%s%s", text[0] ? "," : "", quote, types[i].name,
                     quote);
}

static void time_to_json(struct buffer *json, const char *key, int64_t when)
{
    char text[TIME_TEXT_SIZE];

    time_format(when, text);
    cli_json_text(json, key, when ? text : NULL);
}

static void identity_to_json(const struct system *system, struct buffer *json)
{
    char subject[UUID_TEXT_SIZE], set[64];

    uuid_format(&system->certificate_subject, subject);
    types_to_text(system->types, "\"", set, sizeof set);
    cli_json_text(json, "organisationCvr", system->organisation.cvr);
    buffer_format(json, ",\"systemTypes\":[%s]", set);
    cli_json_text(json, "certificateCvr", system->certificate_cvr);
    cli_json_text(json, "certificateSubject", subject);
    cli_json_text(json, "delegatedCVR", system->delegated_cvr);
}

/* `token` is NULL for a system that was registered before: the store keeps only its digest. */
static void to_json(const struct system *system, const char *token, const char *authorization, struct buffer *json)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&system->id, id);
    buffer_add_text(json, "{");
    cli_json_text(json, "id", id);
    cli_json_text(json, "name", system->name);
    identity_to_json(system, json);
    cli_json_text(json, "serviceProtocol", system->protocol);
    cli_json_text(json, "allowedIps", system->allowed_addresses);
    cli_json_text(json, "receiptEndpoint", system->receipt_endpoint);
    cli_json_text(json, "endpoint", system->endpoint);
    time_to_json(json, "activeFrom", system->active_from);
    time_to_json(json, "activeTo", system->active_to);
    cli_json_number(json, "version", (uint64_t)system->version);
    if (token) {
        cli_json_text(json, "token", token);
        cli_json_text(json, "authorization", authorization);
    }
    buffer_add_text(json, "}");
}

static const char heading[] = "id                                    owner     certificate  types              name";

/* What list and show look for and how far they got. */
struct search {
    struct cli_list list;
    const struct uuid *id; /* NULL: all */
};

static bool row(void *state, const struct system *system)
{
    struct search *search = state;
    struct buffer json = {.limit = 65536};
    char id[UUID_TEXT_SIZE], set[64];

    if (search->id && !uuid_same(search->id, &system->id))
        return true;
    to_json(system, NULL, NULL, &json);
    cli_list_row(&search->list, &json);
    uuid_format(&system->id, id);
    types_to_text(system->types, "", set, sizeof set);
    if (!search->list.cli->json)
        fprintf(search->list.cli->out, "%s  %-8s  %-11s  %-17s  %s\n", id, system->organisation.cvr,
                system->certificate_cvr, set, system->name);
    buffer_free(&json);
    return true;
}

static int list(const struct cli *cli, const struct uuid *id)
{
    struct search search = {.list = {.cli = cli, .heading = heading}, .id = id};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_list_systems(store, row, &search, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    if (id && search.list.count == 0)
        return cli_absent(cli, "system");
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
    struct uuid id;

    if (!uuid_parse(arguments->operands[0], &id))
        return cli_usage(cli, "system show takes a system's id, a UUID");
    return list(cli, &id);
}

enum {
    ADD_ORGANISATION,
    ADD_NAME,
    ADD_TYPE,
    ADD_CERTIFICATE,
    ADD_DELEGATED,
    ADD_TOKEN,
    ADD_ALLOWED,
    ADD_RECEIPT_ENDPOINT,
    ADD_ENDPOINT,
    ADD_PROTOCOL,
    ADD_FROM,
    ADD_TO,
    ADD_ID
};

static const struct cli_option add_options[] = {
    [ADD_ORGANISATION] = {"--organisation", "CVR", "the owner, registered before", true},
    [ADD_NAME] = {"--name", "NAME", "its name", true},
    [ADD_TYPE] = {"--type", "TYPES", "SENDER, RECIPIENT, RECIPIENT_DEFAULT, with commas", true},
    [ADD_CERTIFICATE] = {"--certificate", "FILE", "the certificate it calls with (PEM)", true},
    [ADD_DELEGATED] = {"--delegated-cvr", "CVR", "the vendor whose certificate it is", false},
    [ADD_TOKEN] = {"--token", "TOKEN", "its token; made here where absent", false},
    [ADD_ALLOWED] = {"--allowed-ips", "LIST", "addresses or CIDR blocks, with commas", false},
    [ADD_RECEIPT_ENDPOINT] = {"--receipt-endpoint", "URL", "where its receipts are pushed to", false},
    [ADD_ENDPOINT] = {"--endpoint", "URL", "where its mail is pushed to", false},
    [ADD_PROTOCOL] = {"--protocol", "NAME", "REST_PULL (default), REST_PUSH, SMTP, SFTP or AS4", false},
    [ADD_FROM] = {"--active-from", "DAY", "first day it may call", false},
    [ADD_TO] = {"--active-to", "DAY", "first day it may call no more", false},
    [ADD_ID] = {"--id", "UUID", "its id; made here where absent", false},
    {0},
};

/* "SENDER,RECIPIENT" as a set. */
static bool parse_types(const struct cli *cli, const char *text, unsigned *set)
{
    size_t length;

    *set = 0;
    for (; *text; text += length + (text[length] == ',')) {
        bool known = false;
        length = strcspn(text, ",");
        for (size_t i = 0; i < TYPES; i++)
            if (strlen(types[i].name) == length && strncasecmp(text, types[i].name, length) == 0) {
                *set |= types[i].type;
                known = true;
            }
        if (!known)
            break;
    }
    if (*text == '\0' && *set != 0)
        return true;
    cli_usage(cli, "--type takes SENDER, RECIPIENT and RECIPIENT_DEFAULT, with commas between them");
    return false;
}

static bool is_address_list(const struct cli *cli, const char *text)
{
    if (*text && strspn(text, "0123456789abcdefABCDEF.:/, ") == strlen(text))
        return true;
    cli_usage(cli, "--allowed-ips takes addresses and CIDR blocks with commas between them");
    return false;
}

static bool is_url(const struct cli *cli, const char *option, const char *text)
{
    if (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)
        return true;
    cli_usage(cli, "%s takes a URL", option);
    return false;
}

/* Takes the optional values over; false: it was told what is wrong. */
static bool take_options(const struct cli *cli, const char *const *option, struct system *system)
{
    int protocol = 0;

    if ((option[ADD_DELEGATED] && !cli_is_cvr(cli, "--delegated-cvr", option[ADD_DELEGATED]))
        || (option[ADD_ALLOWED] && !is_address_list(cli, option[ADD_ALLOWED]))
        || (option[ADD_RECEIPT_ENDPOINT] && !is_url(cli, "--receipt-endpoint", option[ADD_RECEIPT_ENDPOINT]))
        || (option[ADD_ENDPOINT] && !is_url(cli, "--endpoint", option[ADD_ENDPOINT]))
        || (option[ADD_PROTOCOL] && !cli_choice(cli, "--protocol", option[ADD_PROTOCOL], protocol_names, &protocol))
        || (option[ADD_FROM] && !cli_time(cli, "--active-from", option[ADD_FROM], &system->active_from))
        || (option[ADD_TO] && !cli_time(cli, "--active-to", option[ADD_TO], &system->active_to)))
        return false;
    if (option[ADD_ID] && !uuid_parse(option[ADD_ID], &system->id)) {
        cli_usage(cli, "--id takes a UUID");
        return false;
    }
    system->delegated_cvr = option[ADD_DELEGATED];
    system->allowed_addresses = option[ADD_ALLOWED];
    system->receipt_endpoint = option[ADD_RECEIPT_ENDPOINT];
    system->endpoint = option[ADD_ENDPOINT];
    system->protocol = protocol_names[protocol];
    return true;
}

/* The certificate belongs to the owner, or to the vendor that the system names. */
static bool take_certificate(const struct cli *cli, const char *file, const char *owner,
                             struct certificate *certificate, struct system *system)
{
    const char *expected = system->delegated_cvr ? system->delegated_cvr : owner;
    struct error error = {0};

    if (!cli_certificate(cli, file, certificate))
        return false;
    if (strcmp(certificate->cvr, expected) != 0) {
        error_set(&error, ERROR_CERTIFICATE_SUBJECT, file, "it belongs to CVR %s, and %s CVR is %s", certificate->cvr,
                  system->delegated_cvr ? "the delegated" : "the organisation's", expected);
        cli_failed(cli, &error);
        return false;
    }
    system->certificate_cvr = certificate->cvr;
    system->certificate_subject = certificate->subject;
    return true;
}

struct owner_search {
    const char *cvr;
    struct uuid id;
    bool found;
};

static bool find_owner(void *state, const struct organisation *organisation)
{
    struct owner_search *search = state;

    if (strcmp(organisation->cvr, search->cvr) == 0) {
        search->id = organisation->id;
        search->found = true;
    }
    return true;
}

/* 64 hex digits of two random UUIDs: 244 bits that nobody can guess. */
static bool make_token(char token[65], struct error *error)
{
    struct uuid halves[2];

    if (!uuid_random(&halves[0]) || !uuid_random(&halves[1]))
        return error_set(error, ERROR_INTERNAL, NULL, "the machine gave no randomness");
    text_to_hex(halves, sizeof halves, token);
    return true;
}

static bool register_system(struct store *store, struct system *system, const char *token, struct error *error)
{
    struct owner_search owner = {.cvr = system->organisation.cvr};
    const struct uuid none = {0};

    if (!registry_list_organisations(store, find_owner, &owner, error))
        return false;
    if (!owner.found)
        return error_set(error, ERROR_NOT_FOUND, "--organisation", "no organisation with this CVR is registered");
    system->organisation.id = owner.id;
    if (uuid_same(&system->id, &none) && !uuid_random(&system->id))
        return error_set(error, ERROR_INTERNAL, NULL, "the machine gave no randomness");
    if (!token_digest(&system->id, token, &system->token_digest))
        return error_set(error, ERROR_INTERNAL, NULL, "the token's digest could not be made");
    return registry_add_system(store, system, token, error);
}

/* Tells the token: this once, for the store keeps only its digest. */
static int added(const struct cli *cli, const struct system *system, const char *token)
{
    struct buffer json = {.limit = 65536};
    char id[UUID_TEXT_SIZE], pair[UUID_TEXT_SIZE + 256], authorization[6 + 4 * sizeof pair / 3 + 5] = "Basic ";
    int status = CLI_OK;

    uuid_format(&system->id, id);
    snprintf(pair, sizeof pair, "%s:%s", id, token);
    text_to_base64(pair, strlen(pair), authorization + 6);
    if (cli->json) {
        to_json(system, token, authorization, &json);
        status = cli_json_print(cli, &json);
        buffer_free(&json);
    } else {
        fprintf(cli->out, "Added %s. Its token is told now and never again.\n", system->name);
        fprintf(cli->out, "id             %s\ntoken          %s\nAuthorization  %s\n", id, token, authorization);
    }
    return status;
}

static int run_add(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *const *option = arguments->option;
    struct system system = {.name = option[ADD_NAME], .organisation = {.cvr = option[ADD_ORGANISATION]}};
    const char *token = option[ADD_TOKEN];
    struct certificate certificate;
    char made[65];
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_is_cvr(cli, "--organisation", option[ADD_ORGANISATION])
        || !parse_types(cli, option[ADD_TYPE], &system.types) || !take_options(cli, option, &system))
        return CLI_USAGE;
    if (token && (strlen(token) < 16 || strlen(token) > 200))
        return cli_usage(cli, "--token takes 16 to 200 characters");
    /* The files named on the command line are read with the caller's rights, before the state's owner takes over. */
    if (!take_certificate(cli, option[ADD_CERTIFICATE], option[ADD_ORGANISATION], &certificate, &system)
        || !cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = (token || make_token(made, &error)) && register_system(store, &system, token ? token : made, &error);
    cli_store_close(config, store);
    return ok ? added(cli, &system, token ? token : made) : cli_failed(cli, &error);
}

const struct cli_command cli_system_add = {
    .name = "system add",
    .says = "Registers a system of an organisation and makes its token",
    .example = "dpctl system add --organisation 99000001 --name Fagsystem --type SENDER \\\n"
               "      --certificate sandbox/keys/authority1.pem",
    .options = add_options,
    .run = run_add,
};

const struct cli_command cli_system_list = {
    .name = "system list",
    .says = "Lists the systems",
    .example = "dpctl system list --json",
    .run = run_list,
};

const struct cli_command cli_system_show = {
    .name = "system show",
    .operands = "ID",
    .says = "Shows one system",
    .example = "dpctl system show 11111111-1111-4111-8111-111111111111",
    .run = run_show,
};

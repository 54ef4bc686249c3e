/* dpctl token and token-key: access tokens for sandboxes and tests, signed with a key of one's own. An operator's gateway
 * knows the public keys of an identity provider; with those, what is made here is refused. */
#include "handlers/cli/cli_impl.h"

#include "gateway/base/text.h"
#include "gateway/base/time.h"
#include "gateway/identity/token.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNING_KEY "signing-key.json"
#define KEY_SET "keys.json"
#define KEY_FILE_MAX 4096
#define CLAIMS_MAX 8192
#define SECONDS_STANDARD 3600
#define SECONDS_MOST 31536000

/* ---- files ---- */

static bool read_key(const char *path, char text[KEY_FILE_MAX], struct error *error)
{
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, KEY_FILE_MAX - 1, file) : 0;

    text[size] = '\0';
    if (file)
        fclose(file);
    return size || error_set(error, ERROR_CONFIG_INVALID, path, "%s", file ? "it is empty" : strerror(errno));
}

/* Never over a file that is there: it may be somebody's key. */
static bool write_new(const char *folder, const char *name, const char *text, mode_t mode, struct error *error)
{
    char path[PATH_MAX];
    FILE *file;
    int fd;
    bool ok;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(error, ERROR_CONFIG_INVALID, "FOLDER", "the path is too long");
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return error_set(error, errno == EEXIST ? ERROR_ALREADY_EXISTS : ERROR_CONFIG_INVALID, path, "%s",
                         strerror(errno));
    ok = fputs(text, file) >= 0;
    return (fclose(file) == 0 && ok) || error_set(error, ERROR_CONFIG_INVALID, path, "%s", strerror(errno));
}

/* ---- dpctl token-key ---- */

static int run_key(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *folder = arguments->operands[0];
    char *private_key, *key_set;
    struct error error = {0};
    bool ok = token_key_make(&private_key, &key_set, &error)
              && write_new(folder, SIGNING_KEY, private_key, 0600, &error)
              && write_new(folder, KEY_SET, key_set, 0644, &error);

    if (private_key)
        explicit_bzero(private_key, strlen(private_key));
    free(private_key);
    free(key_set);
    if (!ok)
        return cli_failed(cli, &error);
    if (!cli->json)
        fprintf(cli->out,
                "%s/" SIGNING_KEY " signs tokens (dpctl token); keep it to yourself.\n"
                "%s/" KEY_SET " is for the setting token_issuers.\n",
                folder, folder);
    return CLI_OK;
}

const struct cli_command cli_token_key = {
    .name = "token-key",
    .operands = "FOLDER",
    .says = "Makes a key for signing access tokens, and the key set with its public half",
    .example = "dpctl token-key sandbox/tokens",
    .run = run_key,
};

/* ---- dpctl token ---- */

enum {
    TOKEN_CPR,
    TOKEN_CVR,
    TOKEN_EMPLOYEE,
    TOKEN_SUBJECT,
    TOKEN_SCOPE,
    TOKEN_PRIVILEGES,
    TOKEN_CLIENT,
    TOKEN_AUDIENCE,
    TOKEN_ISSUER,
    TOKEN_SECONDS,
    TOKEN_KEY
};

static const struct cli_option token_options[] = {
    [TOKEN_CPR] = {"--cpr", "CPR", "a citizen's", false},
    [TOKEN_CVR] = {"--cvr", "CVR", "an employee's of this company", false},
    [TOKEN_EMPLOYEE] = {"--employee", "ID", "the employee's id (1)", false},
    [TOKEN_SUBJECT] = {"--subject", "UUID", "the identity; else one that always is this person's", false},
    [TOKEN_SCOPE] = {"--scope", "WORDS", "READ, WRITE or both (\"READ WRITE\")", false},
    [TOKEN_PRIVILEGES] = {"--privileges", "WORDS", "types of privileges (for --cvr: MESSAGE_BASIC)", false},
    [TOKEN_CLIENT] = {"--client", "NAME", "the portal (sandbox)", false},
    [TOKEN_AUDIENCE] = {"--audience", "NAME", "else the setting token_audience", false},
    [TOKEN_ISSUER] = {"--issuer", "NAME", "else the first of the setting token_issuers", false},
    [TOKEN_SECONDS] = {"--seconds", "N", "how long it is valid (3600)", false},
    [TOKEN_KEY] = {"--key", "FILE", "else " SIGNING_KEY " beside the first issuer's keys", false},
    {0},
};

/* The same person always is the same identity. */
static void choose_subject(const char *number, const char *employee, struct uuid *subject)
{
    struct digest digest;
    char text[256];

    snprintf(text, sizeof text, "sandbox identity %s %s", number, employee ? employee : "");
    digest_of(text, strlen(text), &digest);
    memcpy(subject->bytes, digest.bytes, sizeof subject->bytes);
    subject->bytes[6] = (unsigned char)((subject->bytes[6] & 0x0f) | 0x80); /* version 8 of RFC 9562: of one's own */
    subject->bytes[8] = (unsigned char)((subject->bytes[8] & 0x3f) | 0x80);
}

static const char *option(const struct cli_arguments *arguments, int which, const char *standard)
{
    return arguments->option[which] ? arguments->option[which] : standard;
}

static bool add_who(const struct cli_arguments *arguments, const struct config *config, const struct uuid *subject,
                    struct buffer *claims)
{
    const char *cvr = arguments->option[TOKEN_CVR];
    char identity[UUID_TEXT_SIZE];

    uuid_format(subject, identity);
    if (!buffer_format(claims, ",\"sub\":\"%s\"", identity))
        return false;
    if (!cvr)
        return buffer_add_member(claims, config->cpr_claim, arguments->option[TOKEN_CPR]);
    return buffer_add_member(claims, config->cvr_claim, cvr)
           && buffer_add_member(claims, config->employee_claim, option(arguments, TOKEN_EMPLOYEE, "1"));
}

static bool write_claims(const struct cli_arguments *arguments, const struct config *config, const char *issuer,
                         const struct uuid *subject, uint64_t seconds, struct buffer *claims)
{
    int64_t now = time_now() / 1000;

    return buffer_format(claims, "{\"iat\":%lld,\"exp\":%lld", (long long)now, (long long)now + (long long)seconds)
           && buffer_add_member(claims, "iss", issuer)
           && buffer_add_member(claims, "aud", option(arguments, TOKEN_AUDIENCE, config->token_audience))
           && add_who(arguments, config, subject, claims)
           && buffer_add_member(claims, config->scope_claim, option(arguments, TOKEN_SCOPE, "READ WRITE"))
           && buffer_add_member(
               claims, config->privileges_claim,
               option(arguments, TOKEN_PRIVILEGES, arguments->option[TOKEN_CVR] ? "MESSAGE_BASIC" : ""))
           && buffer_add_member(claims, "client_id", option(arguments, TOKEN_CLIENT, "sandbox"))
           && buffer_add_text(claims, "}");
}

static bool key_path(const struct cli_arguments *arguments, const struct config *config, char path[PATH_MAX])
{
    char keys[PATH_MAX];

    if (arguments->option[TOKEN_KEY])
        return snprintf(path, PATH_MAX, "%s", arguments->option[TOKEN_KEY]) < PATH_MAX;
    if (!config->token_issuers[0].name || strlen(config->token_issuers[0].keys_file) >= sizeof keys)
        return false;
    strcpy(keys, config->token_issuers[0].keys_file);
    return snprintf(path, PATH_MAX, "%s/" SIGNING_KEY, dirname(keys)) < PATH_MAX;
}

static bool make_token(const struct cli_arguments *arguments, const struct config *config, const struct uuid *subject,
                       uint64_t seconds, char **token, struct error *error)
{
    const char *issuer = option(arguments, TOKEN_ISSUER, config->token_issuers[0].name);
    struct buffer claims = {.limit = CLAIMS_MAX};
    char path[PATH_MAX], key[KEY_FILE_MAX];
    bool ok;

    if (!issuer || !key_path(arguments, config, path))
        return error_set(error, ERROR_CONFIG_INVALID, "token_issuers", "no issuer; name one, and its key");
    ok = read_key(path, key, error)
         && (write_claims(arguments, config, issuer, subject, seconds, &claims)
             || error_set(error, ERROR_CONFIG_INVALID, NULL, "more than %d bytes of claims", CLAIMS_MAX))
         && token_sign(key, claims.data, token, error);
    explicit_bzero(key, sizeof key);
    buffer_free(&claims);
    return ok;
}

static int print_token(const struct cli *cli, const char *token, uint64_t seconds)
{
    struct buffer json = {.limit = 65536};
    int status;

    if (!cli->json) {
        fprintf(cli->out, "%s\n", token);
        return CLI_OK;
    }
    buffer_add_text(&json, "{");
    cli_json_text(&json, "token", token);
    cli_json_number(&json, "seconds", seconds);
    buffer_add_text(&json, "}");
    status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

static int run_token(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *number = cli_number(cli, arguments->option[TOKEN_CPR], arguments->option[TOKEN_CVR]);
    const char *wanted = arguments->option[TOKEN_SUBJECT];
    uint64_t seconds = SECONDS_STANDARD;
    struct config *config;
    struct uuid subject;
    struct error error = {0};
    char *token = NULL;
    int status;

    if (!number)
        return CLI_USAGE;
    if (wanted && !uuid_parse(wanted, &subject))
        return cli_usage(cli, "--subject takes a UUID");
    if (arguments->option[TOKEN_SECONDS] && !text_to_number(arguments->option[TOKEN_SECONDS], SECONDS_MOST, &seconds))
        return cli_usage(cli, "--seconds takes a number up to %d", SECONDS_MOST);
    if (!wanted)
        choose_subject(number, arguments->option[TOKEN_EMPLOYEE], &subject);
    if (!cli_config(cli, &config))
        return CLI_FINDINGS;
    status = make_token(arguments, config, &subject, seconds, &token, &error) ? print_token(cli, token, seconds)
                                                                              : cli_failed(cli, &error);
    free(token);
    config_close(config);
    return status;
}

const struct cli_command cli_token = {
    .name = "token",
    .says = "Signs an access token for a citizen or a company's employee with the sandbox's key",
    .example = "dpctl token --cpr 6101900001",
    .options = token_options,
    .run = run_token,
};

/* dpctl certificate: taking back the right to call from one certificate. */
#include "handlers/cli/cli_impl.h"

enum { REVOKE_FINGERPRINT, REVOKE_REASON };

static const struct cli_option revoke_options[] = {
    [REVOKE_FINGERPRINT] = {"--fingerprint", "HEX", "instead of FILE: its SHA-256, with or without colons", false},
    [REVOKE_REASON] = {"--reason", "TEXT", "why, for the record", false},
    {0},
};

static bool parse_fingerprint(const struct cli *cli, const char *text, struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];
    size_t length = 0;

    for (; *text && length < sizeof hex - 1; text++)
        if (*text != ':')
            hex[length++] = *text;
    hex[length] = '\0';
    if (*text == '\0' && digest_parse(hex, digest))
        return true;
    cli_usage(cli, "--fingerprint takes 64 hexadecimal digits");
    return false;
}

static int revoke(const struct cli *cli, const struct digest *digest, const char *reason)
{
    char hex[DIGEST_HEX_SIZE];
    struct buffer json = {.limit = 65536};
    struct config *config;
    struct store *store;
    struct error error = {0};
    bool ok;

    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    ok = registry_revoke(store, digest, reason, &error);
    cli_store_close(config, store);
    if (!ok)
        return cli_failed(cli, &error);
    digest_format(digest, hex);
    if (!cli->json) {
        fprintf(cli->out, "Revoked: no call with the certificate %s is taken any more.\n", hex);
        return CLI_OK;
    }
    buffer_add_text(&json, "{");
    cli_json_text(&json, "fingerprint", hex);
    cli_json_text(&json, "reason", reason);
    buffer_add_text(&json, "}");
    int status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

static int run_revoke(const struct cli *cli, const struct cli_arguments *arguments)
{
    const char *fingerprint = arguments->option[REVOKE_FINGERPRINT];
    const char *reason = arguments->option[REVOKE_REASON] ? arguments->option[REVOKE_REASON] : "not told";
    struct certificate certificate;
    struct digest digest;

    if (!fingerprint == (arguments->operand_count == 0))
        return cli_usage(cli, "A certificate's file or its --fingerprint is needed, and only one of them");
    if (fingerprint)
        return parse_fingerprint(cli, fingerprint, &digest) ? revoke(cli, &digest, reason) : CLI_USAGE;
    if (!cli_certificate(cli, arguments->operands[0], &certificate))
        return CLI_FINDINGS;
    return revoke(cli, &certificate.digest, reason);
}

const struct cli_command cli_certificate_revoke = {
    .name = "certificate revoke",
    .operands = "[FILE]",
    .says = "Takes back the right to call from a certificate, at once",
    .example = "dpctl certificate revoke sandbox/keys/vendor1.pem --reason \"key lost\"",
    .options = revoke_options,
    .run = run_revoke,
};

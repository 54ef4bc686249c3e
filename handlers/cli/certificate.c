/* dpctl certificate: taking back the right to call from one certificate. */
#include "handlers/cli/cli_impl.h"

enum { REVOKE_CERTIFICATE, REVOKE_FINGERPRINT, REVOKE_REASON };

static const struct cli_option revoke_options[] = {
    [REVOKE_CERTIFICATE] = {"--certificate",          "FILE", "the certificate (PEM)", false},
    [REVOKE_FINGERPRINT] = {"--fingerprint", "HEX", "or its SHA-256 fingerprint, with or without colons", false},
    [REVOKE_REASON] = {"--reason",                        "TEXT", "why, for the record", true},
    {0                  },
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
    const char *const *option = arguments->option;
    struct certificate certificate;
    struct digest digest;

    if (!option[REVOKE_CERTIFICATE] == !option[REVOKE_FINGERPRINT])
        return cli_usage(cli, "One of --certificate and --fingerprint is needed, and only one");
    if (option[REVOKE_FINGERPRINT])
        return parse_fingerprint(cli, option[REVOKE_FINGERPRINT], &digest) ? revoke(cli, &digest, option[REVOKE_REASON])
                                                                           : CLI_USAGE;
    if (!cli_certificate(cli, option[REVOKE_CERTIFICATE], &certificate))
        return CLI_FINDINGS;
    return revoke(cli, &certificate.digest, option[REVOKE_REASON]);
}

const struct cli_command cli_certificate_revoke = {
    .name = "certificate revoke",
    .says = "Takes back the right to call from a certificate, at once",
    .example = "dpctl certificate revoke --certificate sandbox/keys/vendor1.crt --reason \"key lost\"",
    .options = revoke_options,
    .run = run_revoke,
};

#include "handlers/cli/cli_impl.h"

#include "gateway/base/text.h"
#include "gateway/base/time.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define PEM_MAX 65536 /* bytes of a certificate file */

bool cli_is_cvr(const struct cli *cli, const char *option, const char *text)
{
    if (strlen(text) == 8 && text_is_digits(text, 8))
        return true;
    cli_usage(cli, "%s takes a CVR number, 8 digits", option);
    return false;
}

bool cli_is_cpr(const struct cli *cli, const char *option, const char *text)
{
    if (strlen(text) == 10 && text_is_digits(text, 10))
        return true;
    cli_usage(cli, "%s takes a CPR number, 10 digits", option);
    return false;
}

const char *cli_number(const struct cli *cli, const char *cpr, const char *cvr)
{
    if (!cpr == !cvr) {
        cli_usage(cli, "One of --cpr and --cvr is needed, and only one");
        return NULL;
    }
    if (cpr)
        return cli_is_cpr(cli, "--cpr", cpr) ? cpr : NULL;
    return cli_is_cvr(cli, "--cvr", cvr) ? cvr : NULL;
}

bool cli_choice(const struct cli *cli, const char *option, const char *text, const char *const *names, int *choice)
{
    char all[160] = "";

    for (int i = 0; names[i]; i++) {
        if (text_same(text, names[i])) {
            *choice = i;
            return true;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", names[i]);
    }
    cli_usage(cli, "%s takes one of %s", option, all);
    return false;
}

bool cli_time(const struct cli *cli, const char *option, const char *text, int64_t *when)
{
    if (time_parse(text, when) || time_danish_midnight(text, when))
        return true;
    cli_usage(cli, "%s takes a day like 2026-11-23 or a time like 2026-11-23T15:54:29Z", option);
    return false;
}

static bool read_file(const char *path, char *bytes, size_t room, struct error *error)
{
    FILE *file = fopen(path, "re");
    size_t size;

    if (!file)
        return error_set(error, ERROR_CERTIFICATE_MISSING, path, "%s", strerror(errno));
    size = fread(bytes, 1, room - 1, file);
    fclose(file);
    if (size == 0 || size == room - 1)
        return error_set(error, ERROR_CERTIFICATE_MISSING, path, "it is empty or too large");
    bytes[size] = '\0';
    return true;
}

/* The first certificate of a PEM file, every byte percent-encoded as nginx hands it over. */
static bool escape_first(const char *path, const char *pem, struct buffer *escaped, struct error *error)
{
    static const char last_line[] = "-----END CERTIFICATE-----";
    const char *begin = strstr(pem, "-----BEGIN CERTIFICATE-----");
    const char *end = begin ? strstr(begin, last_line) : NULL;

    if (!end)
        return error_set(error, ERROR_CERTIFICATE_MISSING, path, "it holds no certificate in PEM form");
    for (const char *at = begin; at < end + sizeof last_line - 1; at++)
        if (!buffer_format(escaped, "%%%02X", (unsigned char)*at))
            return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    if (!buffer_add_text(escaped, "%0A"))
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    return true;
}

bool cli_certificate(const struct cli *cli, const char *file, struct certificate *certificate)
{
    struct buffer escaped = {.limit = 4 * PEM_MAX};
    struct certificates *certificates = NULL;
    struct config *config;
    struct error error = {0};
    char pem[PEM_MAX];
    bool ok;

    if (!cli_config(cli, &config))
        return false;
    ok = read_file(file, pem, sizeof pem, &error) && escape_first(file, pem, &escaped, &error)
         && certificates_open(config->issuers_file, 1, NULL, &certificates, &error)
         && certificate_read(certificates, escaped.data, time_now(), certificate, &error);
    if (!ok)
        cli_failed(cli, &error);
    if (certificates)
        certificates_close(certificates);
    buffer_free(&escaped);
    config_close(config);
    return ok;
}

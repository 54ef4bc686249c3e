/* A fresh folder with a settings file, and what came of opening it. */
#ifndef TESTS_UNIT_GATEWAY_CONFIG_FIXTURE_H
#define TESTS_UNIT_GATEWAY_CONFIG_FIXTURE_H

#include "gateway/config/config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], file[96];
static struct config *config;
static struct config_findings findings;

/* A fresh folder, and an environment without settings. */
static inline void begin(void)
{
    char **names = calloc(1024, sizeof *names);
    size_t count = 0;

    for (char **entry = environ; *entry && count < 1024; entry++)
        if (strncmp(*entry, "DP_", 3) == 0)
            names[count++] = strndup(*entry, strcspn(*entry, "="));
    while (count) {
        unsetenv(names[--count]);
        free(names[count]);
    }
    free(names);
    snprintf(folder, sizeof folder, "/tmp/dp-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/gateway.ini", folder);
}

static inline const char *below(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline void end(void)
{
    static const char *const made[] = {"gateway.ini",   "printed.ini", "issuers.pem", "run", "spool",
                                       "mail/contents", "mail",        "registry",    "new"};

    config_close(config);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        remove(below(made[i]));
    ck_assert_int_eq(rmdir(folder), 0);
}

static inline void write_bytes(const void *bytes, size_t size)
{
    FILE *out = fopen(file, "w");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static inline bool open_text(const char *text)
{
    write_bytes(text, strlen(text));
    return config_open(file, &config, &findings);
}

static inline void expect_open(bool opened)
{
    ck_assert_msg(opened, "line %u: %s", findings.items[0].line, findings.items[0].text);
    ck_assert_uint_eq(findings.count, 0);
    ck_assert_ptr_nonnull(config);
}

/* Exactly one finding, in this line and with these words. */
static inline void expect_finding(bool opened, unsigned line, const char *words)
{
    ck_assert_msg(!opened, "taken, though: %s", words);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_msg(strstr(findings.items[0].text, words), "'%s' says nothing of '%s'", findings.items[0].text, words);
    ck_assert_uint_eq(findings.items[0].line, line);
}

#endif

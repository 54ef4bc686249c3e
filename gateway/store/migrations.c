#include "gateway/store/store_impl.h"

#include "gateway/base/time.h"

#include <stdio.h>
#include <string.h>

/* Takes a file into the program whole, between two symbols. */
#define MIGRATION_TEXT(symbol, path)                                                                                   \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global migration_" #symbol "\nmigration_" #symbol ":\n"                                                  \
            ".incbin \"gateway/store/migrations/" path "\"\n"                                                          \
            ".global migration_" #symbol "_end\nmigration_" #symbol "_end:\n"                                          \
            ".byte 0\n"                                                                                                \
            ".popsection\n");                                                                                          \
    extern const char migration_##symbol[], migration_##symbol##_end[]

MIGRATION_TEXT(registry_0001, "registry/0001-registry.sql");
MIGRATION_TEXT(mail_0001, "mail/0001-mail.sql");
MIGRATION_TEXT(mail_0002, "mail/0002-reading.sql");
MIGRATION_TEXT(mail_0003, "mail/0003-outbox.sql");
MIGRATION_TEXT(mail_0004, "mail/0004-mailbox-counts.sql");

static const struct migration registry[] = {
    {1, "0001-registry.sql", migration_registry_0001, migration_registry_0001_end},
    {0, NULL, NULL, NULL},
};
static const struct migration mail[] = {
    {1, "0001-mail.sql", migration_mail_0001, migration_mail_0001_end},
    {2, "0002-reading.sql", migration_mail_0002, migration_mail_0002_end},
    {3, "0003-outbox.sql", migration_mail_0003, migration_mail_0003_end},
    {4, "0004-mailbox-counts.sql", migration_mail_0004, migration_mail_0004_end},
    {0, NULL, NULL, NULL},
};
static const struct migration *const lists[DATABASE_COUNT] = {[DATABASE_REGISTRY] = registry, [DATABASE_MAIL] = mail};

const struct migration *migrations_of(enum database database)
{
    return lists[database];
}

/* The file and its row of schema_version, in one transaction. */
static bool run_one(struct backend *backend, const struct migration *migration, struct error *error)
{
    char row[200];

    snprintf(row, sizeof row, "INSERT INTO schema_version (version, name, applied) VALUES (%u, '%s', %lld)",
             migration->version, migration->name, (long long)time_now());
    if (!backend_begin(backend, error))
        return false;
    if (backend_script(backend, migration->text, error) && backend_script(backend, row, error)
        && backend_commit(backend, error))
        return true;
    backend_rollback(backend);
    return false;
}

bool migrations_run(struct backend *backend, enum database database, struct error *error)
{
    unsigned version, newest = 0;

    if (!backend_schema(backend, &version, error))
        return false;
    for (const struct migration *migration = lists[database]; migration->version; migration++) {
        newest = migration->version;
        if (newest > version && !run_one(backend, migration, error))
            return false;
    }
    if (version > newest)
        return error_set(error, ERROR_STORE_UNAVAILABLE, NULL,
                         "the database has schema %u, this program knows up to %u", version, newest);
    return true;
}

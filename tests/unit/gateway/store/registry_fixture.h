/* What the tests of the registry have alike: rows to register, and a store to register them in. */
#ifndef TESTS_UNIT_GATEWAY_STORE_REGISTRY_FIXTURE_H
#define TESTS_UNIT_GATEWAY_STORE_REGISTRY_FIXTURE_H

#include "fixture.h"

#define REGISTRY "registry/registry.db"
#define CPR "6101900001"
#define ROWS(table) sizeof table / sizeof *table

/* ---- what is registered ---- */

static inline struct organisation authority(void)
{
    return (struct organisation){.cvr = "99000001", .name = "Myndighed 1", .mandatory_allowed = true};
}

static inline struct system sender_of(const struct organisation *owner)
{
    return (struct system){
        .name = "Fagsystem",
        .types = SYSTEM_SENDER | SYSTEM_RECIPIENT,
        .protocol = "REST_PUSH",
        .certificate_cvr = owner->cvr,
        .certificate_subject = uuid_of(20, 1),
        .allowed_addresses = "192.0.2.0/24, 2001:db8::1",
        .receipt_endpoint = "https://example.test/receipts",
        .active_from = 1000,
        .active_to = 2000,
        .organisation = *owner,
    };
}

static inline struct contact citizen(void)
{
    return (struct contact){.number = CPR, .label = "Borger 1"};
}

static inline struct digest certificate_of(unsigned char number)
{
    return (struct digest){{0xce, number}};
}

/* A fixture with its writer, a store of dpctl and one of a sender worker. */
struct registry {
    struct fixture fixture;
    struct store *control, *sender;
    struct arena *arena;
    struct error error;
};

static inline void registry_open(struct registry *registry)
{
    memset(registry, 0, sizeof *registry);
    fixture_open(&registry->fixture);
    fixture_start(&registry->fixture);
    registry->control = fixture_store(&registry->fixture, 7);
    registry->sender = fixture_store(&registry->fixture, 0);
    registry->arena = arena_new(1u << 20);
    ck_assert_ptr_nonnull(registry->arena);
}

/* Another writer. SQLite's connections are not carried over a fork (reliability.md R5), so ours are closed before. */
static inline void registry_restart(struct registry *registry)
{
    store_close(registry->control);
    store_close(registry->sender);
    fixture_start(&registry->fixture);
    registry->control = fixture_store(&registry->fixture, 7);
    registry->sender = fixture_store(&registry->fixture, 0);
}

static inline void registry_close(struct registry *registry)
{
    arena_free(registry->arena);
    store_close(registry->control);
    store_close(registry->sender);
    fixture_close(&registry->fixture);
}

static inline long count_of(const struct registry *registry, const char *table)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return ask(&registry->fixture, REGISTRY, sql);
}

static inline void must(struct registry *registry, bool done)
{
    ck_assert_msg(done, "%s %s %s", error_kind(registry->error.code)->code, registry->error.where,
                  registry->error.detail);
}

static inline void must_fail(struct registry *registry, bool done, enum error_code code, const char *says)
{
    ck_assert_msg(!done, "%s: was taken", says);
    ck_assert_msg(registry->error.code == code, "%s: %s %s", says, error_kind(registry->error.code)->code,
                  registry->error.detail);
    registry->error = (struct error){0};
}

static inline struct organisation add_authority(struct registry *registry)
{
    struct organisation organisation = authority();

    must(registry, registry_add_organisation(registry->control, &organisation, &registry->error));
    return organisation;
}

static const char token[] = "en-hemmelighed-1";

static inline struct system add_sender(struct registry *registry, const struct organisation *owner)
{
    struct system system = sender_of(owner);

    must(registry, registry_add_system(registry->control, &system, token, &registry->error));
    return system;
}

static inline struct contact add_citizen(struct registry *registry)
{
    struct contact contact = citizen();

    must(registry, registry_add_contact(registry->control, &contact, &registry->error));
    return contact;
}

#endif

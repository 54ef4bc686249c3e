#include "registry_fixture.h"

Suite *suite_registry(void);

/* ---- finding ---- */

START_TEST(a_system_is_found_with_its_certificate_and_all_its_fields)
{
    struct registry registry;
    struct system found;
    struct digest digest;
    char id[UUID_TEXT_SIZE], pair[100];

    registry_open(&registry);
    struct organisation owner = add_authority(&registry);
    struct system system = add_sender(&registry, &owner);

    ck_assert_int_eq(owner.version, 1);
    ck_assert_int_eq(system.version, 1);
    must(&registry, registry_system(registry.sender, "99000001", &system.certificate_subject, &system.id,
                                    registry.arena, &found, &registry.error));
    uuid_format(&system.id, id);
    snprintf(pair, sizeof pair, "%s:%s", id, token);
    ck_assert(digest_of(pair, strlen(pair), &digest));
    ck_assert(digest_same(&found.token_digest, &digest));
    ck_assert(uuid_same(&found.id, &system.id));
    ck_assert_str_eq(found.name, "Fagsystem");
    ck_assert_uint_eq(found.types, SYSTEM_SENDER | SYSTEM_RECIPIENT);
    ck_assert_str_eq(found.protocol, "REST_PUSH");
    ck_assert_str_eq(found.certificate_cvr, "99000001");
    ck_assert(uuid_same(&found.certificate_subject, &system.certificate_subject));
    ck_assert_ptr_null(found.delegated_cvr);
    ck_assert_str_eq(found.allowed_addresses, "192.0.2.0/24, 2001:db8::1");
    ck_assert_str_eq(found.receipt_endpoint, "https://example.test/receipts");
    ck_assert_ptr_null(found.endpoint);
    ck_assert_int_eq(found.active_from, 1000);
    ck_assert_int_eq(found.active_to, 2000);
    ck_assert_int_eq(found.version, 1);
    ck_assert(uuid_same(&found.organisation.id, &owner.id));
    ck_assert_str_eq(found.organisation.cvr, "99000001");
    ck_assert_str_eq(found.organisation.name, "Myndighed 1");
    ck_assert_int_eq(found.organisation.type, ORGANISATION_AUTHORITY);
    ck_assert(found.organisation.mandatory_allowed);
    ck_assert(!found.organisation.legal_notification_allowed);
    ck_assert_int_eq(found.organisation.version, 1);
    registry_close(&registry);
}
END_TEST

START_TEST(a_system_is_not_found_with_another_certificate)
{
    static const struct {
        const char *says, *cvr;
        unsigned subject, id;
        enum error_code code;
    } cases[] = {
        {"the certificate has another system", "99000001", 1, 2, ERROR_BASIC_WRONG},
        {"a certificate of another subject", "99000001", 2, 1, ERROR_CERTIFICATE_NOT_REGISTERED},
        {"a certificate of another CVR", "99000002", 1, 1, ERROR_CERTIFICATE_NOT_REGISTERED},
        {"a certificate and a system nobody knows", "99000002", 2, 2, ERROR_CERTIFICATE_NOT_REGISTERED},
    };
    struct registry registry;
    struct system found;

    registry_open(&registry);
    struct organisation owner = add_authority(&registry);
    struct system system = add_sender(&registry, &owner);

    for (size_t i = 0; i < ROWS(cases); i++) {
        struct uuid subject = uuid_of(20, cases[i].subject), id = cases[i].id == 1 ? system.id : uuid_of(21, 9);

        must_fail(
            &registry,
            registry_system(registry.sender, cases[i].cvr, &subject, &id, registry.arena, &found, &registry.error),
            cases[i].code, cases[i].says);
    }
    registry_close(&registry);
}
END_TEST

START_TEST(a_receipt_worker_knows_its_caller_and_no_addressee)
{
    struct registry registry;
    struct system found;
    struct contact contact;
    struct digest certificate = certificate_of(1);
    bool there;

    registry_open(&registry);
    struct store *receipt = fixture_store(&registry.fixture, 6);
    struct organisation owner = add_authority(&registry);
    struct system system = add_sender(&registry, &owner);

    add_citizen(&registry);
    must(&registry, registry_system(receipt, "99000001", &system.certificate_subject, &system.id, registry.arena,
                                    &found, &registry.error));
    must(&registry, registry_revoked(receipt, &certificate, &there, &registry.error));
    must_fail(&registry, registry_contact(receipt, CPR, registry.arena, &there, &contact, &registry.error),
              ERROR_ROLE_NOT_ALLOWED, "a contact for a receipt worker");
    ck_assert(!there);
    store_close(receipt);
    registry_close(&registry);
}
END_TEST

START_TEST(a_vendors_certificate_opens_the_system_that_delegates_to_it)
{
    struct registry registry;
    struct system found;

    registry_open(&registry);
    struct organisation owner = add_authority(&registry);
    struct system system = sender_of(&owner);

    system.delegated_cvr = system.certificate_cvr = "99000003";
    must(&registry, registry_add_system(registry.control, &system, token, &registry.error));
    must(&registry, registry_system(registry.sender, "99000003", &system.certificate_subject, &system.id,
                                    registry.arena, &found, &registry.error));
    ck_assert_str_eq(found.delegated_cvr, "99000003");
    ck_assert_str_eq(found.organisation.cvr, "99000001");
    registry_close(&registry);
}
END_TEST

START_TEST(a_certificate_is_revoked_from_one_read_to_the_next)
{
    struct registry registry;
    struct digest one = certificate_of(1), other = certificate_of(2);
    bool revoked;

    registry_open(&registry);
    must(&registry, registry_revoked(registry.sender, &one, &revoked, &registry.error));
    ck_assert(!revoked);
    must(&registry, registry_revoke(registry.control, &one, "key lost", &registry.error));
    must(&registry, registry_revoked(registry.sender, &one, &revoked, &registry.error));
    ck_assert(revoked);
    must(&registry, registry_revoked(registry.sender, &other, &revoked, &registry.error));
    ck_assert(!revoked);
    must(&registry, registry_revoke(registry.control, &other, NULL, &registry.error));
    ck_assert_int_eq(ask(&registry.fixture, REGISTRY, "SELECT count(*) FROM revoked_certificate WHERE reason IS NULL"),
                     1);
    must_fail(&registry, registry_revoke(registry.control, &one, "again", &registry.error), ERROR_ALREADY_EXISTS,
              "the same certificate");
    registry_close(&registry);
}
END_TEST

static enum contact_status status_of(struct registry *registry, const char *number, int64_t *version)
{
    struct contact contact;
    bool found;

    must(registry, registry_contact(registry->sender, number, registry->arena, &found, &contact, &registry->error));
    ck_assert(found);
    *version = contact.version;
    return contact.status;
}

START_TEST(a_contact_is_found_and_goes_from_each_status_to_each_other)
{
    static const enum contact_status moves[] = {CONTACT_EXEMPT, CONTACT_CLOSED, CONTACT_REGISTERED,
                                                CONTACT_CLOSED, CONTACT_EXEMPT, CONTACT_REGISTERED};
    struct registry registry;
    struct contact found;
    bool is_there;
    int64_t version;

    registry_open(&registry);
    struct contact contact = add_citizen(&registry);

    must(&registry, registry_contact(registry.sender, CPR, registry.arena, &is_there, &found, &registry.error));
    ck_assert(is_there);
    ck_assert(uuid_same(&found.id, &contact.id));
    ck_assert_str_eq(found.label, "Borger 1");
    ck_assert_str_eq(found.number, CPR);
    ck_assert(!found.company);
    for (size_t i = 0; i < ROWS(moves); i++) {
        must(&registry, registry_set_contact_status(registry.control, CPR, moves[i], &registry.error));
        ck_assert_int_eq(status_of(&registry, CPR, &version), moves[i]);
        ck_assert_int_eq(version, (int64_t)i + 2);
    }
    must(&registry, registry_set_contact_status(registry.control, CPR, CONTACT_REGISTERED, &registry.error));
    status_of(&registry, CPR, &version);
    ck_assert_int_eq(version, ROWS(moves) + 1); /* to what it was is no change, and no event */
    ck_assert_int_eq(count_of(&registry, "event"), 1 + ROWS(moves));
    must_fail(&registry, registry_set_contact_status(registry.control, "6101900002", CONTACT_EXEMPT, &registry.error),
              ERROR_NOT_FOUND, "a stranger");
    must(&registry, registry_contact(registry.sender, "99000001", registry.arena, &is_there, &found, &registry.error));
    ck_assert(!is_there);
    registry_close(&registry);
}
END_TEST

/* ---- lists ---- */

#define CONTACTS 450 /* more than two pages */

struct count {
    unsigned rows, most;
    char number[11];
};

static bool count_contact(void *state, const struct contact *contact)
{
    struct count *count = state;

    snprintf(count->number, sizeof count->number, "61%08u", CONTACTS - count->rows);
    ck_assert_str_eq(contact->number, count->number);
    ck_assert_str_eq(contact->label, "Borger");
    return ++count->rows < count->most;
}

START_TEST(a_list_of_many_pages_comes_whole_and_in_the_order_of_creation)
{
    struct registry registry;
    struct count all = {.most = 1000}, some = {.most = 201};

    memset(&registry, 0, sizeof registry);
    fixture_open(&registry.fixture);
    registry.fixture.config.sync = false; /* the order is looked at, not the disk */
    fixture_start(&registry.fixture);
    registry.control = fixture_store(&registry.fixture, 7);
    registry.arena = arena_new(1u << 20);
    must(&registry, registry_list_contacts(registry.control, count_contact, &all, &registry.error));
    ck_assert_uint_eq(all.rows, 0);
    for (unsigned i = 0; i < CONTACTS; i++) {
        char number[11];
        struct contact contact = {.number = number, .label = "Borger"};

        snprintf(number, sizeof number, "61%08u", CONTACTS - i);
        must(&registry, registry_add_contact(registry.control, &contact, &registry.error));
    }
    must(&registry, registry_list_contacts(registry.control, count_contact, &all, &registry.error));
    ck_assert_uint_eq(all.rows, CONTACTS);
    must(&registry, registry_list_contacts(registry.control, count_contact, &some, &registry.error));
    ck_assert_uint_eq(some.rows, 201);
    registry_close(&registry);
}
END_TEST

static bool see_organisation(void *state, const struct organisation *organisation)
{
    char *seen = state;

    strcat(strcat(seen, organisation->cvr), organisation->type == ORGANISATION_COMPANY ? "C " : "A ");
    return true;
}

static bool see_system(void *state, const struct system *system)
{
    char *seen = state;

    strcat(strcat(strcat(strcat(seen, system->name), "@"), system->organisation.cvr), " ");
    return true;
}

START_TEST(organisations_and_systems_are_listed_with_whom_they_belong_to)
{
    struct registry registry;
    char organisations[100] = "", systems[100] = "";

    registry_open(&registry);
    struct organisation one = add_authority(&registry);
    struct organisation two = {.cvr = "10000002", .name = "Virksomhed 2", .type = ORGANISATION_COMPANY};

    must(&registry, registry_add_organisation(registry.control, &two, &registry.error));
    struct system b = sender_of(&two), a = sender_of(&one);

    b.name = "B";
    a.name = "A";
    must(&registry, registry_add_system(registry.control, &b, token, &registry.error));
    must(&registry, registry_add_system(registry.control, &a, token, &registry.error));
    must(&registry, registry_list_organisations(registry.control, see_organisation, organisations, &registry.error));
    must(&registry, registry_list_systems(registry.control, see_system, systems, &registry.error));
    ck_assert_str_eq(organisations, "99000001A 10000002C ");
    ck_assert_str_eq(systems, "B@10000002 A@99000001 ");
    must_fail(&registry, registry_list_systems(registry.sender, see_system, systems, &registry.error),
              ERROR_ROLE_NOT_ALLOWED, "a list for a worker");
    registry_close(&registry);
}
END_TEST

/* ---- events, and a restart ---- */

struct chain {
    struct digest_stream *digests;
    struct digest head;
    int64_t seq;
};

/* The hash of each event follows from the one before and from what the row says. */
static bool walk_chain(struct backend *backend, void *state, struct error *error)
{
    struct chain *chain = state;
    struct query query;

    ck_assert(query_begin(backend, STMT_REGISTRY_EVENT_PAGE, &query, error));
    query_set_number(&query, ":after", 0);
    query_set_number(&query, ":most", 1000);
    while (query_step(&query)) {
        struct uuid ids[3];
        const struct uuid *id[3] = {NULL};
        struct digest expected, hash;

        for (int i = 0; i < 3; i++)
            if (!query_is_null(&query, 3 + i) && query_uuid(&query, 3 + i, &ids[i]))
                id[i] = &ids[i];
        struct event event = {query_text(&query, 2), id[0], id[1], id[2], query_text(&query, 6), query_text(&query, 7)};

        ck_assert_int_eq(query_number(&query, 0), ++chain->seq);
        ck_assert(query_digest(&query, 8, &hash));
        ck_assert(event_hash(chain->digests, &chain->head, chain->seq, query_number(&query, 1), &event, &expected));
        ck_assert(digest_same(&hash, &expected));
        chain->head = hash;
    }
    return query_end(&query);
}

static int64_t chain_length(struct registry *registry)
{
    struct chain chain = {.digests = digest_open()};

    ck_assert_ptr_nonnull(chain.digests);
    must(registry, store_read(registry->control, DATABASE_REGISTRY, walk_chain, &chain, &registry->error));
    digest_close(chain.digests);
    return chain.seq;
}

static void add_all(struct registry *registry)
{
    struct digest certificate = certificate_of(1);
    struct organisation owner = add_authority(registry);

    add_sender(registry, &owner);
    add_citizen(registry);
    must(registry, registry_set_contact_status(registry->control, CPR, CONTACT_CLOSED, &registry->error));
    must(registry, registry_revoke(registry->control, &certificate, "Borger 1 lost it", &registry->error));
}

START_TEST(every_change_is_one_event_of_the_chain_and_names_nobody)
{
    static const char *const expected[] = {
        "tag = 'UNKNOWN' AND organisation IS NOT NULL AND detail LIKE '%ORGANISATION_ADDED%'",
        "tag = 'SYSTEM_CHANGED' AND organisation IS NOT NULL AND system IS NOT NULL AND detail LIKE '%SYSTEM_ADDED%'",
        "tag = 'DIGITAL_POST_REGISTERED' AND detail LIKE '%CONTACT_ADDED%'",
        "tag = 'CONTACT_CPR_UPDATED' AND detail LIKE '%CLOSED%'",
        "tag = 'UNKNOWN' AND detail LIKE '%CERTIFICATE_REVOKED%'",
    };
    struct registry registry;
    char sql[300];

    registry_open(&registry);
    add_all(&registry);
    ck_assert_int_eq(chain_length(&registry), ROWS(expected));
    for (size_t i = 0; i < ROWS(expected); i++) {
        snprintf(sql, sizeof sql, "SELECT seq FROM event WHERE actor = 'dpctl' AND json_valid(detail) AND %s",
                 expected[i]);
        ck_assert_int_eq(ask(&registry.fixture, REGISTRY, sql), (long)i + 1);
    }
    ck_assert_int_eq(ask(&registry.fixture, REGISTRY,
                         "SELECT count(*) FROM event WHERE detail LIKE '%" CPR "%' OR detail LIKE '%Borger%'"),
                     0);
    ck_assert_int_eq(ask(&registry.fixture, REGISTRY, "SELECT value FROM counter WHERE name = 'events'"),
                     ROWS(expected));
    registry_close(&registry);
}
END_TEST

START_TEST(a_killed_writer_loses_nothing_and_the_chain_goes_on)
{
    struct registry registry;
    struct system found;
    struct uuid subject = uuid_of(20, 1);
    struct digest certificate = certificate_of(1);
    struct contact company = {.number = "99000001", .company = true, .label = "Myndighed 1", .status = CONTACT_EXEMPT};
    bool revoked;
    int64_t version;

    registry_open(&registry);
    struct organisation owner = add_authority(&registry);
    struct system system = add_sender(&registry, &owner);

    add_citizen(&registry);
    must(&registry, registry_set_contact_status(registry.control, CPR, CONTACT_CLOSED, &registry.error));
    must(&registry, registry_revoke(registry.control, &certificate, NULL, &registry.error));
    fixture_end(&registry.fixture, SIGKILL);
    registry_restart(&registry);
    must(&registry,
         registry_system(registry.sender, "99000001", &subject, &system.id, registry.arena, &found, &registry.error));
    must(&registry, registry_revoked(registry.sender, &certificate, &revoked, &registry.error));
    ck_assert(revoked);
    ck_assert_int_eq(status_of(&registry, CPR, &version), CONTACT_CLOSED);
    must(&registry, registry_add_contact(registry.control, &company, &registry.error));
    ck_assert_int_eq(chain_length(&registry), 6);
    registry_close(&registry);
}
END_TEST

START_TEST(dpctl_changes_the_registry_through_the_control_socket)
{
    struct registry registry;
    struct store *control;
    struct contact contact = citizen();
    int64_t version;

    registry_open(&registry);
    must(&registry, store_open_control(&registry.fixture.config, &control, &registry.error));
    must(&registry, registry_add_contact(control, &contact, &registry.error));
    ck_assert_int_eq(status_of(&registry, CPR, &version), CONTACT_REGISTERED);
    store_close(control);
    registry_close(&registry);
}
END_TEST

Suite *suite_registry(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_system_is_found_with_its_certificate_and_all_its_fields);
    tcase_add_test(tests, a_system_is_not_found_with_another_certificate);
    tcase_add_test(tests, a_receipt_worker_knows_its_caller_and_no_addressee);
    tcase_add_test(tests, a_vendors_certificate_opens_the_system_that_delegates_to_it);
    tcase_add_test(tests, a_certificate_is_revoked_from_one_read_to_the_next);
    tcase_add_test(tests, a_contact_is_found_and_goes_from_each_status_to_each_other);
    tcase_add_test(tests, a_list_of_many_pages_comes_whole_and_in_the_order_of_creation);
    tcase_add_test(tests, organisations_and_systems_are_listed_with_whom_they_belong_to);
    tcase_add_test(tests, every_change_is_one_event_of_the_chain_and_names_nobody);
    tcase_add_test(tests, a_killed_writer_loses_nothing_and_the_chain_goes_on);
    tcase_add_test(tests, dpctl_changes_the_registry_through_the_control_socket);
    suite_add_tcase(suite, tests);
    return suite;
}

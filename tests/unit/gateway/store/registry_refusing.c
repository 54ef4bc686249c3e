#include "registry_fixture.h"

Suite *suite_registry_refusing(void);

/* ---- refusals ---- */

START_TEST(what_is_taken_is_refused_and_leaves_no_event)
{
    struct registry registry;

    registry_open(&registry);
    struct organisation first = add_authority(&registry), same_cvr = authority(), same_id = first;
    struct system system = add_sender(&registry, &first), same_system = sender_of(&first);
    struct contact contact = add_citizen(&registry), same_number = citizen(), same_contact = contact;

    same_id.cvr = "99000002";
    same_system.id = system.id;
    same_contact.number = "6101900002";
    long events = count_of(&registry, "event");

    ck_assert_int_eq(events, 3);
    for (int64_t last = time_now(); time_now() == last;) { /* a change of the same moment would be the same one */
    }
    must_fail(&registry, registry_add_organisation(registry.control, &same_cvr, &registry.error), ERROR_ALREADY_EXISTS,
              "CVR");
    must_fail(&registry, registry_add_organisation(registry.control, &same_id, &registry.error), ERROR_ALREADY_EXISTS,
              "organisation's id");
    must_fail(&registry, registry_add_system(registry.control, &same_system, token, &registry.error),
              ERROR_ALREADY_EXISTS, "system's id");
    must_fail(&registry, registry_add_contact(registry.control, &same_number, &registry.error), ERROR_ALREADY_EXISTS,
              "CPR");
    must_fail(&registry, registry_add_contact(registry.control, &same_contact, &registry.error), ERROR_ALREADY_EXISTS,
              "contact's id");
    ck_assert_int_eq(count_of(&registry, "event"), events);
    ck_assert_int_eq(count_of(&registry, "organisation"), 1);
    ck_assert_int_eq(count_of(&registry, "system"), 1);
    ck_assert_int_eq(count_of(&registry, "contact"), 1);
    registry_close(&registry);
}
END_TEST

static char long_text[3000];

START_TEST(an_organisation_with_a_wrong_field_is_refused)
{
    static const struct organisation cases[] = {
        {.cvr = NULL, .name = "no CVR"},
        {.cvr = "9900000", .name = "a CVR of seven digits"},
        {.cvr = "990000011", .name = "a CVR of nine digits"},
        {.cvr = "9900000x", .name = "a CVR with a letter"},
        {.cvr = "99000001", .name = NULL},
        {.cvr = "99000001", .name = ""},
        {.cvr = "99000001", .name = "a line\nbreak"},
        {.cvr = "99000001", .name = "\xff\xfe"},
        {.cvr = "99000001", .name = "\x1b[31mred"},
        {.cvr = "99000001", .name = long_text},
        {.cvr = "99000001", .name = "a type there is not", .type = 2},
    };
    struct registry registry;

    memset(long_text, 'x', sizeof long_text - 1);
    registry_open(&registry);
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct organisation organisation = cases[i];

        must_fail(&registry, registry_add_organisation(registry.control, &organisation, &registry.error),
                  ERROR_CHANGE_MALFORMED, cases[i].name ? cases[i].name : "no name");
    }
    ck_assert_int_eq(count_of(&registry, "organisation"), 0);
    ck_assert_int_eq(count_of(&registry, "event"), 0);
    registry_close(&registry);
}
END_TEST

/* Each takes a good system and spoils one field. */
static void no_name(struct system *system)
{
    system->name = NULL;
}
static void no_types(struct system *system)
{
    system->types = 0;
}
static void unknown_type(struct system *system)
{
    system->types = 8 | SYSTEM_SENDER;
}
static void unknown_protocol(struct system *system)
{
    system->protocol = "PIGEON";
}
static void no_protocol(struct system *system)
{
    system->protocol = NULL;
}
static void foreign_certificate(struct system *system)
{
    system->certificate_cvr = "99000003";
}
static void own_certificate_of_a_delegating_one(struct system *system)
{
    system->delegated_cvr = "99000003";
}
static void no_certificate(struct system *system)
{
    system->certificate_cvr = NULL;
}
static void no_subject(struct system *system)
{
    memset(&system->certificate_subject, 0, sizeof system->certificate_subject);
}
static void short_delegated(struct system *system)
{
    system->delegated_cvr = "9900";
}
static void addresses_by_name(struct system *system)
{
    system->allowed_addresses = "host.test";
}
static void empty_addresses(struct system *system)
{
    system->allowed_addresses = "";
}
static void endpoint_of_a_file(struct system *system)
{
    system->endpoint = "file:///etc/passwd";
}
static void receipts_with_a_blank(struct system *system)
{
    system->receipt_endpoint = "https://example.test/ x";
}
static void ends_before_it_begins(struct system *system)
{
    system->active_to = system->active_from;
}
static void before_all_time(struct system *system)
{
    system->active_from = -1;
}
static void no_owner(struct system *system)
{
    memset(&system->organisation.id, 0, sizeof system->organisation.id);
}

START_TEST(a_system_with_a_wrong_field_is_refused)
{
#define CASE(spoil)                                                                                                    \
    {                                                                                                                  \
#spoil, spoil                                                                                                  \
    }
    static const struct {
        const char *says;
        void (*spoil)(struct system *system);
    } cases[] = {
        CASE(no_name),
        CASE(no_types),
        CASE(unknown_type),
        CASE(unknown_protocol),
        CASE(no_protocol),
        CASE(foreign_certificate),
        CASE(own_certificate_of_a_delegating_one),
        CASE(no_certificate),
        CASE(no_subject),
        CASE(short_delegated),
        CASE(addresses_by_name),
        CASE(empty_addresses),
        CASE(endpoint_of_a_file),
        CASE(receipts_with_a_blank),
        CASE(ends_before_it_begins),
        CASE(before_all_time),
        CASE(no_owner),
    };
#undef CASE
    struct registry registry;

    registry_open(&registry);
    struct organisation owner = add_authority(&registry), stranger = owner;

    for (size_t i = 0; i < ROWS(cases); i++) {
        struct system system = sender_of(&owner);

        cases[i].spoil(&system);
        must_fail(&registry, registry_add_system(registry.control, &system, token, &registry.error),
                  ERROR_CHANGE_MALFORMED, cases[i].says);
    }
    stranger.id = uuid_of(2, 77);
    struct system orphan = sender_of(&stranger), open = sender_of(&owner);

    must_fail(&registry, registry_add_system(registry.control, &orphan, token, &registry.error), ERROR_NOT_FOUND,
              "an owner nobody knows");
    must_fail(&registry, registry_add_system(registry.control, &open, "", &registry.error), ERROR_CHANGE_MALFORMED,
              "an empty token");
    ck_assert_int_eq(count_of(&registry, "system"), 0);
    ck_assert_int_eq(count_of(&registry, "event"), 1);
    registry_close(&registry);
}
END_TEST

START_TEST(a_contact_with_a_wrong_field_is_refused)
{
    static const struct contact cases[] = {
        {.number = NULL, .label = "no number"},
        {.number = "61019000", .label = "a CPR of eight digits"},
        {.number = "610190-001", .label = "a CPR with a dash"},
        {.number = "99000001xx", .label = "letters"},
        {.number = CPR, .label = "a CPR for a company", .company = true},
        {.number = CPR, .label = NULL},
        {.number = CPR, .label = ""},
        {.number = CPR, .label = "\xc3"},
        {.number = CPR, .label = "a status there is not", .status = 3},
    };
    struct registry registry;

    registry_open(&registry);
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct contact contact = cases[i];

        must_fail(&registry, registry_add_contact(registry.control, &contact, &registry.error), ERROR_CHANGE_MALFORMED,
                  cases[i].label ? cases[i].label : "no label");
    }
    must_fail(&registry, registry_set_contact_status(registry.control, "61", CONTACT_CLOSED, &registry.error),
              ERROR_CHANGE_MALFORMED, "a number of two digits");
    must_fail(&registry, registry_set_contact_status(registry.control, NULL, CONTACT_CLOSED, &registry.error),
              ERROR_CHANGE_MALFORMED, "no number");
    must_fail(&registry, registry_set_contact_status(registry.control, CPR, 3, &registry.error), ERROR_CHANGE_MALFORMED,
              "a status there is not");
    ck_assert_int_eq(count_of(&registry, "event"), 0);
    registry_close(&registry);
}
END_TEST

/* ---- packed fields as somebody else might pack them ---- */

static void pack_organisation(struct packer *packer)
{
    struct uuid id = uuid_of(2, 1);

    pack_u64(packer, 1000);
    pack_fixed(packer, id.bytes, sizeof id.bytes);
    pack_text(packer, "99000001");
    pack_text(packer, "Myndighed 1");
    pack_u8(packer, 0);
    pack_u8(packer, 1);
    pack_u8(packer, 0);
}

static void pack_system(struct packer *packer)
{
    struct uuid ids[] = {uuid_of(21, 1), uuid_of(2, 1), uuid_of(20, 1)};
    struct digest digest = certificate_of(9);

    pack_u64(packer, 1000);
    pack_fixed(packer, ids, 32);
    pack_text(packer, "Fagsystem");
    pack_u32(packer, SYSTEM_SENDER);
    pack_text(packer, "REST_PULL");
    pack_text(packer, "99000001");
    pack_fixed(packer, &ids[2], 16);
    pack_fixed(packer, digest.bytes, DIGEST_SIZE);
    for (int i = 0; i < 4; i++)
        pack_text(packer, NULL);
    pack_u64(packer, 0);
    pack_u64(packer, 0);
}

static void pack_contact(struct packer *packer)
{
    struct uuid id = uuid_of(22, 1);

    pack_u64(packer, 1000);
    pack_fixed(packer, id.bytes, sizeof id.bytes);
    pack_u8(packer, 0);
    pack_text(packer, CPR);
    pack_text(packer, "Borger 1");
    pack_u8(packer, 0);
}

static void pack_status(struct packer *packer)
{
    pack_text(packer, CPR);
    pack_u8(packer, CONTACT_EXEMPT);
}

static void pack_revocation(struct packer *packer)
{
    struct digest digest = certificate_of(1);

    pack_u64(packer, 1000);
    pack_fixed(packer, digest.bytes, DIGEST_SIZE);
    pack_text(packer, "key lost");
}

/* In an order in which each is possible after the one before. */
static const struct {
    enum verb verb;
    void (*pack)(struct packer *packer);
    bool versioned;
} packed[] = {
    {VERB_ORGANISATION_ADD, pack_organisation, true},
    {VERB_SYSTEM_ADD, pack_system, true},
    {VERB_CONTACT_ADD, pack_contact, true},
    {VERB_CONTACT_STATUS, pack_status, false},
    {VERB_REVOKE, pack_revocation, false},
};

static bool send_bytes(struct registry *registry, struct store *store, enum verb verb, const struct buffer *bytes,
                       size_t size, struct unpacker *answer)
{
    registry->error = (struct error){0};
    struct packer *packer = change_begin(store, verb, NULL);

    pack_fixed(packer, bytes->data, size);
    return change_ask(store, answer, &registry->error);
}

/* Every shorter one, one byte more, a moment beyond what the database keeps; then the good one, twice. */
static void try_packed(struct registry *registry, size_t row)
{
    struct buffer bytes = {.limit = 10000};
    struct packer packer = {.buffer = &bytes};
    enum verb verb = packed[row].verb;
    struct unpacker answer;

    packed[row].pack(&packer);
    size_t whole = bytes.size;
    long events = count_of(registry, "event");

    for (size_t size = 0; size < whole; size++)
        must_fail(registry, send_bytes(registry, registry->control, verb, &bytes, size, &answer),
                  ERROR_CHANGE_MALFORMED, "cut short");
    pack_u8(&packer, 0);
    must_fail(registry, send_bytes(registry, registry->control, verb, &bytes, bytes.size, &answer),
              ERROR_CHANGE_MALFORMED, "a byte more");
    must_fail(registry, send_bytes(registry, registry->sender, verb, &bytes, whole, &answer), ERROR_ROLE_NOT_ALLOWED,
              "a worker asks");
    bytes.data[7] = (char)(bytes.data[7] ^ 0x80);
    must_fail(registry, send_bytes(registry, registry->control, verb, &bytes, whole, &answer), ERROR_CHANGE_MALFORMED,
              "the first eight bytes");
    bytes.data[7] = (char)(bytes.data[7] ^ 0x80);
    ck_assert_int_eq(count_of(registry, "event"), events);
    for (int i = 0; i < 2; i++) { /* sent again because the writer died, it is answered as the first time */
        must(registry, send_bytes(registry, registry->control, verb, &bytes, whole, &answer));
        ck_assert_uint_eq(packed[row].versioned ? unpack_u64(&answer) : 1, 1);
        ck_assert(unpack_done(&answer));
        ck_assert_int_eq(count_of(registry, "event"), events + 1);
    }
    buffer_free(&bytes);
}

START_TEST(packed_fields_are_taken_whole_or_not_at_all)
{
    struct registry registry;

    registry_open(&registry);
    for (size_t i = 0; i < ROWS(packed); i++)
        try_packed(&registry, i);
    registry_close(&registry);
}
END_TEST

Suite *suite_registry_refusing(void)
{
    Suite *suite = suite_create("registry_refusing");
    TCase *tests = tcase_create("registry_refusing");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_taken_is_refused_and_leaves_no_event);
    tcase_add_test(tests, an_organisation_with_a_wrong_field_is_refused);
    tcase_add_test(tests, a_system_with_a_wrong_field_is_refused);
    tcase_add_test(tests, a_contact_with_a_wrong_field_is_refused);
    tcase_add_test(tests, packed_fields_are_taken_whole_or_not_at_all);
    suite_add_tcase(suite, tests);
    return suite;
}

/* A store in a fresh folder, with a real writer process over real socketpairs. */
#ifndef TESTS_UNIT_GATEWAY_STORE_FIXTURE_H
#define TESTS_UNIT_GATEWAY_STORE_FIXTURE_H

#include "gateway/store/writer_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <openssl/evp.h>

#include "gateway/base/time.h"
#include "schema/memo.h"

#define SLOTS 11
#define READER_SLOT 8
#define DISPATCHER_SLOT 9 /* and the one behind it */
#define DRAIN SIGUSR1

struct fixture {
    struct config config;
    char folder[64], control_path[100];
    int worker_end[SLOTS], writer_end[SLOTS], control;
    struct writer_slot slots[SLOTS];
    struct metrics *metrics; /* shared with the writer */
    struct log log;          /* to log_path, for nothing unexpected may be logged unseen */
    pid_t writer;
};

static inline void fixture_config(struct fixture *fixture)
{
    fixture->config = (struct config){
        .state_dir = fixture->folder,
        .run_dir = fixture->folder,
        .free_floor = 1,
        .wal_checkpoint = 4u << 20,
        .wal_cap = 64u << 20,
        .clock_back_seconds = 300,
        .inline_content = 64u << 10,
        .group_max = 64,
        .group_bytes = 4u << 20,
        .change_timeout_ms = 8000,
        .queue_max = 500,
        .orphan_hours = 24,
        .sync = true,
    };
}

/* Slots 0 to 5 speak for senders, 6 for a receipt worker, 7 for dpctl, 8 for a reader, 9 and 10 for dispatchers. */
static inline enum role fixture_role(int slot)
{
    static const enum role others[] = {ROLE_RECEIPT, ROLE_CLI, ROLE_READER, ROLE_DISPATCHER, ROLE_DISPATCHER};

    return slot < 6 ? ROLE_SENDER : others[slot - 6];
}

static inline void fixture_open(struct fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/dp-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
    fixture_config(fixture);
    fixture->metrics = metrics_open();
    for (int i = 0; i < SLOTS; i++) {
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        fixture->worker_end[i] = pair[0];
        fixture->writer_end[i] = pair[1];
        fixture->slots[i] = (struct writer_slot){.fd = pair[1], .role = fixture_role(i)};
    }
    snprintf(fixture->control_path, sizeof fixture->control_path, "%s/control.sock", fixture->folder);
    strcpy(address.sun_path, fixture->control_path);
    fixture->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(fixture->control, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fixture->control, 8), 0);
}

static inline void fixture_serve(struct fixture *fixture, int ready)
{
    struct error error = {0};
    struct writer *writer;
    sigset_t drain;

    sigemptyset(&drain);
    sigaddset(&drain, DRAIN);
    sigprocmask(SIG_BLOCK, &drain, NULL);
    fixture->log = (struct log){.role = "writer", .slot = -1, .least = LOG_ERROR, .fd = STDERR_FILENO};
    if (!writer_open(&fixture->config, &fixture->log, fixture->metrics, &error, &writer)) {
        fprintf(stderr, "writer_open: %s %s %s\n", error_kind(error.code)->code, error.where, error.detail);
        _exit(2);
    }
    if (write(ready, "", 1) != 1)
        _exit(3);
    bool drained = writer_serve(writer, fixture->slots, SLOTS, fixture->control, DRAIN, &error);

    writer_close(writer);
    _exit(drained ? 0 : 1);
}

/* Returns once the databases can be read. */
static inline void fixture_start(struct fixture *fixture)
{
    int ready[2];
    char byte;

    ck_assert_int_eq(pipe(ready), 0);
    fixture->writer = fork();
    ck_assert_int_ge(fixture->writer, 0);
    if (!fixture->writer)
        fixture_serve(fixture, ready[1]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static inline int fixture_end(struct fixture *fixture, int signal)
{
    int status = 0;

    kill(fixture->writer, signal);
    waitpid(fixture->writer, &status, 0);
    fixture->writer = 0;
    return status;
}

/* Opens what a writer left, and closes it at once. */
static inline enum error_code fixture_reopen(const struct fixture *fixture)
{
    struct error error = {0};
    struct writer *writer;

    if (!writer_open(&fixture->config, NULL, NULL, &error, &writer))
        return error.code;
    writer_close(writer);
    return ERROR_NONE;
}

/* Drains the writer, which must end well, and removes the folder. */
static inline void fixture_close(struct fixture *fixture)
{
    char command[100];

    if (fixture->writer)
        ck_assert_int_eq(fixture_end(fixture, DRAIN), 0);
    for (int i = 0; i < SLOTS; i++) {
        close(fixture->worker_end[i]);
        close(fixture->writer_end[i]);
    }
    close(fixture->control);
    metrics_close(fixture->metrics);
    snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    ck_assert_int_eq(system(command), 0);
}

static inline struct store *fixture_store(struct fixture *fixture, int slot)
{
    struct error error = {0};
    struct store *store;

    ck_assert_msg(store_open(&fixture->config, fixture_role(slot), fixture->worker_end[slot], &store, &error),
                  "store_open: %s %s", error_kind(error.code)->code, error.detail);
    return store;
}

/* ---- letters ---- */

#define LETTER_FILES 5
#define LETTER_BASE64 5336           /* characters of a file's 4000 bytes, in one line */
#define LETTER_LAYOUT "\x80\x9b\x05" /* which is this layout (schema/layout.c) */

/* A letter with one document and five files; equal numbers make equal letters. */
struct letter {
    struct submission submission;
    struct system system;
    struct kept_document document;
    struct kept_content contents[LETTER_FILES];
    char bytes[LETTER_FILES][4000], skeleton[8000], number[11];
};

static inline struct uuid uuid_of(unsigned kind, unsigned number)
{
    struct uuid uuid = {{0xaa, (unsigned char)kind}};

    memcpy(uuid.bytes + 8, &number, sizeof number);
    uuid.bytes[6] = 0x40;
    return uuid;
}

/* Bytes that nothing makes shorter, the same each time. */
static inline void no_pattern(char *bytes, size_t size)
{
    uint64_t random = 88172645463325252u; /* xorshift64, G. Marsaglia 2003 */

    for (size_t i = 0; i < size; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        bytes[i] = (char)(random >> 32);
    }
}

static inline void letter_contents(struct letter *letter, unsigned number)
{
    for (unsigned i = 0; i < LETTER_FILES; i++) {
        struct kept_content *content = &letter->contents[i];

        for (size_t k = 0; k < sizeof letter->bytes[i]; k++)
            letter->bytes[i][k] = (char)(k * 31 + i);
        if (i) /* the first file is the same in all letters */
            memcpy(letter->bytes[i], &number, sizeof number);
        *content = (struct kept_content){.size = sizeof letter->bytes[i],
                                         .bytes = letter->bytes[i],
                                         .filename = "brev.pdf",
                                         .format = "application/pdf",
                                         .language = "da",
                                         .skeleton_offset = 100 * i,
                                         .layout = LETTER_LAYOUT,
                                         .layout_size = 3,
                                         .id = uuid_of(6, number * LETTER_FILES + i)};
        ck_assert(digest_of(letter->bytes[i], sizeof letter->bytes[i], &content->digest));
    }
}

/* The digest of its document: the skeleton with the base64 of the files at their places. */
static inline void letter_digest(struct letter *letter)
{
    static char document[sizeof letter->skeleton + LETTER_FILES * LETTER_BASE64 + 1];
    struct submission *submission = &letter->submission;
    size_t at = 0, size = 0;

    for (unsigned i = 0; i < LETTER_FILES; i++) {
        size_t offset = (size_t)letter->contents[i].skeleton_offset;

        memcpy(document + size, letter->skeleton + at, offset - at);
        size += offset - at;
        at = offset;
        size += (size_t)EVP_EncodeBlock((unsigned char *)document + size, (unsigned char *)letter->bytes[i],
                                        sizeof letter->bytes[i]);
    }
    memcpy(document + size, letter->skeleton + at, sizeof letter->skeleton - at);
    submission->size = size + sizeof letter->skeleton - at;
    ck_assert(digest_of(document, (size_t)submission->size, &submission->digest));
}

static inline void letter_make(struct letter *letter, unsigned number)
{
    static unsigned transmissions;

    memset(letter, 0, sizeof *letter);
    memset(letter->skeleton, 'x', sizeof letter->skeleton);
    memcpy(letter->skeleton + 50, &number, sizeof number);
    snprintf(letter->number, sizeof letter->number, "61%08u", number % 100);
    letter->system.id = uuid_of(1, 1);
    letter->system.organisation.id = uuid_of(2, 1);
    letter->document = (struct kept_document){.label = "Brev", .id = uuid_of(5, number)};
    letter_contents(letter, number);
    letter->submission = (struct submission){
        .system = &letter->system,
        .transmission_id = uuid_of(3, (unsigned)getpid() * 100000u + ++transmissions),
        .message_uuid = uuid_of(4, number),
        .message_id = "M-1",
        .label = "Et brev",
        .message_type = "DIGITALPOST",
        .sender_label = "Myndighed 1",
        .recipient_number = letter->number,
        .received = time_now(),
        .available = 1,
        .placed = true,
        .content_size = LETTER_FILES * 4000,
        .version = "1.2",
        .skeleton = letter->skeleton,
        .skeleton_size = sizeof letter->skeleton,
        .documents = &letter->document,
        .document_count = 1,
        .contents = letter->contents,
        .content_count = LETTER_FILES,
        .view = "\"label\":\"Et brev\"",
        .business = {.id = uuid_of(7, number), .status = RECEIPT_COMPLETED, .time = time_now()},
    };
    letter_digest(letter);
}

static inline bool letter_send(struct store *store, struct letter *letter, struct acceptance *acceptance,
                               struct error *error)
{
    static struct arena *arena;

    if (!arena)
        arena = arena_new(1u << 20);
    arena_reset(arena);
    memset(error, 0, sizeof *error);
    return store_accept(store, &letter->submission, arena, acceptance, error);
}

static inline void letter_must_be_taken(struct store *store, unsigned number, bool repeated)
{
    struct letter letter;
    struct acceptance acceptance;
    struct error error;

    letter_make(&letter, number);
    ck_assert_msg(letter_send(store, &letter, &acceptance, &error), "letter %u: %s %s %s", number,
                  error_kind(error.code)->code, error.where, error.detail);
    ck_assert_int_eq(acceptance.repeated, repeated);
}

/* As dpctl does it. */
static inline bool letter_restore(const struct letter_parts *parts, struct error *error)
{
    const struct memo_parts memo = {
        .state = parts->state, .fetch = parts->fetch, .layout = parts->layout, .write = parts->write};

    return memo_restore(parts->skeleton, parts->skeleton_size, parts->offsets, parts->count, &memo, error);
}

/* What the database says to a query of the test's own; -1 when it fails. Read with the program sqlite3, so that the
 * test does not lean on the code it tests. */
static inline long ask(const struct fixture *fixture, const char *database, const char *sql)
{
    char command[1000], line[100] = "-1";

    snprintf(command, sizeof command, "sqlite3 -readonly '%s/%s' \"%s\"", fixture->folder, database, sql);
    FILE *pipe = popen(command, "r");

    ck_assert_ptr_nonnull(pipe);
    if (!fgets(line, sizeof line, pipe))
        strcpy(line, "-1");
    pclose(pipe);
    return atol(line);
}

static inline long ask_mail(const struct fixture *fixture, const char *sql)
{
    return ask(fixture, "mail/mail.db", sql);
}

#endif

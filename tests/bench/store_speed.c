/* store_speed: durable changes a second of the writer alone.
 *
 *   store_speed --config FILE --state DIR [--group-max N] [--clients N] [--seconds S] [--bytes N]
 *
 * Runs the writer of this build over a fresh store in DIR and N processes that each submit one letter after the other
 * through a slot of their own, as sender workers do. Prints one JSON object. */
#include "gateway/store/store.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/time.h"

#define CLIENTS_MAX 256
#define CONTENT_BYTES 2048
#define MAILBOXES 1000

struct shared {
    bool go, stop;
    uint64_t accepted[CLIENTS_MAX];
    uint64_t waited_max[CLIENTS_MAX]; /* milliseconds */
};

struct speed {
    const char *config_file, *state, *group_max;
    unsigned clients;
    double seconds;
    size_t bytes;
    struct config *config;
    struct shared *shared;
    int slots[CLIENTS_MAX][2]; /* the writer's end, the client's */
};

static void stop(const char *what, const struct error *error)
{
    fprintf(stderr, "store_speed: %s: %s %s\n", what, error ? error_kind(error->code)->code : strerror(errno),
            error ? error->detail : "");
    exit(1);
}

/* ---- one client ---- */

struct letter {
    struct system system;
    struct kept_document document;
    struct kept_content content;
    struct submission submission;
    char *skeleton;
    char bytes[CONTENT_BYTES];
    char number[11];
};

static void letter_open(struct letter *letter, const struct speed *speed)
{
    memset(letter, 0, sizeof(*letter));
    letter->skeleton = malloc(speed->bytes);
    if (!letter->skeleton || !uuid_random(&letter->system.id) || !uuid_random(&letter->system.organisation.id))
        stop("no memory", NULL);
    /* bytes that do not become shorter, for a change is to be as long as it says */
    for (size_t at = 0; at < speed->bytes; at += 256)
        if (getrandom(letter->skeleton + at, speed->bytes - at < 256 ? speed->bytes - at : 256, 0) < 0)
            stop("no randomness", NULL);
    memset(letter->bytes, 'y', sizeof(letter->bytes));
    letter->document = (struct kept_document){.label = "Brev"};
    letter->content = (struct kept_content){.size = CONTENT_BYTES,
                                            .bytes = letter->bytes,
                                            .filename = "brev.pdf",
                                            .format = "application/pdf",
                                            .language = "da",
                                            .layout = "",
                                            .layout_size = 0};
    letter->submission = (struct submission){
        .system = &letter->system,
        .label = "Brev",
        .message_type = "DIGITALPOST",
        .sender_label = "Myndighed 1",
        .recipient_label = "Borger 1",
        .recipient_number = letter->number,
        .placed = true,
        .version = "1.2",
        .content_size = CONTENT_BYTES,
        .skeleton = letter->skeleton,
        .skeleton_size = speed->bytes - CONTENT_BYTES,
        .documents = &letter->document,
        .document_count = 1,
        .contents = &letter->content,
        .content_count = 1,
        .view = "\"label\":\"Brev\"",
    };
}

/* Another letter with the same memory. */
static bool letter_next(struct letter *letter, uint64_t turn)
{
    struct submission *s = &letter->submission;

    if (!uuid_random(&s->message_uuid) || !uuid_random(&s->transmission_id) || !uuid_random(&s->business.id)
        || !uuid_random(&letter->document.id) || !uuid_random(&letter->content.id))
        return false;
    memcpy(letter->bytes, s->message_uuid.bytes, sizeof(s->message_uuid.bytes));
    snprintf(letter->number, sizeof(letter->number), "61019%05u", (unsigned)(turn % MAILBOXES));
    s->received = s->available = time_now();
    uuid_order(&s->business.id, s->received); /* as the sender workers do */
    s->size = s->skeleton_size + s->content_size * 4 / 3;
    s->business.status = RECEIPT_COMPLETED;
    s->business.time = s->received;
    s->business.transmission_id = s->transmission_id;
    s->business.message_uuid = s->message_uuid;
    return digest_of(letter->bytes, CONTENT_BYTES, &letter->content.digest)
           && digest_of(s->message_uuid.bytes, sizeof(s->message_uuid.bytes), &s->digest);
}

static void client_run(const struct speed *speed, unsigned number)
{
    struct error error = {0};
    struct store *store;
    struct arena *arena = arena_new(1 << 20);
    struct letter letter;
    uint64_t *accepted = &speed->shared->accepted[number];

    letter_open(&letter, speed);
    if (!arena || !store_open(speed->config, ROLE_SENDER, speed->slots[number][1], &store, &error))
        stop("a client cannot open the store", &error);
    while (!__atomic_load_n(&speed->shared->go, __ATOMIC_SEQ_CST))
        usleep(1000);
    while (!__atomic_load_n(&speed->shared->stop, __ATOMIC_SEQ_CST)) {
        struct acceptance acceptance = {0};
        int64_t began = time_monotonic();

        if (!letter_next(&letter, *accepted * speed->clients + number)
            || !store_accept(store, &letter.submission, arena, &acceptance, &error) || acceptance.repeated)
            stop("a change was not accepted", &error);
        (*accepted)++;
        if ((uint64_t)(time_monotonic() - began) > speed->shared->waited_max[number])
            speed->shared->waited_max[number] = (uint64_t)(time_monotonic() - began);
        arena_reset(arena);
    }
    store_close(store);
    _exit(0);
}

/* ---- the writer ---- */

static void writer_run(const struct speed *speed)
{
    struct log log = {.role = "writer", .slot = -1, .least = LOG_ERROR, .fd = STDERR_FILENO};
    struct writer_slot slots[CLIENTS_MAX];
    struct error error = {0};
    struct writer *writer;
    bool good;

    for (unsigned i = 0; i < speed->clients; i++)
        slots[i] = (struct writer_slot){.fd = speed->slots[i][0], .role = ROLE_SENDER};
    if (!writer_open(speed->config, &log, NULL, &error, &writer))
        stop("the writer cannot open", &error);
    __atomic_store_n(&speed->shared->go, true, __ATOMIC_SEQ_CST);
    good = writer_serve(writer, slots, speed->clients, -1, SIGUSR1, &error);
    if (!good)
        stop("the writer stopped", &error);
    writer_close(writer);
    _exit(0);
}

/* ---- both ---- */

static void folders_make(const struct speed *speed)
{
    static const char *const folders[] = {"", "/registry", "/mail", "/mail/contents", "/spool"};
    char path[4096];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", speed->state, folders[i]);
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            stop(path, NULL);
    }
}

static void speed_open(struct speed *speed)
{
    struct config_findings findings = {0};

    folders_make(speed);
    setenv("DP_STATE_DIR", speed->state, 1);
    setenv("DP_STORE_GROUP_MAX", speed->group_max, 1);
    if (!config_open(speed->config_file, &speed->config, &findings)) {
        fprintf(stderr, "store_speed: %s\n", findings.count ? findings.items[0].text : "no settings");
        exit(2);
    }
    speed->shared = mmap(NULL, sizeof(*speed->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (speed->shared == MAP_FAILED)
        stop("no memory", NULL);
    for (unsigned i = 0; i < speed->clients; i++) {
        int size = 262144;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, speed->slots[i]) != 0)
            stop("no socketpair", NULL);
        setsockopt(speed->slots[i][0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        setsockopt(speed->slots[i][1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
}

static pid_t start(const struct speed *speed, int client)
{
    pid_t pid = fork();

    if (pid < 0)
        stop("no process", NULL);
    if (pid > 0)
        return pid;
    if (client < 0)
        writer_run(speed);
    else
        client_run(speed, (unsigned)client);
    _exit(1);
}

static bool ended_well(pid_t pid)
{
    int status;

    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void report(const struct speed *speed, double seconds)
{
    uint64_t accepted = 0, least = UINT64_MAX, most = 0, longest = 0;

    for (unsigned i = 0; i < speed->clients; i++) {
        uint64_t own = speed->shared->accepted[i];

        accepted += own;
        least = own < least ? own : least;
        most = own > most ? own : most;
        longest = speed->shared->waited_max[i] > longest ? speed->shared->waited_max[i] : longest;
    }
    printf("{\"group_max\":%s,\"clients\":%u,\"bytes\":%zu,\"changes\":%llu,\"seconds\":%.3f,\"per_second\":%.1f,"
           "\"least\":%llu,\"most\":%llu,\"longest_ms\":%llu}\n",
           speed->group_max, speed->clients, speed->bytes, (unsigned long long)accepted, seconds,
           (double)accepted / seconds, (unsigned long long)least, (unsigned long long)most,
           (unsigned long long)longest);
}

static bool measure(struct speed *speed)
{
    pid_t writer = start(speed, -1), clients[CLIENTS_MAX];
    int64_t began, ended;
    bool good = true;

    for (unsigned i = 0; i < speed->clients; i++)
        clients[i] = start(speed, (int)i);
    while (!__atomic_load_n(&speed->shared->go, __ATOMIC_SEQ_CST)) {
        if (waitpid(writer, NULL, WNOHANG) != 0)
            stop("the writer", NULL);
        usleep(1000);
    }
    began = time_monotonic();
    usleep((useconds_t)(speed->seconds * 1e6));
    __atomic_store_n(&speed->shared->stop, true, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < speed->clients; i++)
        good = ended_well(clients[i]) && good;
    ended = time_monotonic();
    kill(writer, SIGUSR1);
    good = ended_well(writer) && good;
    report(speed, (double)(ended - began) / 1000);
    return good;
}

static bool take_options(struct speed *speed, int count, char **arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"group-max", required_argument, NULL, 'g'},
        {"clients", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 't'},
        {"bytes", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            speed->config_file = optarg;
            break;
        case 's':
            speed->state = optarg;
            break;
        case 'g':
            speed->group_max = optarg;
            break;
        case 'n':
            speed->clients = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            speed->seconds = strtod(optarg, NULL);
            break;
        case 'b':
            speed->bytes = strtoul(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    }
    return optind == count && speed->config_file && speed->state && speed->clients > 0 && speed->clients <= CLIENTS_MAX
           && speed->bytes > CONTENT_BYTES && speed->seconds > 0;
}

int main(int count, char **arguments)
{
    static struct speed speed = {.group_max = "64", .clients = 32, .seconds = 3, .bytes = 8192};
    sigset_t drain;

    if (!take_options(&speed, count, arguments)) {
        fprintf(stderr,
                "store_speed --config FILE --state DIR [--group-max N] [--clients N] [--seconds S] [--bytes N]\n");
        return 2;
    }
    sigemptyset(&drain);
    sigaddset(&drain, SIGUSR1);
    sigprocmask(SIG_BLOCK, &drain, NULL);
    speed_open(&speed);
    return measure(&speed) ? 0 : 1;
}

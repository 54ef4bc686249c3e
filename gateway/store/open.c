#include "gateway/store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/base/time.h"
#include "gateway/store/writer_impl.h"

#define AWAY_MS 1000 /* how long a read waits for the writer to come back */
#define AWAY_PAUSE_MS 20
#define HELLO_MS 2000 /* a writer that works on a group, or moves a log, says hello after it */

const char *const store_database_paths[DATABASE_COUNT] = {
    [DATABASE_REGISTRY] = "registry/registry.db",
    [DATABASE_MAIL] = "mail/mail.db",
};

/* Which databases a role may read; the files' rights say the same. */
static const bool readable[ROLE_COUNT][DATABASE_COUNT] = {
    [ROLE_SENDER] = {[DATABASE_REGISTRY] = true},
    [ROLE_RECEIPT] = {[DATABASE_REGISTRY] = true, [DATABASE_MAIL] = true},
    [ROLE_READER] = {[DATABASE_REGISTRY] = true, [DATABASE_MAIL] = true},
    [ROLE_DISPATCHER] = {[DATABASE_REGISTRY] = true, [DATABASE_MAIL] = true},
    [ROLE_CLI] = {[DATABASE_REGISTRY] = true, [DATABASE_MAIL] = true},
};

void store_path(const struct config *config, const char *below, char *out)
{
    if (snprintf(out, PATH_MAX, "%s/%s", config->state_dir, below) >= PATH_MAX)
        out[0] = '\0';
}

static bool open_database(struct store *store, enum database database, struct error *error)
{
    char path[PATH_MAX];

    store_path(store->config, store_database_paths[database], path);
    return backend_open_reader(path, database, store->role, &store->databases[database], error);
}

static struct store *store_new(const struct config *config, enum role role, struct error *error)
{
    struct store *store = calloc(1, sizeof *store);

    if (store)
        store->inbox = malloc(ANSWER_MAX);
    if (!store || !store->inbox) {
        free(store);
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        return NULL;
    }
    store->config = config;
    store->role = role;
    store->slot = store->contents = -1;
    store->answer.limit = ANSWER_MAX;
    return store;
}

/* A database that the writer has not made yet is opened at the first read. */
static bool open_readable(struct store *store, struct error *error)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        if (readable[store->role][database] && !open_database(store, database, error)
            && error->code != ERROR_STORE_UNAVAILABLE)
            return false;
    *error = (struct error){0};
    return true;
}

bool store_open(const struct config *config, enum role role, int slot, struct store **store, struct error *error)
{
    char spool[PATH_MAX];

    *store = store_new(config, role, error);
    if (!*store)
        return false;
    (*store)->slot = slot;
    store_path(config, STORE_SPOOL, spool);
    if (open_readable(*store, error) && (role != ROLE_SENDER || spool_open(spool, &(*store)->spool, error)))
        return true;
    store_close(*store);
    *store = NULL;
    return false;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        backend_close(store->databases[database]);
    if (store->own_slot)
        close(store->slot);
    writer_close(store->writer);
    spool_close(store->spool);
    if (store->contents >= 0)
        close(store->contents);
    buffer_free(&store->request);
    buffer_free(&store->answer);
    free(store->inbox);
    free(store);
}

/* The control socket outlives the writer: the supervisor keeps it, and who connects while no writer is there waits in its
 * queue. So whoever got in waits for a hello until the deadline, and for room in the queue, where connect() would wait
 * without end, no longer. */
static bool hears_hello(int fd, int64_t deadline)
{
    struct pollfd hello = {.fd = fd, .events = POLLIN};
    unsigned char kind = 0;
    int64_t left;

    while ((left = deadline - time_monotonic()) > 0) {
        int ready = poll(&hello, 1, (int)left);

        if (ready > 0)
            return recv(fd, &kind, sizeof kind, MSG_DONTWAIT) == 1 && kind == WIRE_HELLO;
        if (ready < 0 && errno != EINTR)
            break;
    }
    return false;
}

static bool connects(int fd, const struct sockaddr_un *address, int64_t deadline)
{
    while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
        if (errno != EAGAIN || time_monotonic() >= deadline)
            return false;
        poll(NULL, 0, AWAY_PAUSE_MS);
    }
    return true;
}

/* Connects to the running writer. *there: somebody keeps the socket; with -1 besides, no writer answers there. */
static int connect_control(const struct config *config, bool *there)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", config->run_dir);
    int64_t deadline = time_monotonic() + HELLO_MS;

    *there = false;
    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    bool connected = connects(fd, &address, deadline);

    *there = connected || errno == EAGAIN;
    if (connected && hears_hello(fd, deadline))
        return fd;
    close(fd);
    return -1;
}

bool store_open_control(const struct config *config, struct store **store, struct error *error)
{
    bool there;

    *store = store_new(config, ROLE_CLI, error);
    if (!*store)
        return false;
    (*store)->slot = connect_control(config, &there);
    (*store)->own_slot = (*store)->slot >= 0;
    (*store)->silent = there && !(*store)->own_slot;
    if ((there || writer_open(config, NULL, NULL, error, &(*store)->writer)) && open_readable(*store, error))
        return true;
    store_close(*store);
    *store = NULL;
    return false;
}

bool store_writer_is_silent(const struct store *store)
{
    return store->silent;
}

/* ---- reading ---- */

bool store_contents(struct store *store, int *folder, struct error *error)
{
    char path[PATH_MAX];

    store_path(store->config, STORE_CONTENTS, path);
    if (store->contents < 0)
        store->contents = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *folder = store->contents;
    return *folder >= 0 || error_set(error, ERROR_STORE_UNAVAILABLE, STORE_CONTENTS, "%s", strerror(errno));
}

/* Without a transaction of its own, SQLite begins and ends one with the statement. */
static bool read_within(struct backend *backend, bool transaction, store_reading *read, void *state,
                        struct error *error)
{
    struct error ignored = {0};

    if (!transaction) {
        backend_fault_clear(backend);
        return read(backend, state, error);
    }
    return backend_begin_read(backend, error) && read(backend, state, error) && backend_commit(backend, &ignored);
}

static bool read_once(struct store *store, enum database database, bool transaction, store_reading *read, void *state,
                      bool *away, struct error *error)
{
    struct backend *backend = store->databases[database];

    *away = !backend;
    if (!backend && !open_database(store, database, error))
        return false;
    backend = store->databases[database];
    bool ok = read_within(backend, transaction, read, state, error);
    enum backend_fault fault = backend_fault(backend);

    backend_rollback(backend);
    *away = !ok && (fault == BACKEND_AWAY || fault == BACKEND_BUSY);
    return ok;
}

static bool read_again(struct store *store, enum database database, bool transaction, store_reading *read, void *state,
                       struct error *error)
{
    int64_t deadline = time_monotonic() + AWAY_MS;
    bool away = false;

    if (!readable[store->role][database])
        return error_set(error, ERROR_ROLE_NOT_ALLOWED, NULL, "%s may not read this database", role_name(store->role));
    for (;;) {
        if (read_once(store, database, transaction, read, state, &away, error))
            return true;
        if (!away)
            return false;
        if (time_monotonic() >= deadline)
            return error_set(error, ERROR_STORE_UNAVAILABLE, NULL, "the writer is not there");
        backend_close(store->databases[database]);
        store->databases[database] = NULL;
        poll(NULL, 0, AWAY_PAUSE_MS);
        *error = (struct error){0};
    }
}

bool store_read(struct store *store, enum database database, store_reading *read, void *state, struct error *error)
{
    return read_again(store, database, true, read, state, error);
}

bool store_read_row(struct store *store, enum database database, store_reading *read, void *state, struct error *error)
{
    return read_again(store, database, false, read, state, error);
}

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

/* The running writer's control socket; -1: nobody is there. */
static int connect_control(const struct config *config)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", config->run_dir);

    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool store_open_control(const struct config *config, struct store **store, struct error *error)
{
    *store = store_new(config, ROLE_CLI, error);
    if (!*store)
        return false;
    (*store)->slot = connect_control(config);
    (*store)->own_slot = (*store)->slot >= 0;
    if (((*store)->own_slot || writer_open(config, NULL, NULL, error, &(*store)->writer))
        && open_readable(*store, error))
        return true;
    store_close(*store);
    *store = NULL;
    return false;
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

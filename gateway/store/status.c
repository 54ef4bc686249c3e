#include "gateway/store/store_impl.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void take_total(struct store_status *status, const char *name, uint64_t value)
{
    const struct {
        enum total total;
        uint64_t *place;
    } places[] = {
        {TOTAL_MESSAGES, &status->messages}, {TOTAL_HELD, &status->held},
        {TOTAL_CONTENTS, &status->contents}, {TOTAL_CONTENT_BYTES, &status->content_bytes},
        {TOTAL_RECEIPTS, &status->receipts}, {TOTAL_EVENTS, &status->events},
        {TOTAL_JOBS, &status->jobs_waiting}, {TOTAL_JOBS_PUT_ASIDE, &status->jobs_put_aside},
    };

    for (size_t i = 0; name && i < sizeof places / sizeof *places; i++)
        if (strcmp(name, total_name(places[i].total)) == 0)
            *places[i].place += value;
}

static bool read_totals(struct backend *backend, enum statement counters, struct store_status *status,
                        struct error *error)
{
    struct query query;

    if (!query_begin(backend, counters, &query, error))
        return false;
    while (query_step(&query))
        take_total(status, query_text(&query, 0), (uint64_t)query_number(&query, 1));
    return query_end(&query);
}

static bool read_mail(struct backend *backend, void *state, struct error *error)
{
    struct store_status *status = state;

    *status = (struct store_status){.writer_running = status->writer_running, .writer_silent = status->writer_silent};
    return backend_schema(backend, &status->schema_mail, error)
           && read_totals(backend, STMT_MAIL_COUNTERS, status, error);
}

static bool read_registry(struct backend *backend, void *state, struct error *error)
{
    struct store_status *status = state, again = *status;

    if (!backend_schema(backend, &again.schema_registry, error)
        || !read_totals(backend, STMT_REGISTRY_COUNTERS, &again, error))
        return false;
    *status = again;
    return true;
}

uint64_t store_log_bytes(const struct config *config, enum database database)
{
    char path[PATH_MAX];
    struct stat info;

    store_path(config, store_database_paths[database], path);
    strncat(path, "-wal", sizeof path - strlen(path) - 1);
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

bool store_status(struct store *store, struct store_status *status, struct error *error)
{
    struct statvfs room;

    status->writer_running = store->own_slot;
    status->writer_silent = store->silent;
    if (!store_read(store, DATABASE_MAIL, read_mail, status, error)
        || !store_read(store, DATABASE_REGISTRY, read_registry, status, error))
        return false;
    status->wal_mail = store_log_bytes(store->config, DATABASE_MAIL);
    status->wal_registry = store_log_bytes(store->config, DATABASE_REGISTRY);
    if (statvfs(store->config->state_dir, &room) == 0)
        status->free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    return true;
}

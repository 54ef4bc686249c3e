/* dpctl verify: walks everything and says what is not as it should be. */
#include "gateway/store/verify_impl.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

void verify_found(struct verify *verify, const char *check, const char *format, ...)
{
    char text[300];
    struct store_finding finding = {.check = check, .text = text};
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    verify->findings++;
    if (verify->each)
        verify->each(verify->state, &finding);
}

void verify_moved(struct verify *verify, uint64_t bytes)
{
    verify->done += bytes;
    if (verify->progress)
        verify->progress(verify->state, verify->done < verify->total ? verify->done : verify->total, verify->total);
}

static const char *const database_names[DATABASE_COUNT] = {[DATABASE_REGISTRY] = "registry", [DATABASE_MAIL] = "mail"};

static void tell_structure(void *state, const char *line)
{
    struct verify *verify = state;

    verify_found(verify, "integrity", "%s.db: %s", database_names[verify->database], line);
}

static void tell_foreign(void *state, const char *line)
{
    struct verify *verify = state;

    verify_found(verify, "foreign-keys", "%s.db: %s", database_names[verify->database], line);
}

static bool check_structure(struct backend *backend, void *state, struct error *error)
{
    return backend_check(backend, false, tell_structure, state, error);
}

static bool check_foreign(struct backend *backend, void *state, struct error *error)
{
    return backend_check(backend, true, tell_foreign, state, error);
}

static uint64_t database_bytes(const struct verify *verify, enum database database)
{
    char path[PATH_MAX];
    struct stat info;

    store_path(verify->store->config, store_database_paths[database], path);
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* In a database whose pages do not hang together no row can be believed, so that ends the walk. */
static bool verify_structure(struct verify *verify, bool *sound, struct error *error)
{
    *sound = true;
    for (enum database database = 0; database < DATABASE_COUNT; database++) {
        uint64_t before = verify->findings;

        verify->database = database;
        if (!store_read(verify->store, database, check_structure, verify, error)
            || !store_read(verify->store, database, check_foreign, verify, error)) {
            if (error->code != ERROR_STORE_CORRUPT)
                return false;
            verify_found(verify, "integrity", "%s.db: %s", database_names[database], error->detail);
            *error = (struct error){0};
        }
        *sound = *sound && verify->findings == before;
        verify_moved(verify, database_bytes(verify, database));
    }
    return true;
}

static bool verify_all(struct verify *verify, struct error *error)
{
    struct store_status status;
    bool sound;

    if (!store_status(verify->store, &status, error))
        return false;
    /* Each content is read for itself and again for its letters; how often, nobody has counted. */
    if (status.messages)
        verify->letter_bytes = (database_bytes(verify, DATABASE_MAIL) + status.content_bytes) / status.messages;
    verify->total = status.content_bytes + verify->letter_bytes * status.messages;
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        verify->total += database_bytes(verify, database);
    if (!verify_structure(verify, &sound, error))
        return false;
    return !sound
           || (verify_chain(verify, DATABASE_REGISTRY, error) && verify_chain(verify, DATABASE_MAIL, error)
               && verify_rows(verify, error) && verify_letters(verify, error) && verify_contents(verify, error));
}

bool store_verify(struct store *store, store_restore *restore, store_progress *progress, store_finding_each *each,
                  void *state, uint64_t *findings, struct error *error)
{
    struct verify verify = {.store = store,
                            .restore = restore,
                            .progress = progress,
                            .each = each,
                            .state = state,
                            .digests = digest_open()};
    bool ok = verify.digests ? verify_all(&verify, error) : error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);

    buffer_free(&verify.kept);
    digest_close(verify.digests);
    *findings = verify.findings;
    return ok;
}

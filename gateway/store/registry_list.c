/* The registry's lists, for dpctl. They are read a page at a time, so that a slow terminal holds up no checkpoint and
 * a reading that starts anew repeats no row that was handed out. */
#include "gateway/store/registry_impl.h"

#define PAGE 200
#define PAGE_BYTES ((size_t)PAGE * (REGISTRY_TEXT_MAX * 5 + 1000))

typedef bool row_read(struct query *query, struct arena *arena, void *row);

struct listing {
    enum statement statement;
    row_read *read;
    size_t row_size;
    struct arena *arena;
    char *rows;
    size_t count, next;
    int64_t after; /* seq of the last row that was read */
    bool last;     /* this page is the last one */
    bool failed;
};

static bool read_rows(struct backend *backend, struct listing *listing, int64_t *after, struct error *error)
{
    struct query query;

    if (!query_begin(backend, listing->statement, &query, error))
        return false;
    query_set_number(&query, ":after", listing->after);
    query_set_number(&query, ":most", PAGE);
    while (listing->count < PAGE && query_step(&query)
           && listing->read(&query, listing->arena, listing->rows + listing->count * listing->row_size)) {
        *after = query_number(&query, 0);
        listing->count++;
    }
    return query_end(&query);
}

static bool read_page(struct backend *backend, void *state, struct error *error)
{
    struct listing *listing = state;
    int64_t after = listing->after;

    arena_reset(listing->arena);
    listing->count = listing->next = 0;
    listing->rows = arena_alloc(listing->arena, PAGE * listing->row_size);
    if (!listing->rows)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a list");
    if (!read_rows(backend, listing, &after, error))
        return false;
    listing->after = after;
    listing->last = listing->count < PAGE;
    return true;
}

static bool listing_begin(struct listing *listing, struct error *error)
{
    listing->arena = arena_new(PAGE_BYTES);
    return listing->arena || error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a list");
}

/* The next row, until the one after it; NULL: there is none, or it failed. */
static const void *listing_next(struct listing *listing, struct store *store, struct error *error)
{
    if (listing->next == listing->count) {
        if (listing->last)
            return NULL;
        listing->failed = !store_read(store, DATABASE_REGISTRY, read_page, listing, error);
        if (listing->failed || !listing->count)
            return NULL;
    }
    return listing->rows + listing->next++ * listing->row_size;
}

static bool listing_end(struct listing *listing)
{
    arena_free(listing->arena);
    return !listing->failed;
}

bool registry_list_organisations(struct store *store, registry_organisation_each *each, void *state,
                                 struct error *error)
{
    struct listing listing = {
        .statement = STMT_ORGANISATION_LIST, .read = organisation_read, .row_size = sizeof(struct organisation)};
    const struct organisation *organisation;

    if (!listing_begin(&listing, error))
        return false;
    while ((organisation = listing_next(&listing, store, error)) && each(state, organisation)) {
    }
    return listing_end(&listing);
}

bool registry_list_systems(struct store *store, registry_system_each *each, void *state, struct error *error)
{
    struct listing listing = {.statement = STMT_SYSTEM_LIST, .read = system_read, .row_size = sizeof(struct system)};
    const struct system *system;

    if (!listing_begin(&listing, error))
        return false;
    while ((system = listing_next(&listing, store, error)) && each(state, system)) {
    }
    return listing_end(&listing);
}

bool registry_list_contacts(struct store *store, registry_contact_each *each, void *state, struct error *error)
{
    struct listing listing = {.statement = STMT_CONTACT_LIST, .read = contact_read, .row_size = sizeof(struct contact)};
    const struct contact *contact;

    if (!listing_begin(&listing, error))
        return false;
    while ((contact = listing_next(&listing, store, error)) && each(state, contact)) {
    }
    return listing_end(&listing);
}

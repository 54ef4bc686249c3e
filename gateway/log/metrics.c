#include "gateway/log/metrics.h"

#include "gateway/base/role.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS 12

enum kind { COUNTER, GAUGE, SECONDS, COUNTS };

#define STATUS_CLASSES 5
#define LABELS_MAX (POOL_COUNT * STATUS_CLASSES) /* more than any label has values */

struct metric_row {
    const char *name, *help;
    enum kind kind;
    const char *label; /* NULL: none */
    const char *values[LABELS_MAX];
    bool by_status; /* the label's index is value x STATUS_CLASSES + class */
};

#define POOLS                                                                                                          \
    {                                                                                                                  \
        [ROLE_SENDER] = "sender", [ROLE_RECEIPT] = "receipt", [ROLE_READER] = "reader", [ROLE_MONITOR] = "monitor"     \
    }

static const struct metric_row rows[METRIC_COUNT] = {
    [METRIC_REQUESTS] = {"dp_requests_total", "Requests answered.", COUNTER, "pool", POOLS, .by_status = true},
    [METRIC_REQUEST_SECONDS] = {"dp_request_duration_seconds", "Time from the first byte in the worker to the answer.",
                                SECONDS, "pool", POOLS},
    [METRIC_BODY_BYTES] = {"dp_request_body_bytes_total", "Bytes of request bodies read.", COUNTER, "pool", POOLS},
    [METRIC_ACCEPTED] = {"dp_submissions_accepted_total", "Submissions answered with 201 for the first time.", COUNTER},
    [METRIC_REPEATED] = {"dp_submissions_repeated_total", "Submissions answered with the stored first answer.",
                         COUNTER},
    [METRIC_REFUSED] = {"dp_submissions_refused_total",
                        "Submissions refused.",
                        COUNTER,
                        "reason",
                        {"caller", "limit", "schema", "rule", "conflict", "store"}},
    [METRIC_COMMITS] = {"dp_store_commits_total", "Groups committed.", COUNTER, "database", {"registry", "mail"}},
    [METRIC_CHANGES] =
        {"dp_store_changes_total", "Changes by outcome.", COUNTER, "outcome", {"done", "refused", "failed"}},
    [METRIC_GROUP_SIZE] = {"dp_store_group_changes", "Changes in a group.", COUNTS},
    [METRIC_COMMIT_SECONDS] = {"dp_store_commit_seconds", "Time of a commit with its sync.", SECONDS},
    [METRIC_CHECKPOINTS] =
        {"dp_store_checkpoints_total", "Checkpoints by outcome.", COUNTER, "outcome", {"whole", "part", "failed"}},
    [METRIC_WAL_BYTES] =
        {"dp_store_log_bytes", "Bytes in the write-ahead log.", GAUGE, "database", {"registry", "mail"}},
    [METRIC_FREE_BYTES] = {"dp_store_free_bytes", "Free bytes of the file system that holds the store.", GAUGE},
    [METRIC_QUEUE] =
        {"dp_store_queue_changes", "Changes waiting for the writer.", GAUGE, "lane", {"interactive", "bulk"}},
    [METRIC_STORE_STATE] = {"dp_store_state", "0 down, 1 all is well, 2 no new mail is taken.", GAUGE},
    [METRIC_WORKERS] = {"dp_workers", "Live workers.", GAUGE, "pool", POOLS},
    [METRIC_WORKER_EXITS] =
        {"dp_worker_exits_total", "Workers that ended.", COUNTER, "how", {"drained", "failed", "killed"}},
    [METRIC_CERTIFICATE_CACHE] =
        {"dp_certificate_cache_total", "Certificates looked up.", COUNTER, "outcome", {"hit", "miss"}},
    [METRIC_WRITER_BEAT] = {"dp_writer_beat_milliseconds", "Wall clock of the writer's last turn.", GAUGE},
    [METRIC_JOBS] =
        {"dp_outbox_jobs", "Jobs of the outbox that are not done.", GAUGE, "state", {"waiting", "put_aside"}},
    [METRIC_PUSHES] =
        {"dp_outbox_pushes_total", "Tries of the outbox.", COUNTER, "outcome", {"done", "failed", "put_aside"}},
};

/* Upper bounds: microseconds, and counts. */
static const uint64_t second_bounds[BUCKETS] = {500,   1000,   2500,   5000,    10000,   25000,
                                                50000, 100000, 250000, 1000000, 5000000, 30000000};
static const uint64_t count_bounds[BUCKETS] = {1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256};

struct histogram {
    _Atomic uint64_t buckets[BUCKETS + 1], sum;
};

struct metrics {
    uint64_t layout; /* of whoever made it */
    _Atomic uint64_t cells[METRIC_COUNT][LABELS_MAX];
    struct histogram histograms[METRIC_COUNT][POOL_COUNT];
};

/* ---- memory ---- */

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * 0x100000001b3; /* FNV-1a */
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = hash_number(hash, (unsigned char)*text);
    return hash_number(hash, 0x100);
}

static uint64_t hash_bounds(uint64_t hash, const uint64_t bounds[BUCKETS])
{
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++)
        hash = hash_number(hash, bounds[bucket]);
    return hash;
}

/* What the cells stand for, as a number: two builds in which it is the same can count in one page. */
static uint64_t layout(void)
{
    uint64_t hash = hash_bounds(hash_bounds(0xcbf29ce484222325, second_bounds), count_bounds);

    for (unsigned metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = &rows[metric];

        hash = hash_number(hash_number(hash_text(hash_text(hash, row->name), row->label), row->kind), row->by_status);
        for (unsigned value = 0; value < LABELS_MAX; value++)
            hash = hash_text(hash, row->values[value]);
    }
    return hash;
}

int metrics_memory(void)
{
    uint64_t own = layout();
    int fd = memfd_create("metrics", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, sizeof(struct metrics)) == 0
        && pwrite(fd, &own, sizeof own, offsetof(struct metrics, layout)) == (ssize_t)sizeof own)
        return fd;
    close(fd);
    return -1;
}

struct metrics *metrics_map(int fd)
{
    struct metrics *metrics;
    struct stat info;

    if (fstat(fd, &info) < 0 || info.st_size != (off_t)sizeof *metrics)
        return NULL;
    metrics = mmap(NULL, sizeof *metrics, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (metrics == MAP_FAILED)
        return NULL;
    if (metrics->layout == layout())
        return metrics;
    metrics_close(metrics);
    return NULL;
}

struct metrics *metrics_open(void)
{
    int fd = metrics_memory();
    struct metrics *metrics = fd < 0 ? NULL : metrics_map(fd);

    if (fd >= 0)
        close(fd);
    return metrics;
}

void metrics_close(struct metrics *metrics)
{
    if (metrics)
        munmap(metrics, sizeof *metrics);
}

/* ---- counting ---- */

static bool has_cell(const struct metrics *metrics, enum metric metric, unsigned label, unsigned limit)
{
    return metrics && (unsigned)metric < METRIC_COUNT && label < limit;
}

void metrics_add(struct metrics *metrics, enum metric metric, unsigned label, uint64_t amount)
{
    if (has_cell(metrics, metric, label, LABELS_MAX))
        atomic_fetch_add_explicit(&metrics->cells[metric][label], amount, memory_order_relaxed);
}

void metrics_set(struct metrics *metrics, enum metric metric, unsigned label, uint64_t value)
{
    if (has_cell(metrics, metric, label, LABELS_MAX))
        atomic_store_explicit(&metrics->cells[metric][label], value, memory_order_relaxed);
}

uint64_t metrics_get(const struct metrics *metrics, enum metric metric, unsigned label)
{
    if (!has_cell(metrics, metric, label, LABELS_MAX))
        return 0;
    return atomic_load_explicit(&metrics->cells[metric][label], memory_order_relaxed);
}

void metrics_observe(struct metrics *metrics, enum metric metric, unsigned label, uint64_t value)
{
    const uint64_t *bounds;
    unsigned bucket = 0;

    if (!has_cell(metrics, metric, label, POOL_COUNT))
        return;
    bounds = rows[metric].kind == COUNTS ? count_bounds : second_bounds;
    while (bucket < BUCKETS && value > bounds[bucket])
        bucket++;
    struct histogram *histogram = &metrics->histograms[metric][label];

    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

/* ---- text ---- */

static bool write_cell(const struct metrics *metrics, enum metric metric, unsigned value, struct buffer *text)
{
    const struct metric_row *row = &rows[metric];
    bool ok = true;

    if (!row->label)
        return buffer_format(text, "%s %llu\n", row->name, (unsigned long long)metrics_get(metrics, metric, 0));
    if (!row->by_status)
        return buffer_format(text, "%s{%s=\"%s\"} %llu\n", row->name, row->label, row->values[value],
                             (unsigned long long)metrics_get(metrics, metric, value));
    for (unsigned class = 0; ok && class < STATUS_CLASSES; class ++)
        ok = buffer_format(text, "%s{%s=\"%s\",status=\"%uxx\"} %llu\n", row->name, row->label, row->values[value],
                           class + 1, (unsigned long long)metrics_get(metrics, metric, value * STATUS_CLASSES + class));
    return ok;
}

static void format_number(enum kind kind, uint64_t number, char out[32])
{
    if (kind == SECONDS)
        snprintf(out, 32, "%llu.%06llu", (unsigned long long)(number / 1000000),
                 (unsigned long long)(number % 1000000));
    else
        snprintf(out, 32, "%llu", (unsigned long long)number);
}

static bool write_histogram(const struct metrics *metrics, enum metric metric, unsigned value, struct buffer *text)
{
    const struct metric_row *row = &rows[metric];
    const struct histogram *histogram = &metrics->histograms[metric][value];
    const uint64_t *bounds = row->kind == COUNTS ? count_bounds : second_bounds;
    char label[64] = "", bound[32] = "+Inf", sum[32];
    uint64_t below = 0;
    bool ok = true;

    if (row->label)
        snprintf(label, sizeof label, "%s=\"%s\",", row->label, row->values[value]);
    for (unsigned bucket = 0; ok && bucket <= BUCKETS; bucket++) {
        below += atomic_load_explicit(&histogram->buckets[bucket], memory_order_relaxed);
        if (bucket < BUCKETS)
            format_number(row->kind, bounds[bucket], bound);
        else
            snprintf(bound, sizeof bound, "+Inf");
        ok = buffer_format(text, "%s_bucket{%sle=\"%s\"} %llu\n", row->name, label, bound, (unsigned long long)below);
    }
    format_number(row->kind, atomic_load_explicit(&histogram->sum, memory_order_relaxed), sum);
    if (label[0])
        snprintf(label, sizeof label, "{%s=\"%s\"}", row->label, row->values[value]);
    return ok && buffer_format(text, "%s_sum%s %s\n", row->name, label, sum)
           && buffer_format(text, "%s_count%s %llu\n", row->name, label, (unsigned long long)below);
}

bool metrics_write(const struct metrics *metrics, struct buffer *text)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram", "histogram"};
    bool ok = true;

    for (unsigned metric = 0; ok && metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = &rows[metric];

        ok = buffer_format(text, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, kinds[row->kind]);
        for (unsigned value = 0; ok && (row->label ? value < LABELS_MAX && row->values[value] : value == 0); value++)
            ok = row->kind == SECONDS || row->kind == COUNTS
                     ? write_histogram(metrics, (enum metric)metric, value, text)
                     : write_cell(metrics, (enum metric)metric, value, text);
    }
    return ok;
}

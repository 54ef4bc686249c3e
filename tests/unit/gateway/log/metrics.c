/* Metrics: what several processes count adds up; what is written is Prometheus text (format 0.0.4). */
#include "gateway/log/metrics.h"

#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "gateway/base/role.h"

#define LABELS (POOL_COUNT * 5) /* pools x classes of a status */

Suite *suite_metrics(void);

#define TEXT_MAX ((size_t)1 << 20)
#define SERIES_MAX 1000

static struct metrics *metrics;
static struct buffer text;

static void open_metrics(void)
{
    metrics = metrics_open();
    ck_assert_ptr_nonnull(metrics);
    text = (struct buffer){.limit = TEXT_MAX};
}

static void close_metrics(void)
{
    metrics_close(metrics);
    buffer_free(&text);
}

static void write_text(void)
{
    buffer_clear(&text);
    ck_assert(metrics_write(metrics, &text));
}

/* The value of a series, which must stand there once. */
static double value_of(const char *series)
{
    const char *found = NULL;

    for (const char *at = text.data; (at = strstr(at, series)); at++)
        if ((at == text.data || at[-1] == '\n') && at[strlen(series)] == ' ') {
            ck_assert_msg(!found, "%s twice", series);
            found = at;
        }
    ck_assert_msg(found != NULL, "%s is missing", series);
    return strtod(found + strlen(series), NULL);
}

/* ---- counting ---- */

START_TEST(what_is_added_and_set_is_read_and_written)
{
    metrics_add(metrics, METRIC_ACCEPTED, 0, 3);
    metrics_add(metrics, METRIC_ACCEPTED, 0, 4);
    metrics_set(metrics, METRIC_QUEUE, 1, 9);
    metrics_set(metrics, METRIC_QUEUE, 1, 5);
    metrics_add(metrics, METRIC_REQUESTS, ROLE_RECEIPT * 5 + 404 / 100 - 1, 2);
    ck_assert_uint_eq(metrics_get(metrics, METRIC_ACCEPTED, 0), 7);
    ck_assert_uint_eq(metrics_get(metrics, METRIC_QUEUE, 1), 5);
    write_text();
    ck_assert_double_eq(value_of("dp_submissions_accepted_total"), 7);
    ck_assert_double_eq(value_of("dp_store_queue_changes{lane=\"bulk\"}"), 5);
    ck_assert_double_eq(value_of("dp_store_queue_changes{lane=\"interactive\"}"), 0);
    ck_assert_double_eq(value_of("dp_requests_total{pool=\"receipt\",status=\"4xx\"}"), 2);
    ck_assert_double_eq(value_of("dp_requests_total{pool=\"receipt\",status=\"5xx\"}"), 0);
    ck_assert_double_eq(value_of("dp_requests_total{pool=\"sender\",status=\"4xx\"}"), 0);
}
END_TEST

START_TEST(each_pool_is_counted_under_its_name)
{
    char series[100];

    for (enum role role = 0; role < POOL_COUNT; role++) {
        metrics_set(metrics, METRIC_WORKERS, role, role + 10);
        for (unsigned class = 0; class < 5; class ++)
            metrics_add(metrics, METRIC_REQUESTS, role * 5 + class, role * 10 + class + 1);
        metrics_observe(metrics, METRIC_REQUEST_SECONDS, role, 1000000 * ((uint64_t)role + 1));
    }
    write_text();
    for (enum role role = 0; role < POOL_COUNT; role++) {
        snprintf(series, sizeof series, "dp_workers{pool=\"%s\"}", role_name(role));
        ck_assert_double_eq(value_of(series), role + 10);
        snprintf(series, sizeof series, "dp_requests_total{pool=\"%s\",status=\"5xx\"}", role_name(role));
        ck_assert_double_eq(value_of(series), role * 10 + 5);
        snprintf(series, sizeof series, "dp_request_duration_seconds_sum{pool=\"%s\"}", role_name(role));
        ck_assert_double_eq(value_of(series), role + 1);
    }
}
END_TEST

START_TEST(every_cell_begins_at_nought)
{
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        for (unsigned label = 0; label < LABELS; label++)
            ck_assert_uint_eq(metrics_get(metrics, (enum metric)metric, label), 0);
}
END_TEST

START_TEST(no_cell_is_the_neighbour_of_another)
{
    uint64_t number = 1;

    for (int metric = 0; metric < METRIC_COUNT; metric++)
        for (unsigned label = 0; label < LABELS; label++)
            metrics_set(metrics, (enum metric)metric, label, number++);
    number = 1;
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        for (unsigned label = 0; label < LABELS; label++)
            ck_assert_uint_eq(metrics_get(metrics, (enum metric)metric, label), number++);
}
END_TEST

START_TEST(what_is_out_of_range_does_nothing)
{
    struct buffer before = {.limit = TEXT_MAX};

    write_text();
    ck_assert(buffer_add(&before, text.data, text.size));
    metrics_add(metrics, METRIC_COUNT, 0, 1);
    metrics_add(metrics, (enum metric) - 1, 0, 1);
    metrics_add(metrics, METRIC_REFUSED, LABELS, 1);
    metrics_set(metrics, METRIC_QUEUE, UINT32_MAX, 1);
    metrics_observe(metrics, METRIC_REQUEST_SECONDS, POOL_COUNT, 1);
    metrics_observe(metrics, METRIC_COUNT, 0, 1);
    ck_assert_uint_eq(metrics_get(metrics, METRIC_REFUSED, 16), 0);
    ck_assert_uint_eq(metrics_get(metrics, METRIC_COUNT, 0), 0);
    write_text();
    ck_assert_str_eq(text.data, before.data);
    buffer_free(&before);
}
END_TEST

START_TEST(without_a_page_nothing_is_counted)
{
    metrics_add(NULL, METRIC_ACCEPTED, 0, 1);
    metrics_set(NULL, METRIC_QUEUE, 0, 1);
    metrics_observe(NULL, METRIC_GROUP_SIZE, 0, 1);
    ck_assert_uint_eq(metrics_get(NULL, METRIC_ACCEPTED, 0), 0);
    metrics_close(NULL);
}
END_TEST

/* What each of several processes does, often and at the same time. */
static void count_much(unsigned process, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        metrics_add(metrics, METRIC_ACCEPTED, 0, 1);
        metrics_add(metrics, METRIC_REFUSED, i % 6, 2);
        metrics_set(metrics, METRIC_WORKERS, process, i + 1);
        metrics_observe(metrics, METRIC_GROUP_SIZE, 0, i % 300);
        metrics_observe(metrics, METRIC_REQUEST_SECONDS, process, 1000);
    }
}

START_TEST(what_several_processes_count_adds_up)
{
    enum { PROCESSES = 3, TIMES = 30000 };
    pid_t pids[PROCESSES];
    int status;

    for (unsigned i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (!pids[i]) {
            count_much(i, TIMES);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    ck_assert_uint_eq(metrics_get(metrics, METRIC_ACCEPTED, 0), PROCESSES * TIMES);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(metrics_get(metrics, METRIC_REFUSED, i), PROCESSES * TIMES / 6 * 2);
    write_text();
    ck_assert_double_eq(value_of("dp_store_group_changes_count"), PROCESSES * TIMES);
    ck_assert_double_eq(value_of("dp_store_group_changes_sum"), PROCESSES * (TIMES / 300) * (299 * 300 / 2));
    ck_assert_double_eq(value_of("dp_store_group_changes_bucket{le=\"1\"}"), PROCESSES * (TIMES / 300) * 2);
    ck_assert_double_eq(value_of("dp_store_group_changes_bucket{le=\"256\"}"), PROCESSES * (TIMES / 300) * 257);
    ck_assert_double_eq(value_of("dp_workers{pool=\"reader\"}"), TIMES);
    ck_assert_double_eq(value_of("dp_request_duration_seconds_sum{pool=\"sender\"}"), TIMES / 1000.0);
    ck_assert_double_eq(value_of("dp_request_duration_seconds_count{pool=\"receipt\"}"), TIMES);
}
END_TEST

START_TEST(what_a_killed_process_counted_stays)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        metrics_add(metrics, METRIC_ACCEPTED, 0, 5);
        raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_uint_eq(metrics_get(metrics, METRIC_ACCEPTED, 0), 5);
}
END_TEST

static const struct {
    uint64_t microseconds;
    const char *below, *bucket; /* the last bound below it, the first that takes it */
} times[] = {
    {0, NULL, "0.000500"},
    {500, NULL, "0.000500"},
    {501, "0.000500", "0.001000"},
    {1000000, "0.250000", "1.000000"},
    {1000001, "1.000000", "5.000000"},
    {30000000, "5.000000", "30.000000"},
    {30000001, "30.000000", "+Inf"},
    {UINT64_C(3600000000), "30.000000", "+Inf"},
};

START_TEST(a_time_is_counted_in_the_bucket_whose_bound_it_does_not_pass)
{
    char series[80];

    metrics_observe(metrics, METRIC_COMMIT_SECONDS, 0, times[_i].microseconds);
    write_text();
    snprintf(series, sizeof series, "dp_store_commit_seconds_bucket{le=\"%s\"}", times[_i].bucket);
    ck_assert_double_eq(value_of(series), 1);
    snprintf(series, sizeof series, "dp_store_commit_seconds_bucket{le=\"%s\"}",
             times[_i].below ? times[_i].below : "");
    if (times[_i].below)
        ck_assert_double_eq(value_of(series), 0);
    ck_assert_double_eq(value_of("dp_store_commit_seconds_count"), 1);
    ck_assert_double_eq_tol(value_of("dp_store_commit_seconds_sum"), (double)times[_i].microseconds / 1e6, 1e-9);
}
END_TEST

/* ---- the text ---- */

/* A series as it was read: its name, its labels as they stand (without le) and what it says. */
struct sample {
    char name[80], labels[120], le[20];
    double value;
};

static const char *read_name(const char *at, char *out)
{
    size_t size = 0;

    while (isalnum((unsigned char)at[size]) || at[size] == '_')
        size++;
    ck_assert_msg(size > 0 && size < 80 && !isdigit((unsigned char)*at), "no name: %.40s", at);
    memcpy(out, at, size);
    out[size] = '\0';
    return at + size;
}

/* name="value", where a quote, a backslash and a new line are escaped. */
static const char *read_label(const char *at, struct sample *sample)
{
    const char *begin = at;
    char name[80];

    at = read_name(at, name);
    ck_assert_int_eq(strncmp(at, "=\"", 2), 0);
    for (at += 2; *at != '"'; at++) {
        ck_assert_msg(*at && *at != '\n', "a value without an end: %.40s", begin);
        if (*at == '\\')
            ck_assert_ptr_nonnull(strchr("\\\"n", *++at));
    }
    at++;
    if (strcmp(name, "le") == 0)
        snprintf(sample->le, sizeof sample->le, "%.*s", (int)(at - begin) - 5, begin + 4);
    else
        snprintf(sample->labels + strlen(sample->labels), sizeof sample->labels - strlen(sample->labels), "%.*s,",
                 (int)(at - begin), begin);
    return at;
}

static const char *read_sample(const char *at, struct sample *sample)
{
    char *end;

    memset(sample, 0, sizeof *sample);
    at = read_name(at, sample->name);
    if (*at == '{') {
        do
            at = read_label(at + 1, sample);
        while (*at == ',');
        ck_assert_int_eq(*at++, '}');
    }
    ck_assert_int_eq(*at++, ' ');
    sample->value = strtod(at, &end);
    ck_assert_msg(end > at && *end == '\n' && isdigit((unsigned char)*at), "no number: %.40s", at);
    return end + 1;
}

/* "# HELP name text" and "# TYPE name kind"; nothing else may stand between families. */
static const char *read_family(const char *at, char *name, char *kind)
{
    char again[80];

    ck_assert_msg(strncmp(at, "# HELP ", 7) == 0, "no HELP: %.40s", at);
    at = read_name(at + 7, name);
    ck_assert(*at == ' ' && at[1] != '\n');
    ck_assert_ptr_null(memchr(at, '\\', strcspn(at, "\n")));
    at += strcspn(at, "\n") + 1;
    ck_assert_msg(strncmp(at, "# TYPE ", 7) == 0, "no TYPE: %.40s", at);
    at = read_name(at + 7, again);
    ck_assert_str_eq(again, name);
    at = read_name(at + 1, kind);
    ck_assert_int_eq(*at, '\n');
    return at + 1;
}

/* Buckets grow in bound and in count up to +Inf; then the sum and the count, which is that of +Inf. */
static const char *read_histogram(const char *at, const char *name)
{
    struct sample sample, before = {.value = 0};
    char bucket[90], sum[90], count[90];
    double bound = -1;

    snprintf(bucket, sizeof bucket, "%s_bucket", name);
    snprintf(sum, sizeof sum, "%s_sum", name);
    snprintf(count, sizeof count, "%s_count", name);
    for (bool last = false; !last; before = sample) {
        at = read_sample(at, &sample);
        ck_assert_str_eq(sample.name, bucket);
        ck_assert(bound < 0 || strcmp(sample.labels, before.labels) == 0);
        last = strcmp(sample.le, "+Inf") == 0;
        ck_assert_double_gt(last ? INFINITY : strtod(sample.le, NULL), bound);
        ck_assert_double_ge(sample.value, before.value);
        bound = strtod(sample.le, NULL);
    }
    at = read_sample(at, &sample);
    ck_assert(strcmp(sample.name, sum) == 0 && !sample.le[0]);
    at = read_sample(at, &sample);
    ck_assert(strcmp(sample.name, count) == 0 && !sample.le[0]);
    ck_assert_str_eq(sample.labels, before.labels);
    ck_assert_double_eq(sample.value, before.value);
    return at;
}

static void is_new(struct sample *seen, size_t *count, const struct sample *sample)
{
    for (size_t i = 0; i < *count; i++)
        ck_assert_msg(strcmp(seen[i].name, sample->name) != 0 || strcmp(seen[i].labels, sample->labels) != 0,
                      "%s{%s} stands twice", sample->name, sample->labels);
    ck_assert_uint_lt(*count, SERIES_MAX);
    seen[(*count)++] = *sample;
}

/* Reads the whole text as a Prometheus server would. */
static size_t read_text(struct sample *seen)
{
    size_t families = 0, count = 0;
    const char *at = text.data;

    for (; *at; families++) {
        struct sample family = {{0}, {0}, {0}, 0}, sample;
        char kind[80];

        at = read_family(at, family.name, kind);
        is_new(seen, &count, &family);
        ck_assert_msg((strcmp(kind, "counter") == 0)
                          == (strcmp(family.name + strlen(family.name) - strlen("_total"), "_total") == 0),
                      "%s is a %s", family.name, kind);
        ck_assert(*at && *at != '#');
        while (*at && *at != '#') {
            if (strcmp(kind, "histogram") == 0) {
                at = read_histogram(at, family.name);
                continue;
            }
            ck_assert(strcmp(kind, "counter") == 0 || strcmp(kind, "gauge") == 0);
            at = read_sample(at, &sample);
            ck_assert_str_eq(sample.name, family.name);
            if (sample.labels[0])
                is_new(seen, &count, &sample);
        }
    }
    ck_assert_uint_eq((size_t)(at - text.data), text.size);
    return families;
}

START_TEST(the_text_is_well_formed)
{
    struct sample *seen = calloc(SERIES_MAX, sizeof *seen);

    for (int metric = 0; metric < METRIC_COUNT; metric++)
        for (unsigned label = 0; _i && label < LABELS; label++) {
            metrics_add(metrics, (enum metric)metric, label, UINT64_MAX - label);
            for (uint64_t value = 0; value < 64; value++)
                metrics_observe(metrics, (enum metric)metric, label, UINT64_C(1) << value >> _i);
        }
    write_text();
    ck_assert_uint_eq(read_text(seen), METRIC_COUNT);
    free(seen);
}
END_TEST

/* ---- memory that is handed on ---- */

START_TEST(who_takes_over_the_memory_counts_on)
{
    int memory = metrics_memory();
    struct metrics *before = metrics_map(memory), *after = metrics_map(memory);

    ck_assert(before && after && before != after);
    metrics_add(before, METRIC_ACCEPTED, 0, 3);
    metrics_add(after, METRIC_ACCEPTED, 0, 4);
    metrics_close(before);
    ck_assert_uint_eq(metrics_get(after, METRIC_ACCEPTED, 0), 7);
    ck_assert_ptr_null(metrics_map(-1));
    metrics_close(after);
    close(memory);
}
END_TEST

/* Its first number is made of what the cells stand for. */
START_TEST(memory_of_another_layout_or_size_is_not_taken)
{
    static const uint64_t other = 1;
    int memory = metrics_memory(), long_one = metrics_memory(), none = memfd_create("none", MFD_CLOEXEC);

    ck_assert(memory >= 0 && long_one >= 0 && none >= 0);
    ck_assert_int_eq(pwrite(memory, &other, sizeof other, 0), sizeof other);
    ck_assert_ptr_null(metrics_map(memory));
    ck_assert_int_eq(ftruncate(long_one, lseek(long_one, 0, SEEK_END) + 8), 0);
    ck_assert_ptr_null(metrics_map(long_one));
    ck_assert_ptr_null(metrics_map(none));
    close(memory);
    close(long_one);
    close(none);
}
END_TEST

/* ---- text without room ---- */

START_TEST(a_text_that_has_no_room_is_said_to_have_none)
{
    size_t whole;

    write_text();
    whole = text.size;
    for (size_t room = 0; room < whole; room += 97) {
        struct buffer part = {.limit = room};

        ck_assert(!metrics_write(metrics, &part));
        buffer_free(&part);
    }
    struct buffer enough = {.limit = whole};

    ck_assert(metrics_write(metrics, &enough));
    buffer_free(&enough);
}
END_TEST

Suite *suite_metrics(void)
{
    Suite *suite = suite_create("metrics");
    TCase *counting = tcase_create("counting"), *written = tcase_create("text"), *handed = tcase_create("handed on");

    tcase_set_timeout(counting, 60);
    tcase_add_checked_fixture(counting, open_metrics, close_metrics);
    tcase_add_test(counting, what_is_added_and_set_is_read_and_written);
    tcase_add_test(counting, each_pool_is_counted_under_its_name);
    tcase_add_test(counting, every_cell_begins_at_nought);
    tcase_add_test(counting, no_cell_is_the_neighbour_of_another);
    tcase_add_test(counting, what_is_out_of_range_does_nothing);
    tcase_add_test(counting, without_a_page_nothing_is_counted);
    tcase_add_test(counting, what_several_processes_count_adds_up);
    tcase_add_test(counting, what_a_killed_process_counted_stays);
    tcase_add_loop_test(counting, a_time_is_counted_in_the_bucket_whose_bound_it_does_not_pass, 0,
                        sizeof times / sizeof *times);
    suite_add_tcase(suite, counting);
    tcase_set_timeout(written, 60);
    tcase_add_checked_fixture(written, open_metrics, close_metrics);
    tcase_add_loop_test(written, the_text_is_well_formed, 0, 3);
    tcase_add_test(written, a_text_that_has_no_room_is_said_to_have_none);
    suite_add_tcase(suite, written);
    tcase_add_test(handed, who_takes_over_the_memory_counts_on);
    tcase_add_test(handed, memory_of_another_layout_or_size_is_not_taken);
    suite_add_tcase(suite, handed);
    return suite;
}

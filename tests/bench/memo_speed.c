/* How fast a MeMo with a large attachment is read, one core, in process, beside libxml2's DOM parser with the same
 * schema: five interleaved rounds, medians.
 *
 *   a  DOM parse + XSD by libxml2
 *   b  limits + parse + XSD + base64 check
 *   c  the same with the message's digest, the contents' digests and their decoded bytes handed out
 *
 * b is to be at least 5 times a, c at least 2.5 times. The letter as it is, without the large attachment, is read the
 * ways a and c as well: what a letter of an ordinary size costs. Usage: memo_speed [LETTER [MEGABYTES]] */
#include "schema/memo.h"
#include "schema/memo_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#define ROUNDS 5
#define SMALL_TIMES 500 /* a round of the letter as it is */
#define LINE 76

struct text {
    const char *bytes;
    size_t size, at;
};

static bool next_bytes(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    struct text *text = state;

    (void)error;
    *got = text->size - text->at < room ? text->size - text->at : room;
    memcpy(bytes, text->bytes + text->at, *got);
    text->at += *got;
    return true;
}

/* Looks at what it is given, as one who keeps it would. */
static bool keep_bytes(void *state, const void *bytes, size_t size, struct error *error)
{
    uint64_t *sum = state;

    (void)error;
    *sum += size + *(const unsigned char *)bytes;
    return true;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Base64 that looks like a compressed PDF: every byte as likely as another, in lines as mailers and tools make them. */
static size_t write_pdf(char *out, size_t bytes)
{
    uint64_t seed = 88172645463325252u;
    unsigned char group[3];
    size_t size = 0, column = 0;

    for (size_t i = 0; i < bytes; i += 3) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(group, &seed, 3);
        base64_encode(group, 3, out + size);
        size += 4;
        column += 4;
        if (column == LINE) {
            out[size++] = '\n';
            column = 0;
        }
    }
    return size;
}

/* The letter with the text of its first content replaced by `bytes` of PDF. */
static char *build(const char *letter, size_t bytes, size_t *size)
{
    char *out = malloc(strlen(letter) + bytes / 3 * 4 + bytes / 3 * 4 / LINE + 100);
    const char *open = strstr(letter, "content>"), *close = open ? strchr(open, '<') : NULL;

    if (!out || !close) {
        fprintf(stderr, "memo_speed: the letter has no content\n");
        exit(2);
    }
    open += strlen("content>");
    memcpy(out, letter, (size_t)(open - letter));
    *size = (size_t)(open - letter);
    *size += write_pdf(out + *size, bytes / 3 * 3);
    memcpy(out + *size, close, strlen(close));
    *size += strlen(close);
    return out;
}

static void quiet(void *state, xmlErrorPtr error)
{
    (void)state;
    (void)error;
}

static double run_dom(const struct memo_schemas *schemas, const char *bytes, size_t size)
{
    double start = seconds();
    xmlDocPtr document = xmlReadMemory(bytes, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    xmlSchemaValidCtxtPtr validator = xmlSchemaNewValidCtxt(schemas->compiled[MEMO_1_1]);

    xmlSchemaSetValidStructuredErrors(validator, quiet, NULL);
    if (!document || xmlSchemaValidateDoc(validator, document) != 0) {
        fprintf(stderr, "memo_speed: libxml2 finds the letter invalid\n");
        exit(2);
    }
    xmlSchemaFreeValidCtxt(validator);
    xmlFreeDoc(document);
    return seconds() - start;
}

static double run_memo(const struct memo_schemas *schemas, const char *bytes, size_t size, bool whole)
{
    uint64_t sum = 0;
    struct memo_keeper keeper = {.state = &sum, .bytes = keep_bytes};
    struct memo_limits limits;
    struct text text = {bytes, size, 0};
    struct findings findings = {.count = 0};
    struct error error = {0};
    struct arena *arena = arena_new((size_t)16 << 20);
    struct memo memo;
    double start = seconds();

    memo_limits_default(&limits);
    limits.digests = whole;
    if (!memo_read(schemas, &limits, next_bytes, &text, whole ? &keeper : NULL, arena, &memo, &findings, &error)
        || findings.count > 0) {
        fprintf(stderr, "memo_speed: the letter is refused: %s %s\n", error_kind(error.code)->code, error.detail);
        exit(2);
    }
    arena_free(arena);
    return seconds() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare);
    return times[ROUNDS / 2];
}

static char *read_letter(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);

    if (!file || !bytes || fread(bytes, 1, (1 << 20) - 1, file) == 0) {
        fprintf(stderr, "memo_speed: %s cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

static int report(double megabytes, double *a, double *b, double *c)
{
    double dom = megabytes / median(a), check = megabytes / median(b), whole = megabytes / median(c);

    printf("MeMo of %.1f MB, one core, median of %d interleaved rounds\n", megabytes, ROUNDS);
    printf("  a  libxml2 DOM + XSD                                    %7.0f MB/s\n", dom);
    printf("  b  limits + parse + XSD + base64 check                  %7.0f MB/s  %5.2f x a (at least 5)\n", check,
           check / dom);
    printf("  c  with message digest, content digests and decoding    %7.0f MB/s  %5.2f x a (at least 2.5)\n", whole,
           whole / dom);
    return check >= 5 * dom && whole >= 2.5 * dom ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void report_small(const struct memo_schemas *schemas, const char *letter)
{
    size_t size = strlen(letter);
    double a[ROUNDS] = {0}, c[ROUNDS] = {0};

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < SMALL_TIMES; i++) {
            a[round] += run_dom(schemas, letter, size);
            c[round] += run_memo(schemas, letter, size, true);
        }
    double dom = median(a) / SMALL_TIMES * 1e6, whole = median(c) / SMALL_TIMES * 1e6;

    printf("The letter as it is, %zu bytes, median of %d rounds of %d\n", size, ROUNDS, SMALL_TIMES);
    printf("  a  libxml2 DOM + XSD                                    %7.1f us\n", dom);
    printf("  c  limits + parse + XSD + base64, digests, decoding     %7.1f us   %5.2f times as fast as a\n", whole,
           dom / whole);
}

int main(int argc, char **argv)
{
    char *letter = read_letter(argc > 1 ? argv[1] : "tests/data/memo/valid/full-1.1.xml");
    size_t bytes = (argc > 2 ? (size_t)atoi(argv[2]) : 9) * 1000 * 1000, size;
    char *document = build(letter, bytes, &size);
    double a[ROUNDS], b[ROUNDS], c[ROUNDS];
    struct memo_schemas *schemas;
    struct error error = {0};
    int status;

    if (!memo_schemas_open(&schemas, &error)) {
        fprintf(stderr, "memo_speed: %s %s\n", error.where, error.detail);
        return 2;
    }
    run_dom(schemas, document, size);
    for (int round = 0; round < ROUNDS; round++) {
        a[round] = run_dom(schemas, document, size);
        b[round] = run_memo(schemas, document, size, false);
        c[round] = run_memo(schemas, document, size, true);
    }
    status = report((double)size / 1e6, a, b, c);
    report_small(schemas, letter);
    memo_schemas_close(schemas);
    free(document);
    free(letter);
    return status;
}

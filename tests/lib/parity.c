/* parity --version 1.1|1.2 --schema XSD --seed N --count N --out DIR FILE...
 *
 * Says of each FILE, and of COUNT mutations of those of this version that are valid, whether memo_read() finds it valid:
 * lines "valid|invalid|refused PATH" on standard output; `refused` is what the gateway refuses before any schema, with
 * the code behind the path. The mutations are written to DIR/mutation-N.xml. On standard error: the seed, and how many of
 * the schema's elements and simple types were touched, and how many documents were found valid without libxml2; exit
 * status 1 when one was not touched, or libxml2 alone reads one otherwise. */
#include "parity.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlsave.h>

#include "schema/memo.h"

#include "tests/lib/memo_text.h"

#define BASES_MAX 200
#define ARENA_BYTES ((size_t)64 << 20)

struct parity {
    const char *version, *schema, *out;
    unsigned count;
    struct dice dice;
    struct index index;
    struct memo_schemas *schemas;
    struct arena *arena;
    const char *bases[BASES_MAX];
    size_t base_count;
    unsigned plain, read, two_ways; /* found valid without libxml2; of; and otherwise than by libxml2 */
};

static bool next_bytes(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    (void)error;
    *got = fread(bytes, 1, room, state);
    return true;
}

/* Faults that a schema does not know: they are refused before it is asked. */
static bool is_before_schema(enum error_code code)
{
    return (code > ERROR_XML_MALFORMED && code <= ERROR_XML_EMPTY) || code == ERROR_MEMO_VERSION
           || code == ERROR_MEMO_ROOT || code == ERROR_BODY_TOO_LARGE;
}

struct verdict {
    struct findings findings;
    struct error error;
    struct memo memo;
    bool read;
};

static void read_document(struct parity *parity, const char *path, bool plain, struct verdict *verdict)
{
    struct memo_limits limits;
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(2);
    }
    memset(verdict, 0, sizeof *verdict);
    memo_limits_default(&limits);
    limits.plain = plain;
    verdict->read = memo_read(parity->schemas, &limits, next_bytes, file, NULL, parity->arena, &verdict->memo,
                              &verdict->findings, &verdict->error);
    fclose(file);
}

/* What plain.c says and what libxml2 says, when it alone is asked. */
static void compare_ways(struct parity *parity, const char *path, const struct verdict *verdict)
{
    static struct verdict libxml2;
    const struct findings *one = &verdict->findings, *other = &libxml2.findings;

    read_document(parity, path, false, &libxml2);
    bool same = verdict->read == libxml2.read && one->total == other->total
                && (!one->count || one->items[0].code == other->items[0].code)
                && (!verdict->read || memo_same(&verdict->memo, &libxml2.memo));

    parity->read++;
    parity->plain += verdict->memo.plain;
    parity->two_ways += !same;
    if (!same)
        fprintf(stderr, "parity: read in two ways: %s\n", path);
}

/* Prints the verdict; true: valid, and of the version under test. */
static bool judge(struct parity *parity, const char *path)
{
    static struct verdict verdict;
    const struct findings *findings = &verdict.findings;

    arena_reset(parity->arena);
    read_document(parity, path, true, &verdict);
    compare_ways(parity, path, &verdict);
    if (verdict.read && findings->count == 0) {
        printf("valid %s\n", path);
        return verdict.memo.version == (strcmp(parity->version, "1.1") == 0 ? MEMO_1_1 : MEMO_1_2);
    }
    for (size_t i = 0; i < findings->count; i++)
        if (is_before_schema(findings->items[i].code)) {
            printf("refused %s %s\n", path, error_kind(findings->items[i].code)->code);
            return false;
        }
    printf("invalid %s %s\n", path, error_kind(findings->count ? findings->items[0].code : verdict.error.code)->code);
    return false;
}

static xmlDoc *open_base(const char *path)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;

    if (file)
        fclose(file);
    return xmlReadMemory(bytes, (int)size, NULL, NULL, XML_PARSE_NONET);
}

/* One or two changes, the first at this element. False: no document has it. */
static bool make_one(struct parity *parity, const char *element, const char *path)
{
    size_t first = dice_below(&parity->dice, (unsigned)parity->base_count);

    for (size_t i = 0; i < parity->base_count; i++) {
        xmlDoc *document = open_base(parity->bases[(first + i) % parity->base_count]);
        bool made = document && mutate(&parity->index, &parity->dice, document, element);

        if (made && dice_below(&parity->dice, 5) == 0) {
            const char *other =
                parity->index.elements[dice_below(&parity->dice, (unsigned)parity->index.element_count)].name;

            mutate(&parity->index, &parity->dice, document, other);
        }
        made = made && xmlSaveFileEnc(path, document, "UTF-8") > 0;
        xmlFreeDoc(document);
        if (made)
            return true;
    }
    return false;
}

static bool make_all(struct parity *parity)
{
    char path[PATH_MAX];

    for (unsigned i = 0; i < parity->count; i++) {
        const char *element = parity->index.elements[i % parity->index.element_count].name;

        snprintf(path, sizeof path, "%s/mutation-%05u.xml", parity->out, i);
        if (!make_one(parity, element, path)) {
            fprintf(stderr, "parity: no example has %s\n", element);
            return false;
        }
        judge(parity, path);
    }
    return true;
}

static unsigned touched(const struct declared *list, size_t count, const char *what)
{
    unsigned sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += list[i].touched > 0;
        if (!list[i].touched)
            fprintf(stderr, "parity: %s %s was not touched\n", what, list[i].name);
    }
    return sum;
}

static bool say_coverage(const struct parity *parity)
{
    const struct index *index = &parity->index;
    unsigned elements = touched(index->elements, index->element_count, "element");
    unsigned types = touched(index->types, index->type_count, "simple type");

    fprintf(stderr, "touched: %u of %zu elements and attributes, %u of %zu simple types\n", elements,
            index->element_count, types, index->type_count);
    return elements == index->element_count && types == index->type_count && types > 0;
}

static bool take_options(struct parity *parity, int argc, char **argv)
{
    static const struct option options[] = {
        {"version", required_argument, NULL, 'v'}, {"schema", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'e'},    {"count", required_argument, NULL, 'c'},
        {"out", required_argument, NULL, 'o'},     {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'v':
            parity->version = optarg;
            break;
        case 's':
            parity->schema = optarg;
            break;
        case 'e':
            parity->dice.state = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            parity->count = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            parity->out = optarg;
            break;
        default:
            return false;
        }
    return parity->version && parity->schema && parity->out && optind < argc;
}

int main(int argc, char **argv)
{
    static struct parity parity;
    struct error error = {0};

    if (!take_options(&parity, argc, argv)) {
        fprintf(stderr, "usage: parity --version 1.1|1.2 --schema XSD --seed N --count N --out DIR FILE...\n");
        return 2;
    }
    parity.arena = arena_new(ARENA_BYTES);
    /* in this order: from then on libxml2 opens no file of its own */
    if (!parity.arena || !index_read(&parity.index, parity.schema) || !memo_schemas_open(&parity.schemas, &error))
        return 2;
    fprintf(stderr, "seed: %llu\n", (unsigned long long)parity.dice.state);
    for (int i = optind; i < argc; i++)
        if (judge(&parity, argv[i]) && parity.base_count < BASES_MAX)
            parity.bases[parity.base_count++] = argv[i];
    if (!parity.base_count) {
        fprintf(stderr, "parity: no valid example of version %s\n", parity.version);
        return 1;
    }
    bool made = make_all(&parity);

    fprintf(stderr, "plain: %u of %u documents, %u read otherwise than by libxml2\n", parity.plain, parity.read,
            parity.two_ways);
    return made && say_coverage(&parity) && parity.plain > 0 && parity.two_ways == 0 ? 0 : 1;
}

/* judge [--before SECONDS] [--verify COMMAND] [--verbose] LEDGER STATE
 *
 * Prints one line of counts; exit status 0 when the store holds exactly what was promised, 1 when it does not, 2 when
 * nothing could be judged. */
#include "tests/crash/judge.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const fault_names[FAULT_KIND_COUNT] = {
    [FAULT_LOST] = "lost",
    [FAULT_DUP] = "dup",
    [FAULT_PHANTOM] = "phantom",
    [FAULT_BROKEN_CHAIN] = "broken_chain",
    [FAULT_DIGEST_WRONG] = "digest_wrong",
    [FAULT_ANSWER_WRONG] = "answer_wrong",
    [FAULT_RECEIPTS_WRONG] = "receipts_wrong",
    [FAULT_OUTBOX_WRONG] = "outbox_wrong",
    [FAULT_EVENTS_WRONG] = "events_wrong",
    [FAULT_PLACES_WRONG] = "places_wrong",
    [FAULT_INTEGRITY] = "integrity",
    [FAULT_NOT_UNIQUE] = "not_unique",
    [FAULT_VERIFY] = "verify",
};

void verdict_add(struct verdict *verdict, enum fault_kind kind, uint64_t times, const char *says)
{
    verdict->faults[kind] += times;
    if (verdict->verbose && times > 0)
        fprintf(stderr, "judge: %s: %s (%llu)\n", fault_names[kind], says, (unsigned long long)times);
}

static void judge_promises(const struct promises *promises, struct verdict *verdict)
{
    char text[UUID_TEXT_SIZE];

    for (size_t i = 0; i < promises->count; i++) {
        const struct promise *promise = &promises->items[i];

        uuid_format(&promise->uuid, text);
        if (promise->acked && promise->found == 0)
            verdict_add(verdict, FAULT_LOST, 1, text);
        if (promise->found > 1)
            verdict_add(verdict, FAULT_DUP, promise->found - 1, text);
        if (promise->unlike)
            verdict_add(verdict, FAULT_ANSWER_WRONG, 1, text);
    }
}

static bool print_verdict(const struct promises *promises, const struct verdict *verdict)
{
    bool good = true;

    printf("acked=%zu found=%llu", promises->acked, (unsigned long long)verdict->found);
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        printf(" %s=%llu", fault_names[kind], (unsigned long long)verdict->faults[kind]);
        good = good && verdict->faults[kind] == 0;
    }
    printf("\n");
    return good;
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"before", required_argument, NULL, 'b'},
        {"verify", required_argument, NULL, 'v'},
        {"verbose", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    struct promises promises = {0};
    struct verdict verdict = {0};
    const char *verify = NULL;
    double before = 0;
    int option;
    bool good;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == 'b')
            before = strtod(optarg, NULL);
        else if (option == 'v')
            verify = optarg;
        else if (option == 'V')
            verdict.verbose = true;
        else
            return 2;
    }
    if (optind + 2 != count) {
        fprintf(stderr, "judge [--before SECONDS] [--verify COMMAND] [--verbose] LEDGER STATE\n");
        return 2;
    }
    if (!promises_read(arguments[optind], before, &promises) || !store_judge(arguments[optind + 1], &promises, &verdict)
        || (verify && !verify_judge(verify, &verdict)))
        return 2;
    judge_promises(&promises, &verdict);
    good = print_verdict(&promises, &verdict);
    promises_free(&promises);
    return good ? 0 : 1;
}

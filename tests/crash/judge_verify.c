#include "tests/crash/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <jansson.h>

/* Which fault a check of dpctl verify tells of. */
static const struct {
    const char *check;
    enum fault_kind kind;
} checks[] = {
    {"event-chain", FAULT_BROKEN_CHAIN},     {"content-digest", FAULT_DIGEST_WRONG},
    {"content-missing", FAULT_DIGEST_WRONG}, {"receipts", FAULT_RECEIPTS_WRONG},
    {"outbox", FAULT_OUTBOX_WRONG},          {"integrity", FAULT_INTEGRITY},
    {"foreign-keys", FAULT_INTEGRITY},       {"counter", FAULT_PLACES_WRONG},
    {"references", FAULT_PLACES_WRONG},      {"skeleton", FAULT_DIGEST_WRONG},
    {"letter", FAULT_DIGEST_WRONG},
};

static void take_finding(const char *check, const char *text, struct verdict *verdict)
{
    enum fault_kind kind = FAULT_VERIFY;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].check, check) == 0)
            kind = checks[i].kind;
    }
    verdict_add(verdict, kind, 1, text ? text : check);
}

/* Findings are the objects with a member "check", wherever they stand. */
static void take_findings(json_t *value, struct verdict *verdict)
{
    const char *check = json_string_value(json_object_get(value, "check")), *key;
    json_t *member;
    size_t index;

    if (check)
        take_finding(check, json_string_value(json_object_get(value, "text")), verdict);
    json_array_foreach(value, index, member) take_findings(member, verdict);
    json_object_foreach(value, key, member) take_findings(member, verdict);
}

bool verify_judge(const char *command, struct verdict *verdict)
{
    FILE *out = popen(command, "r");
    json_t *root = out ? json_loadf(out, 0, NULL) : NULL;
    int status = out ? pclose(out) : -1;

    if (!root || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
        fprintf(stderr, "judge: this did not run to its end: %s\n", command);
        json_decref(root);
        return false;
    }
    take_findings(root, verdict);
    if (WEXITSTATUS(status) == 1 && verdict->faults[FAULT_VERIFY] == 0) {
        uint64_t faults = 0;

        for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
            faults += verdict->faults[kind];
        if (faults == 0)
            verdict_add(verdict, FAULT_VERIFY, 1, "dpctl verify found something and did not say what");
    }
    json_decref(root);
    return true;
}

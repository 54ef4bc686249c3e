#include "gateway/base/finding.h"

bool findings_add(struct findings *findings, const struct finding *finding)
{
    findings->total++;
    if (findings->count < FINDINGS_MAX)
        findings->items[findings->count++] = *finding;
    return false;
}

size_t findings_errors(const struct findings *findings)
{
    size_t errors = 0;

    for (size_t i = 0; i < findings->count; i++)
        errors += findings->items[i].severity == SEVERITY_ERROR;
    return errors;
}

/* Insertion sort: stable, and there are at most FINDINGS_MAX. */
void findings_sort(struct findings *findings)
{
    for (size_t i = 1; i < findings->count; i++) {
        struct finding moving = findings->items[i];
        size_t to = i;

        for (; to > 0 && findings->items[to - 1].line > moving.line; to--)
            findings->items[to] = findings->items[to - 1];
        findings->items[to] = moving;
    }
}

const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = {"error", "warning"};

    return names[severity];
}

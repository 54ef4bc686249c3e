/* Findings: what a document breaks, in document order. The outer error of an answer is the first of them; an answer
 * carries at most FINDINGS_MAX (CONTRACT.md, Errors). */
#ifndef GATEWAY_BASE_FINDING_H
#define GATEWAY_BASE_FINDING_H

#include "gateway/base/error.h"

#define FINDINGS_MAX 50
#define REJECTED_MAX 64 /* characters of a rejected value that may be repeated to its sender */

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_COUNT };

struct finding {
    enum error_code code; /* its error_kinds[].code is the rule's id */
    enum severity severity;
    unsigned line;        /* 1-based line of the document as it was sent; 0: unknown */
    const char *field;    /* XPath with the prefix memo: and 1-based positions, or a parameter; may be NULL */
    const char *rejected; /* the value, when it is neither content, token nor person; may be NULL */
    const char *detail;   /* more in English for the one who mends it, without values; may be NULL */
    const char *danish;   /* the same in Danish; may be NULL */
};

/* Strings belong to the arena of whoever made the findings. Zero-initialise. */
struct findings {
    struct finding items[FINDINGS_MAX];
    size_t count; /* kept in items */
    size_t total; /* found in all */
};

/* Adds one; beyond FINDINGS_MAX it is only counted. Returns false so that a check may end with it. */
bool findings_add(struct findings *findings, const struct finding *finding);

/* How many have severity error, among those kept. */
size_t findings_errors(const struct findings *findings);

/* Orders by line, the earlier found first among equals. */
void findings_sort(struct findings *findings);

const char *severity_name(enum severity severity);

#endif

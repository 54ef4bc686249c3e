/* The steps between a MeMo that was read and the change that the store makes of it. */
#ifndef HANDLERS_SENDER_SUBMISSION_H
#define HANDLERS_SENDER_SUBMISSION_H

#include "gateway/content/content.h"
#include "gateway/http/http.h"
#include "gateway/store/store.h"
#include "schema/memo.h"

/* What was kept of one content while it streamed by. */
struct kept {
    struct part *content;
    struct part *layout; /* NULL: none was given */
    struct kept *next;
};

/* The keeper of one submission: contents on their way into the store. */
struct keeping {
    struct spool *spool;
    struct arena *arena;
    size_t inline_left; /* bytes that may still be held in memory */
    size_t inline_max;  /* of one content */
    struct kept *first, *last;
    unsigned count;
};

/* What memo_read() calls; state is the struct keeping. */
void keeping_begin(struct keeping *keeping, struct request *rq, struct memo_keeper *keeper);

/* Whether each kept content is a file's own. In a document that breaks the schema one may stand elsewhere, or a second
 * one in a file. */
bool keeping_is_placed(const struct keeping *keeping, const struct memo *memo);

/* Syncs what is spooled and fills in the contents of the submission, in document order; each must be a file's. */
bool keeping_finish(struct keeping *keeping, const struct memo *memo, struct submission *submission,
                    struct error *error);

/* The spool files are the writer's now. */
void keeping_hand_over(struct keeping *keeping);

/* Removes what was not handed over. */
void keeping_end(struct keeping *keeping);

/* Fills in everything but the contents: ids, labels, times, documents, the view. */
bool submission_describe(struct request *rq, const struct memo *memo, struct submission *submission);

/* What becomes of a message that keeps all rules: COMPLETED, or NOT_ALLOWED because of its recipient (CONTRACT.md,
 * Submission). Sets the business receipt, and whether it is placed. */
bool submission_judge(struct request *rq, const struct memo *memo, struct submission *submission);

/* The unchanging members of the portal's Message object (ngdp-api.md, table B), without braces. */
bool memo_view(const struct memo *memo, const struct submission *submission, struct arena *arena, const char **view);

/* The Action objects of a document as a JSON array. */
bool memo_actions(const struct memo_document *document, struct buffer *json);

#endif

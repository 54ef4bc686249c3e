/* Every process is replaced by one of this build and these settings, a part of a pool at a time, while the rest serves.
 *
 * The writer goes first: it brings the databases to the schema that the new workers' statements name, and migrations are
 * such that older workers may still run. The monitors go next: those of a build that counts in a page of its own see no
 * more of a writer than the old one's last beat, and would soon say that it hangs. Where new ones do not come up, the old
 * ones that are left go on serving. */
#include "gateway/process/process_impl.h"

#include "gateway/base/time.h"

/* How a role stands. */
struct standing {
    unsigned total, stale, unsettled; /* stale: of an older generation and still at work */
};

/* A process of this generation counts once it serves: one that cannot start is there for a moment too. The writer serves
 * once it beats, for by then its databases are as they should be. */
static bool is_settled(const struct supervisor *supervisor, const struct slot *slot)
{
    if (!slot->pid || slot->kill_at)
        return false;
    if (slot->generation != supervisor->generation)
        return true;
    return supervisor->serving[slot - supervisor->slots]
           && (slot->role != ROLE_WRITER
               || metrics_get(supervisor->metrics, METRIC_WRITER_BEAT, 0) >= (uint64_t)slot->began);
}

static struct standing stand(const struct supervisor *supervisor, enum role role)
{
    struct standing standing = {0};

    for (size_t i = 0; i < supervisor->slot_count; i++) {
        const struct slot *slot = &supervisor->slots[i];

        if (slot->role != role || (slot->vacant && !slot->pid))
            continue;
        standing.total++;
        if (!is_settled(supervisor, slot))
            standing.unsettled++;
        else if (slot->generation != supervisor->generation)
            standing.stale++;
    }
    return standing;
}

/* Half a pool at a time. True: the role is as it should be. */
static bool roll_role(struct supervisor *supervisor, enum role role)
{
    struct standing standing = stand(supervisor, role);
    unsigned most = standing.total > 1 ? standing.total / 2 : 1;

    for (size_t i = 0; i < supervisor->slot_count && standing.unsettled < most && standing.stale; i++) {
        struct slot *slot = &supervisor->slots[i];

        if (slot->role != role || slot->generation == supervisor->generation || !is_settled(supervisor, slot))
            continue;
        slot_drain(supervisor, slot);
        standing.unsettled++;
        standing.stale--;
    }
    return !standing.unsettled && !standing.stale;
}

void roll_begin(struct supervisor *supervisor)
{
    supervisor->generation++;
    supervisor->rolling = true;
}

void roll_on(struct supervisor *supervisor)
{
    static const enum role order[] = {ROLE_WRITER,  ROLE_MONITOR, ROLE_SENDER,
                                      ROLE_RECEIPT, ROLE_READER,  ROLE_DISPATCHER};
    _Static_assert(sizeof order / sizeof *order == ROLE_WRITER + 1, "every role that has processes");

    if (!supervisor->rolling)
        return;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (!roll_role(supervisor, order[i]))
            return;
    supervisor->rolling = false;
    log_line(&supervisor->log, LOG_INFO, NULL, "replaced: every process is of this build and these settings");
}

#include "handlers/sender/quarantine.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>

#define WORKERS_MAX 513 /* [process] sender_workers is at most 512; the numbers begin at 1 */
#define DEATHS_MAX 256  /* the last ones are remembered */
#define DEATHS_ENOUGH 2

struct name {
    struct uuid system, message;
};

struct quarantine {
    struct mark {
        _Atomic bool reading;
        struct name name;
    } marks[WORKERS_MAX]; /* by a worker's number; each is written by that worker alone */
    _Atomic unsigned deaths;
    struct death {
        _Atomic bool told;
        struct name name;
    } list[DEATHS_MAX]; /* a ring */
};

struct quarantine *quarantine_open(void)
{
    void *memory = mmap(NULL, sizeof(struct quarantine), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void quarantine_close(struct quarantine *quarantine)
{
    if (quarantine)
        munmap(quarantine, sizeof *quarantine);
}

static void limit_time(unsigned milliseconds)
{
    struct itimerval limit = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000}};

    setitimer(ITIMER_PROF, &limit, NULL);
}

void quarantine_enter(struct quarantine *quarantine, int worker, const struct uuid *system, const struct uuid *message,
                      unsigned cpu_ms)
{
    struct mark *mark = &quarantine->marks[worker];

    mark->name = (struct name){*system, *message};
    atomic_store_explicit(&mark->reading, true, memory_order_release);
    limit_time(cpu_ms);
}

void quarantine_leave(struct quarantine *quarantine, int worker)
{
    limit_time(0);
    atomic_store_explicit(&quarantine->marks[worker].reading, false, memory_order_release);
}

static void remember(struct quarantine *quarantine, const struct name *name)
{
    struct death *death = &quarantine->list[atomic_fetch_add(&quarantine->deaths, 1) % DEATHS_MAX];

    atomic_store_explicit(&death->told, false, memory_order_release);
    death->name = *name;
    atomic_store_explicit(&death->told, true, memory_order_release);
}

bool quarantine_find(struct quarantine *quarantine, int worker, struct uuid *message)
{
    struct mark *mark = &quarantine->marks[worker];

    if (!atomic_load_explicit(&mark->reading, memory_order_acquire))
        return false;
    *message = mark->name.message;
    remember(quarantine, &mark->name);
    atomic_store_explicit(&mark->reading, false, memory_order_release);
    return true;
}

bool quarantine_allows(const struct quarantine *quarantine, const struct uuid *system, const struct uuid *message)
{
    unsigned deaths = 0;

    if (atomic_load_explicit(&quarantine->deaths, memory_order_relaxed) == 0)
        return true;
    for (int i = 0; i < DEATHS_MAX; i++) {
        const struct death *death = &quarantine->list[i];

        deaths += atomic_load_explicit(&death->told, memory_order_acquire) && uuid_same(&death->name.message, message)
                  && uuid_same(&death->name.system, system);
    }
    return deaths < DEATHS_ENOUGH;
}

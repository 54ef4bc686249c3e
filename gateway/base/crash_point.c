#include "gateway/base/crash_point.h"

static const char *const names[CRASH_POINT_COUNT] = {
#define CRASH_POINT_NAME(role, point) [CRASH_##role##_##point] = #role "." #point,
    CRASH_POINTS_LIST(CRASH_POINT_NAME)
#undef CRASH_POINT_NAME
};

const char *crash_point_name(enum crash_point point)
{
    return (unsigned)point < CRASH_POINT_COUNT ? names[point] : "none";
}

#ifdef CRASH_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The one variable outside of a function: the points stand in code that has nowhere to carry it, and only test builds
 * have it. Set before main, never afterwards; inherited over fork. */
static struct crash_page *page;

__attribute__((constructor)) static void page_map(void)
{
    const char *file = getenv("DP_CRASH_FILE");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = MAP_FAILED;

    if (fd >= 0) {
        mapped = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    page = mapped == MAP_FAILED ? NULL : mapped;
}

static void act(uint32_t action)
{
    __atomic_store_n(&page->victim, (int32_t)getpid(), __ATOMIC_SEQ_CST);
    if (action == CRASH_STOP) {
        kill(getpid(), SIGSTOP);
        return;
    }
    kill(getpid(), SIGKILL);
    __builtin_trap(); /* a filter that forbids kill() does not save it */
}

void crash_point(enum crash_point point)
{
    uint32_t action;

    if (!page)
        return;
    __atomic_add_fetch(&page->passed[point], 1, __ATOMIC_SEQ_CST);
    action = __atomic_load_n(&page->action, __ATOMIC_SEQ_CST);
    if (action == CRASH_NOTHING || __atomic_load_n(&page->point, __ATOMIC_SEQ_CST) != (uint32_t)point)
        return;
    if (__atomic_sub_fetch(&page->countdown, 1, __ATOMIC_SEQ_CST) == 0)
        act(action);
}

#endif

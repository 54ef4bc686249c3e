/* crash_page: the test's side of gateway/base/crash_point.h.
 *
 *   crash_page names                      all points, one a line
 *   crash_page FILE new                   makes the page
 *   crash_page FILE kill|stop POINT N     the N-th passage from now dies, or stops
 *   crash_page FILE wait SECONDS          prints the pid it happened to; exit status 1: it did not happen in time
 *   crash_page FILE off                   nothing happens any more
 *   crash_page FILE passed                each point and how often it was passed */
#include "gateway/base/crash_point.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int usage(void)
{
    fprintf(stderr, "crash_page names | FILE new|off|passed | FILE kill|stop POINT N | FILE wait SECONDS\n");
    return 2;
}

static struct crash_page *page_open(const char *file, bool make)
{
    int fd = open(file, O_RDWR | O_CLOEXEC | (make ? O_CREAT | O_TRUNC : 0), 0666);
    void *mapped = MAP_FAILED;

    if (fd >= 0 && (!make || (ftruncate(fd, sizeof(struct crash_page)) == 0 && fchmod(fd, 0666) == 0)))
        mapped = mmap(NULL, sizeof(struct crash_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        fprintf(stderr, "crash_page: %s: %s\n", file, strerror(errno));
        exit(2);
    }
    close(fd);
    return mapped;
}

static int arm(struct crash_page *page, enum crash_action action, const char *name, const char *count)
{
    enum crash_point point = 0;

    while (point < CRASH_POINT_COUNT && strcmp(crash_point_name(point), name) != 0)
        point++;
    if (point == CRASH_POINT_COUNT)
        return usage();
    __atomic_store_n(&page->action, CRASH_NOTHING, __ATOMIC_SEQ_CST);
    __atomic_store_n(&page->victim, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&page->point, (uint32_t)point, __ATOMIC_SEQ_CST);
    __atomic_store_n(&page->countdown, (int32_t)strtol(count, NULL, 10), __ATOMIC_SEQ_CST);
    __atomic_store_n(&page->action, (uint32_t)action, __ATOMIC_SEQ_CST);
    return 0;
}

static int await(struct crash_page *page, double seconds)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    for (double waited = 0; waited < seconds; waited += 0.002) {
        int32_t victim = __atomic_load_n(&page->victim, __ATOMIC_SEQ_CST);

        if (victim != 0) {
            printf("%d\n", (int)victim);
            return 0;
        }
        nanosleep(&pause, NULL);
    }
    return 1;
}

static int print_passed(struct crash_page *page)
{
    for (enum crash_point point = 0; point < CRASH_POINT_COUNT; point++)
        printf("%s %llu\n", crash_point_name(point),
               (unsigned long long)__atomic_load_n(&page->passed[point], __ATOMIC_SEQ_CST));
    return 0;
}

int main(int count, char **arguments)
{
    const char *verb = count > 2 ? arguments[2] : "";
    struct crash_page *page;

    if (count == 2 && strcmp(arguments[1], "names") == 0) {
        for (enum crash_point point = 0; point < CRASH_POINT_COUNT; point++)
            puts(crash_point_name(point));
        return 0;
    }
    if (count < 3)
        return usage();
    page = page_open(arguments[1], strcmp(verb, "new") == 0);
    if (count == 3 && strcmp(verb, "new") == 0)
        return 0;
    if (count == 3 && strcmp(verb, "passed") == 0)
        return print_passed(page);
    if (count == 3 && strcmp(verb, "off") == 0) {
        __atomic_store_n(&page->action, CRASH_NOTHING, __ATOMIC_SEQ_CST);
        return 0;
    }
    if (count == 4 && strcmp(verb, "wait") == 0)
        return await(page, strtod(arguments[3], NULL));
    if (count == 5 && strcmp(verb, "kill") == 0)
        return arm(page, CRASH_KILL, arguments[3], arguments[4]);
    if (count == 5 && strcmp(verb, "stop") == 0)
        return arm(page, CRASH_STOP, arguments[3], arguments[4]);
    return usage();
}

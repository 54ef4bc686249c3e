/* Preloaded into the gateway: while the file $CLOCK_BACK exists its clock is an hour behind. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const char *file = getenv("CLOCK_BACK");
    void *found = dlsym(RTLD_NEXT, "clock_gettime");
    int (*real)(clockid_t, struct timespec *);

    if (!found)
        abort();
    memcpy(&real, &found, sizeof real);
    int result = real(clock, now);

    if (result == 0 && clock == CLOCK_REALTIME && file && access(file, F_OK) == 0)
        now->tv_sec -= 3600;
    return result;
}

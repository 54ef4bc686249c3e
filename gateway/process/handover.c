/* A new build takes over from within: the supervisor keeps its process, its sockets and its children, and becomes the new
 * program (execve). What the new one must know of them is a text in a file of memory; one row a descriptor or a slot:
 *
 *   handover 1
 *   pid_file FD
 *   control FD
 *   socket ROLE FD
 *   slot ROLE NUMBER WORKER_END WRITER_END PID
 *
 * The metrics' memory goes beside it, as a descriptor in a variable of its own: a build from before this was done refuses
 * a text with a row that it does not know, and passes over a variable.
 *
 * There is no way back from execve, so the new program is first run beside us, on the same text, to say whether it could. */
#include "gateway/process/process_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_LINE "handover 1\n"
#define LINE_MAX_BYTES 200

bool handover_program(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* ---- what is told ---- */

static bool write_rows(const struct supervisor *supervisor, FILE *out)
{
    fprintf(out, FIRST_LINE "pid_file %d\ncontrol %d\n", supervisor->pid_file, supervisor->control);
    for (enum role role = 0; role < POOL_COUNT; role++)
        fprintf(out, "socket %s %d\n", role_name(role), supervisor->sockets[role]);
    for (size_t i = 0; i < supervisor->slot_count; i++) {
        const struct slot *slot = &supervisor->slots[i];

        fprintf(out, "slot %s %d %d %d %d\n", role_name(slot->role), slot->number, slot->worker_end, slot->writer_end,
                (int)slot->pid);
    }
    return fflush(out) == 0 && !ferror(out);
}

/* A file of memory that outlives execve; -1: there is none. */
static int write_state(const struct supervisor *supervisor)
{
    int fd = memfd_create("handover", 0), copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
    bool ok = out && write_rows(supervisor, out);

    if (out)
        fclose(out);
    else if (copy >= 0)
        close(copy);
    if (ok)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- what is read ---- */

static bool role_of(const char *name, enum role *role)
{
    for (*role = 0; *role < ROLE_COUNT; ++*role)
        if (strcmp(role_name(*role), name) == 0)
            return true;
    return false;
}

static bool read_slot(struct supervisor *supervisor, const char *name, int number, int worker_end, int writer_end,
                      int pid)
{
    struct slot *slots = realloc(supervisor->slots, (supervisor->slot_count + 1) * sizeof *slots);
    struct slot slot = {.number = number, .worker_end = worker_end, .writer_end = writer_end, .pid = pid};

    if (!slots)
        return false;
    supervisor->slots = slots;
    if (!role_of(name, &slot.role))
        return false;
    slots[supervisor->slot_count++] = slot;
    return true;
}

static bool read_row(struct supervisor *supervisor, const char *line)
{
    char name[32], end;
    int a, b, c, d;
    enum role role;

    if (sscanf(line, "pid_file %d%c", &supervisor->pid_file, &end) == 2
        || sscanf(line, "control %d%c", &supervisor->control, &end) == 2)
        return end == '\n';
    if (sscanf(line, "socket %31s %d%c", name, &a, &end) == 3) {
        if (!role_of(name, &role) || role >= POOL_COUNT)
            return false;
        supervisor->sockets[role] = a;
        return true;
    }
    return sscanf(line, "slot %31s %d %d %d %d%c", name, &a, &b, &c, &d, &end) == 6 && end == '\n'
           && read_slot(supervisor, name, a, b, c, d);
}

static bool read_state(struct supervisor *supervisor, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *in = copy >= 0 ? fdopen(copy, "r") : NULL;
    char line[LINE_MAX_BYTES];
    bool ok = in && fseek(in, 0, SEEK_SET) == 0 && fgets(line, sizeof line, in) && strcmp(line, FIRST_LINE) == 0;

    while (ok && fgets(line, sizeof line, in))
        ok = read_row(supervisor, line);
    if (in)
        fclose(in);
    /* The writer's slot is the first (process_impl.h). */
    return ok && supervisor->pid_file >= 0 && supervisor->slot_count && supervisor->slots[0].role == ROLE_WRITER;
}

/* ---- descriptors that stay open ---- */

static void keep_one(int fd, bool keep)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

static void keep_open(const struct supervisor *supervisor, bool keep)
{
    keep_one(supervisor->pid_file, keep);
    keep_one(supervisor->control, keep);
    keep_one(supervisor->metrics_memory, keep);
    for (enum role role = 0; role < POOL_COUNT; role++)
        keep_one(supervisor->sockets[role], keep);
    for (size_t i = 0; i < supervisor->slot_count; i++) {
        keep_one(supervisor->slots[i].worker_end, keep);
        keep_one(supervisor->slots[i].writer_end, keep);
    }
}

/* ---- the old build's side ---- */

/* argv of the new program; `number` and `option` make the trial of it. */
static void run_program(const struct supervisor *supervisor, const char *option, const char *number)
{
    const char *arguments[6] = {"dpgateway"};
    int count = 1;

    if (supervisor->config_file) {
        arguments[count++] = "--config";
        arguments[count++] = supervisor->config_file;
    }
    if (option) {
        arguments[count++] = option;
        arguments[count++] = number;
    }
    execv(supervisor->program, (char *const *)(uintptr_t)arguments);
}

static void try_program(const struct supervisor *supervisor, int state)
{
    char number[16];
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(number, sizeof number, "%d", state);
    run_program(supervisor, HANDOVER_OPTION, number);
    fprintf(stderr, "dpgateway: %s: %s\n", supervisor->program, strerror(errno));
    _exit(1);
}

bool handover_try(struct supervisor *supervisor, struct error *error)
{
    int state = write_state(supervisor);

    if (state < 0)
        return error_set(error, ERROR_INTERNAL, "handover", "%s", strerror(errno));
    supervisor->successor = fork();
    if (supervisor->successor == 0)
        try_program(supervisor, state);
    close(state);
    return supervisor->successor > 0 || error_set(error, ERROR_INTERNAL, "handover", "fork: %s", strerror(errno));
}

static void set_number(const char *variable, int fd)
{
    char number[16];

    snprintf(number, sizeof number, "%d", fd);
    setenv(variable, number, 1);
}

bool handover_do(struct supervisor *supervisor, struct error *error)
{
    int state = write_state(supervisor);

    if (state < 0)
        return error_set(error, ERROR_INTERNAL, "handover", "%s", strerror(errno));
    set_number(HANDOVER_VARIABLE, state);
    set_number(HANDOVER_METRICS, supervisor->metrics_memory);
    keep_open(supervisor, true);
    run_program(supervisor, NULL, NULL);
    error_set(error, ERROR_INTERNAL, supervisor->program, "%s", strerror(errno));
    keep_open(supervisor, false);
    unsetenv(HANDOVER_VARIABLE);
    unsetenv(HANDOVER_METRICS);
    close(state);
    return false;
}

/* ---- the new build's side ---- */

static bool state_number(const char *text, int *fd)
{
    char *end;
    long number = text ? strtol(text, &end, 10) : -1;

    *fd = (int)number;
    return text && *text && !*end && number > 2 && number <= INT_MAX;
}

bool handover_is(void)
{
    return getenv(HANDOVER_VARIABLE) != NULL;
}

bool handover_take(struct supervisor *supervisor, struct error *error)
{
    int state;
    bool ok = state_number(getenv(HANDOVER_VARIABLE), &state) && read_state(supervisor, state);

    if (!state_number(getenv(HANDOVER_METRICS), &supervisor->metrics_memory))
        supervisor->metrics_memory = -1;
    unsetenv(HANDOVER_VARIABLE);
    unsetenv(HANDOVER_METRICS);
    if (!ok)
        return error_set(error, ERROR_INTERNAL, "handover", "what the build before told cannot be read");
    close(state);
    keep_open(supervisor, false);
    return true;
}

bool handover_could(const char *number)
{
    struct supervisor trial = {.pid_file = -1, .control = -1};
    int state;
    bool ok = state_number(number, &state) && read_state(&trial, state);

    free(trial.slots);
    return ok;
}

/* dpgateway: the gateway's processes. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/identity/identity.h"
#include "gateway/process/process.h"
#include "gateway/store/store.h"
#include "handlers/dispatcher.h"
#include "handlers/worker.h"
#include "schema/memo.h"

#ifndef VERSION
#define VERSION "0.1"
#endif

/* ---- the writer's duty ---- */

static bool open_writer(struct process *process, void **state, struct error *error)
{
    struct writer *writer = NULL;
    bool ok = writer_open(process->config, &process->log, process->metrics, error, &writer);

    *state = writer;
    return ok;
}

static bool serve_writer(struct process *process, void *state, struct error *error)
{
    struct writer_slot *slots = calloc(process->slot_count + 1, sizeof *slots);
    bool drained;

    if (!slots)
        return error_set(error, ERROR_OUT_OF_MEMORY, "writer", NULL);
    for (size_t i = 0; i < process->slot_count; i++)
        slots[i] = (struct writer_slot){.fd = process->slots[i].fd, .role = process->slots[i].role};
    drained = writer_serve(state, slots, process->slot_count, process->socket, DRAIN_SIGNAL, error);
    free(slots);
    return drained;
}

static void close_writer(void *state)
{
    writer_close(state);
}

/* Who does what. */
#define POOL .open = worker_open, .serve = worker_serve, .close = worker_close
static const struct duty duties[ROLE_COUNT] = {
    [ROLE_SENDER] = {.prepare = worker_prepare, .release = worker_release, POOL},
    [ROLE_RECEIPT] = {POOL},
    [ROLE_READER] = {POOL},
    [ROLE_MONITOR] = {POOL},
    [ROLE_DISPATCHER] = {.open = dispatcher_open, .serve = dispatcher_serve, .close = dispatcher_close},
    [ROLE_WRITER] = {.open = open_writer, .serve = serve_writer, .close = close_writer},
};

/* ---- the command line ---- */

static void print_help(FILE *out)
{
    fputs("dpgateway serves a Digital Post gateway in the foreground until SIGTERM or Ctrl-C.\n"
          "\n"
          "  dpgateway [--config FILE]    serve; SIGHUP reads the settings anew, SIGUSR2 lets the\n"
          "                               build that lies in this one's place take over\n"
          "\n"
          "  --config FILE     settings; else $DP_CONFIG, else " CONFIG_DEFAULT "\n"
          "  --check           says what is wrong with the settings and the machine, one line each, and ends\n"
          "  --print-config    the settings in force, as a settings file\n"
          "  --version, --help\n"
          "\n"
          "Each setting, as NAME in its section of the file or as DP_<SECTION>_<NAME> in the environment, which wins:\n"
          "\n",
          out);
    config_help(out);
}

static bool tell_findings(const struct config_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct config_finding *finding = &findings->items[i];

        printf("%s", finding->file ? finding->file : "environment");
        if (finding->line)
            printf(":%u", finding->line);
        printf(": %s\n", finding->text);
    }
    return findings->count == 0;
}

static bool tell_error(const struct error *error)
{
    printf("%s: %s%s%s\n", error->where[0] ? error->where : "dpgateway", error_kind(error->code)->en,
           error->detail[0] ? " " : "", error->detail);
    return false;
}

static bool check_parts(const struct config *config)
{
    struct certificates *certificates = NULL;
    struct memo_schemas *schemas = NULL;
    struct error error = {0};
    unsigned abi;
    bool ok = true;

    if (!certificates_open(config->issuers_file, 1, NULL, &certificates, &error))
        ok = tell_error(&error);
    else
        certificates_close(certificates);
    if (!memo_schemas_open(&schemas, &error))
        ok = tell_error(&error);
    else
        memo_schemas_close(schemas);
    if (config->sandbox && !rights_landlock_available(&abi))
        printf("note: this kernel has no Landlock; users, file modes and seccomp hold without it.\n");
    return ok;
}

static int check(const char *file)
{
    struct config_findings findings = {.count = 0};
    struct config *config = NULL;
    bool ok = config_open(file, &config, &findings) && config_check(config, &findings);

    ok = tell_findings(&findings) && ok && check_parts(config);
    if (ok)
        printf("The settings are in order.\n");
    config_close(config);
    return ok ? 0 : 1;
}

static int print_config(const char *file)
{
    struct config_findings findings = {.count = 0};
    struct config *config = NULL;

    if (!config_open(file, &config, &findings)) {
        tell_findings(&findings);
        return 1;
    }
    config_print(config, stdout);
    config_close(config);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"could-take-over", required_argument, NULL, 't'},
        {0},
    };
    const char *file = config_default_file(), *handover = NULL;
    int option, wanted = 0;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == '?')
            return 2;
        if (option == 'c')
            file = optarg;
        else
            wanted = option;
        if (option == 't')
            handover = optarg;
    }
    if (optind < argc) {
        fprintf(stderr, "dpgateway: it takes no operands; --help tells the options\n");
        return 2;
    }
    switch (wanted) {
    case 'h':
        print_help(stdout);
        return 0;
    case 'v':
        printf("dpgateway %s\n", VERSION);
        return 0;
    case 'k':
        return check(file);
    case 't': /* asked by a running gateway (SIGUSR2) */
        return supervisor_could_take_over(file, handover) ? 0 : 1;
    case 'p':
        return print_config(file);
    default:
        return supervisor_run(argc, argv, file, duties);
    }
}

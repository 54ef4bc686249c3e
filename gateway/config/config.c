#include "gateway/config/config_impl.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#define ARENA_LIMIT ((size_t)1 << 20)
#define LINE_SIZE (PATH_MAX + 256) /* of a settings file, with line end and NUL */

/* What is being opened. */
struct opening {
    const char *file;
    FILE *stream;
    struct config *config;
    struct config_findings *findings;
    unsigned *lines; /* a setting: where the file gives it; 0: it does not */
    char folder[PATH_MAX];
    char *line; /* getline's */
    size_t line_size;
    unsigned number;  /* of the line that inih is reading */
    bool unexplained; /* it was neither blank, comment nor section, and has not come back as a setting yet */
};

void finding_tell(struct config_findings *findings, const char *file, unsigned line, const char *format, ...)
{
    struct config_finding *finding;
    va_list arguments;

    if (findings->count == CONFIG_FINDINGS_MAX)
        return;
    finding = &findings->items[findings->count++];
    finding->file = file;
    finding->line = line;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
}

static const struct setting *find_setting(const char *section, const char *name)
{
    for (const struct setting *setting = config_settings; setting->name; setting++)
        if (strcmp(setting->section, section) == 0 && strcmp(setting->name, name) == 0)
            return setting;
    return NULL;
}

static bool is_section(const char *name, size_t length)
{
    for (const struct setting *setting = config_settings; setting->name; setting++)
        if (strlen(setting->section) == length && strncmp(setting->section, name, length) == 0)
            return true;
    return false;
}

/* ---- the file ---- */

static void tell_line(struct opening *opening, const char *says)
{
    finding_tell(opening->findings, opening->file, opening->number, "%s", says);
}

/* inih says nothing of lines that it cannot read but the number of the first. */
static void tell_unexplained(struct opening *opening)
{
    if (opening->unexplained)
        tell_line(opening, "this is neither a [section] nor name = value");
    opening->unexplained = false;
}

/* A section that is not ours is told once, for all of its settings. */
static bool section_is_good(struct opening *opening, const char *line)
{
    const char *end = strchr(line, ']');

    if (!end)
        tell_line(opening, "the section's name does not end with ]");
    else if (!is_section(line + 1, (size_t)(end - line - 1)))
        finding_tell(opening->findings, opening->file, opening->number, "there is no section [%.*s]",
                     end - line - 1 < 40 ? (int)(end - line - 1) : 40, line + 1);
    else
        return true;
    return false;
}

/* What inih shall see of a line: without the blanks before it, for they would make it a part of the line above. */
static const char *choose_text(struct opening *opening, size_t length, size_t room)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    const char *text = opening->line;

    if (opening->number == 1 && strncmp(text, byte_order_mark, 3) == 0)
        text += 3;
    text += strspn(text, " \t\r\n\v\f");
    if (strlen(opening->line) != length) {
        tell_line(opening, "the line has a NUL byte");
        return "";
    }
    if (strlen(text) + 2 > room) {
        tell_line(opening, "the line is too long");
        return "";
    }
    if (*text == '[')
        return section_is_good(opening, text) ? text : "[?]";
    opening->unexplained = *text && *text != ';' && *text != '#';
    return text;
}

/* Stands in for fgets, for inih tells no line numbers. */
static char *read_line(char *out, int size, void *stream)
{
    struct opening *opening = stream;
    ssize_t length;

    tell_unexplained(opening);
    length = getline(&opening->line, &opening->line_size, opening->stream);
    if (length < 0)
        return NULL;
    opening->number++;
    snprintf(out, (size_t)size, "%s\n", choose_text(opening, (size_t)length, (size_t)size));
    return out;
}

static int take_line(void *state, const char *section, const char *name, const char *value)
{
    struct opening *opening = state;
    const struct setting *setting = find_setting(section, name);
    char problem[PROBLEM_SIZE];
    unsigned *line;

    opening->unexplained = false;
    if (!setting) {
        if (!*section)
            tell_line(opening, "a setting stands before the first [section]");
        else if (is_section(section, strlen(section)))
            finding_tell(opening->findings, opening->file, opening->number, "there is no setting %.40s in [%s]", name,
                         section);
        return 1;
    }
    line = &opening->lines[setting - config_settings];
    if (*line)
        finding_tell(opening->findings, opening->file, opening->number, "[%s] %s: stands in line %u already", section,
                     name, *line);
    else if (!setting_read(setting, value, opening->folder, opening->config, problem))
        finding_tell(opening->findings, opening->file, opening->number, "[%s] %s: %s", section, name, problem);
    if (!*line)
        *line = opening->number;
    return 1;
}

/* The folder of the file, or the one we are in. */
static bool find_folder(struct opening *opening)
{
    char path[PATH_MAX];
    const char *slash = opening->file ? strrchr(opening->file, '/') : NULL;

    if (!slash)
        return getcwd(opening->folder, sizeof opening->folder) != NULL;
    if (snprintf(path, sizeof path, "%.*s", (int)(slash - opening->file + 1), opening->file) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    return realpath(path, opening->folder) != NULL;
}

static void read_file(struct opening *opening)
{
    int broken;

    opening->stream = find_folder(opening) && opening->file ? fopen(opening->file, "re") : NULL;
    if (!opening->stream) {
        if (opening->file || !*opening->folder)
            finding_tell(opening->findings, opening->file, 0, "cannot be read: %s", strerror(errno));
        return;
    }
    ini_max_line = LINE_SIZE; /* Debian's library takes its limits from variables; 200 is too little for a path */
    errno = 0;
    broken = ini_parse_stream(read_line, opening, take_line, opening);
    if (ferror(opening->stream) || broken < 0)
        finding_tell(opening->findings, opening->file, 0, "cannot be read: %s", strerror(errno ? errno : ENOMEM));
    else if (broken && !opening->findings->count)
        finding_tell(opening->findings, opening->file, (unsigned)broken, "this line cannot be understood");
    fclose(opening->stream);
    free(opening->line);
}

/* ---- the environment ---- */

/* The setting that a variable names. *ours: its name begins like those of a section of ours. */
static const struct setting *find_variable(const char *name, bool *ours)
{
    char variable[VARIABLE_SIZE];

    *ours = false;
    for (const struct setting *setting = config_settings; setting->name; setting++) {
        setting_variable(setting->section, NULL, variable);
        *ours = *ours || strncmp(name, variable, strlen(variable)) == 0;
        setting_variable(setting->section, setting->name, variable);
        if (strcmp(name, variable) == 0)
            return setting;
    }
    return NULL;
}

static void take_variable(struct opening *opening, const char *entry)
{
    const char *equals = strchr(entry, '=');
    char name[VARIABLE_SIZE], problem[PROBLEM_SIZE];
    const struct setting *setting;
    bool ours;

    if (!equals)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(equals - entry), entry);
    setting = find_variable(name, &ours);
    if (!setting && ours)
        finding_tell(opening->findings, NULL, 0, "%s: there is no such setting", name);
    else if (setting && !setting_read(setting, equals + 1, opening->folder, opening->config, problem))
        finding_tell(opening->findings, NULL, 0, "%s: %s", name, problem);
}

static void read_environment(struct opening *opening)
{
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, "DP_", 3) == 0)
            take_variable(opening, *entry);
}

/* ---- the whole ---- */

static void read_defaults(struct opening *opening)
{
    char problem[PROBLEM_SIZE];

    for (const struct setting *setting = config_settings; setting->name; setting++)
        if (!setting_read(setting, setting->initial, "/", opening->config, problem))
            finding_tell(opening->findings, NULL, 0, "[%s] %s: %s", setting->section, setting->name, problem);
}

/* Settings that are good alone and wrong together. */
static void check_together(struct opening *opening)
{
    const struct config *config = opening->config;
    const struct {
        bool wrong;
        const char *section, *name, *says;
    } rules[] = {
        {config->wal_checkpoint > config->wal_cap, "store", "wal_checkpoint", "is larger than wal_cap"},
        {config->content_max > config->body_max, "memo", "content_max", "is larger than body_max"},
        {config->outbox_lease_seconds <= config->outbox_timeout_seconds, "outbox", "lease_seconds",
         "is not more than timeout_seconds"},
        {!*config->outbox_certificate != !*config->outbox_key, "outbox", "certificate", "needs key, and key needs it"},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].wrong) {
            unsigned line = opening->lines[find_setting(rules[i].section, rules[i].name) - config_settings];

            finding_tell(opening->findings, line ? opening->file : NULL, line, "[%s] %s: %s", rules[i].section,
                         rules[i].name, rules[i].says);
        }
}

static size_t count_settings(void)
{
    size_t count = 0;

    while (config_settings[count].name)
        count++;
    return count;
}

/* A config without values, in an arena of its own. */
static struct config *config_new(void)
{
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct config *config = arena ? arena_alloc(arena, sizeof *config) : NULL;

    if (config)
        config->arena = arena;
    else
        arena_free(arena);
    return config;
}

const char *config_default_file(void)
{
    const char *named = getenv("DP_CONFIG");

    if (named && *named)
        return named;
    return access(CONFIG_DEFAULT, F_OK) == 0 ? CONFIG_DEFAULT : NULL;
}

bool config_open(const char *file, struct config **config, struct config_findings *findings)
{
    struct opening opening = {.file = file, .findings = findings};

    findings->count = 0;
    *config = NULL;
    opening.config = config_new();
    opening.lines = calloc(count_settings(), sizeof *opening.lines);
    if (opening.config && opening.lines) {
        read_defaults(&opening);
        read_file(&opening);
        read_environment(&opening);
        check_together(&opening);
    } else {
        finding_tell(findings, NULL, 0, "no memory");
    }
    free(opening.lines);
    if (!findings->count)
        *config = opening.config;
    else
        config_close(opening.config);
    return !findings->count;
}

void config_close(struct config *config)
{
    if (config)
        arena_free(config->arena);
}

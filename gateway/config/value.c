/* The forms of a value: read from text, written as text. */
#include "gateway/config/config_impl.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXTENSION_MAX 16
#define SIZE_TEXT 32

/* What the readers need and fill. */
struct taking {
    const struct setting *setting;
    const char *text, *folder;
    struct arena *arena;
    void *place; /* the member of struct config */
    char *problem;
};

static const struct unit {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"GB", (uint64_t)1 << 30},
    {"MB", (uint64_t)1 << 20},
    {"KB", (uint64_t)1 << 10},
};
#define UNITS (sizeof units / sizeof units[0])

static const struct {
    const char *name;
    bool value;
} switches[] = {
    {"yes", true}, {"true", true}, {"on", true}, {"no", false}, {"false", false}, {"off", false},
};
#define SWITCHES (sizeof switches / sizeof switches[0])

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const answers[] = {"door", "receipt", NULL};

static bool refuse(const struct taking *taking, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(const struct taking *taking, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(taking->problem, PROBLEM_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static bool keep_text(const struct taking *taking, char *text)
{
    if (!text)
        return refuse(taking, "no memory");
    *(const char **)taking->place = text;
    return true;
}

/* Control characters would break lines, a semicolon or blanks at the ends would be lost in an INI file. */
static bool is_plain(const char *text)
{
    size_t length = strlen(text);

    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c) || *c == ';')
            return false;
    return !length || (text[0] != ' ' && text[length - 1] != ' ');
}

static bool length_fits(const struct taking *taking, size_t length)
{
    if (length < taking->setting->least)
        return refuse(taking, "needs a value");
    if (length > taking->setting->most)
        return refuse(taking, "has %zu characters, at most %" PRIu64 " are allowed", length, taking->setting->most);
    return is_plain(taking->text)
           || refuse(taking, "must not have control characters, semicolons or blanks at its ends");
}

static bool take_path(const struct taking *taking)
{
    const char *text = taking->text, *folder = taking->folder;
    char *path;
    size_t length;

    if (!*text)
        return length_fits(taking, 0) && keep_text(taking, arena_text(taking->arena, text));
    if (*text == '/')
        path = arena_text(taking->arena, text);
    else
        path = arena_format(taking->arena, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, text);
    if (!path)
        return refuse(taking, "no memory");
    length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    return length_fits(taking, length) && keep_text(taking, path);
}

static bool take_name(const struct taking *taking)
{
    if (!length_fits(taking, strlen(taking->text)))
        return false;
    if (strpbrk(taking->text, ":/,"))
        return refuse(taking, "is no name of a user or group");
    return keep_text(taking, arena_text(taking->arena, taking->text));
}

static bool take_choice(const struct taking *taking, const char *const *choices)
{
    char all[PROBLEM_SIZE / 2] = "";

    for (size_t i = 0; choices[i]; i++) {
        size_t length = strlen(all);

        if (strcmp(taking->text, choices[i]) == 0)
            return keep_text(taking, arena_text(taking->arena, choices[i]));
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", choices[i]);
    }
    return refuse(taking, "must be one of %s", all);
}

static bool take_level(const struct taking *taking)
{
    return take_choice(taking, levels);
}

static bool take_answer(const struct taking *taking)
{
    return take_choice(taking, answers);
}

static bool take_bool(const struct taking *taking)
{
    for (size_t i = 0; i < SWITCHES; i++)
        if (strcasecmp(taking->text, switches[i].name) == 0) {
            *(bool *)taking->place = switches[i].value;
            return true;
        }
    return refuse(taking, "must be yes or no");
}

/* Digits at the beginning of a text; what does not fit counts as the largest number. NULL: there are none. */
static const char *read_digits(const char *text, uint64_t *number)
{
    const char *c = text;

    for (*number = 0; isdigit((unsigned char)*c); c++)
        if (__builtin_mul_overflow(*number, (uint64_t)10, number)
            || __builtin_add_overflow(*number, (uint64_t)(*c - '0'), number)) {
            *number = UINT64_MAX;
            return c + strspn(c, "0123456789");
        }
    return c > text ? c : NULL;
}

static void write_size(uint64_t bytes, char out[SIZE_TEXT])
{
    for (size_t i = 0; i < UNITS; i++)
        if (bytes && bytes % units[i].bytes == 0) {
            snprintf(out, SIZE_TEXT, "%" PRIu64 "%s", bytes / units[i].bytes, units[i].name);
            return;
        }
    snprintf(out, SIZE_TEXT, "%" PRIu64, bytes);
}

static bool number_fits(const struct taking *taking, uint64_t number)
{
    const struct setting *setting = taking->setting;
    char least[SIZE_TEXT], most[SIZE_TEXT];

    if (number >= setting->least && number <= setting->most)
        return true;
    if (setting->kind == SETTING_COUNT)
        return refuse(taking, "must be from %" PRIu64 " to %" PRIu64, setting->least, setting->most);
    write_size(setting->least, least);
    write_size(setting->most, most);
    return refuse(taking, "must be from %s to %s", least, most);
}

static bool take_count(const struct taking *taking)
{
    uint64_t number;
    const char *rest = read_digits(taking->text, &number);

    if (!rest || *rest)
        return refuse(taking, "must be a whole number");
    if (!number_fits(taking, number))
        return false;
    *(unsigned *)taking->place = (unsigned)number;
    return true;
}

static bool take_size(const struct taking *taking)
{
    uint64_t number, scale = 0;
    const char *rest = read_digits(taking->text, &number);

    if (rest && !*rest)
        scale = 1;
    for (size_t i = 0; rest && i < UNITS; i++)
        if (strcasecmp(rest, units[i].name) == 0)
            scale = units[i].bytes;
    if (!scale)
        return refuse(taking, "must be a whole number of bytes, or one with KB, MB or GB");
    if (__builtin_mul_overflow(number, scale, &number))
        number = UINT64_MAX;
    if (!number_fits(taking, number))
        return false;
    *(uint64_t *)taking->place = number;
    return true;
}

static bool take_extension(const struct taking *taking, char *word)
{
    for (char *c = word; *c; c++) {
        if (!isalnum((unsigned char)*c))
            return refuse(taking, "must be a list of file extensions: letters and digits, without dots");
        *c = (char)tolower((unsigned char)*c);
    }
    return strlen(word) <= EXTENSION_MAX
           || refuse(taking, "has an extension of more than %d characters", EXTENSION_MAX);
}

static bool take_list(const struct taking *taking)
{
    char *text = arena_text(taking->arena, taking->text), *rest = NULL;
    const char **list = arena_alloc(taking->arena, (taking->setting->most + 1) * sizeof *list);
    size_t count = 0;

    if (!text || !list)
        return refuse(taking, "no memory");
    for (char *word = strtok_r(text, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest)) {
        if (count == taking->setting->most)
            return refuse(taking, "has more than %" PRIu64 " entries", taking->setting->most);
        if (!take_extension(taking, word))
            return false;
        list[count++] = word;
    }
    if (count < taking->setting->least)
        return refuse(taking, "needs a value");
    *(const char *const **)taking->place = list;
    return true;
}

static bool take_word(const struct taking *taking)
{
    if (!length_fits(taking, strlen(taking->text)))
        return false;
    if (strpbrk(taking->text, " \t"))
        return refuse(taking, "must be one word");
    return keep_text(taking, arena_text(taking->arena, taking->text));
}

/* "name=file"; a name may hold "=", as addresses do, a file's name here not. */
static bool take_issuer(const struct taking *taking, char *word, struct issuer_setting *issuer)
{
    char *equals = strrchr(word, '=');
    const char *file;
    struct setting path = {.kind = SETTING_PATH, .least = 1, .most = PATH_MOST};
    struct taking part = {
        .setting = &path, .folder = taking->folder, .arena = taking->arena, .problem = taking->problem};

    if (!equals || equals == word || !equals[1])
        return refuse(taking, "must be a list of issuers with their files, name=file");
    *equals = '\0';
    part.text = equals + 1;
    part.place = &file;
    if (!take_path(&part))
        return false;
    *issuer = (struct issuer_setting){word, file};
    return true;
}

static bool take_issuers(const struct taking *taking)
{
    char *text = arena_text(taking->arena, taking->text), *rest = NULL;
    struct issuer_setting *issuers = arena_alloc(taking->arena, (taking->setting->most + 1) * sizeof *issuers);
    size_t count = 0;

    if (!text || !issuers)
        return refuse(taking, "no memory");
    for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count == taking->setting->most)
            return refuse(taking, "has more than %" PRIu64 " entries", taking->setting->most);
        if (!take_issuer(taking, word, &issuers[count]))
            return false;
        count++;
    }
    *(const struct issuer_setting **)taking->place = issuers;
    return true;
}

bool setting_read(const struct setting *setting, const char *text, const char *folder, struct config *config,
                  char problem[PROBLEM_SIZE])
{
    static bool (*const take[SETTING_KIND_COUNT])(const struct taking *) = {
        [SETTING_PATH] = take_path,       [SETTING_NAME] = take_name, [SETTING_LEVEL] = take_level,
        [SETTING_INVALID] = take_answer,  [SETTING_BOOL] = take_bool, [SETTING_COUNT] = take_count,
        [SETTING_SIZE] = take_size,       [SETTING_LIST] = take_list, [SETTING_WORD] = take_word,
        [SETTING_ISSUERS] = take_issuers,
    };
    struct taking taking = {
        .setting = setting,
        .text = text,
        .folder = folder,
        .arena = config->arena,
        .place = (char *)config + setting->offset,
        .problem = problem,
    };

    return take[setting->kind](&taking);
}

static void write_list(const char *const *list, FILE *out)
{
    for (size_t i = 0; list[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", list[i]);
}

static void write_issuers(const struct issuer_setting *issuers, FILE *out)
{
    for (size_t i = 0; issuers[i].name; i++)
        fprintf(out, "%s%s=%s", i ? " " : "", issuers[i].name, issuers[i].keys_file);
}

void setting_write(const struct setting *setting, const struct config *config, FILE *out)
{
    const void *place = (const char *)config + setting->offset;
    char size[SIZE_TEXT];

    switch (setting->kind) {
    case SETTING_BOOL:
        fputs(*(const bool *)place ? "yes" : "no", out);
        break;
    case SETTING_COUNT:
        fprintf(out, "%u", *(const unsigned *)place);
        break;
    case SETTING_SIZE:
        write_size(*(const uint64_t *)place, size);
        fputs(size, out);
        break;
    case SETTING_LIST:
        write_list(*(const char *const *const *)place, out);
        break;
    case SETTING_ISSUERS:
        write_issuers(*(const struct issuer_setting *const *)place, out);
        break;
    default:
        fputs(*(const char *const *)place, out);
        break;
    }
}

#ifndef GATEWAY_CONFIG_CONFIG_IMPL_H
#define GATEWAY_CONFIG_CONFIG_IMPL_H

#include "gateway/config/config.h"

#define PATH_MOST 3900 /* leaves room for what is appended to it */

/* What a value may look like. `least` and `most` of a setting count what stands behind each. */
enum setting_kind {
    SETTING_PATH,    /* characters; made absolute; "" where least is 0 */
    SETTING_NAME,    /* characters; of a user or group */
    SETTING_LEVEL,   /* error, warning, info, debug */
    SETTING_INVALID, /* door, receipt */
    SETTING_BOOL,    /* yes, no and their like */
    SETTING_COUNT,   /* the number; unsigned */
    SETTING_SIZE,    /* bytes, also with KB, MB, GB; uint64_t */
    SETTING_LIST,    /* file extensions */
    SETTING_WORD,    /* characters; no blanks */
    SETTING_ISSUERS, /* issuers of tokens, name=file each; struct issuer_setting */
    SETTING_KIND_COUNT
};

/* One row of the closed list. */
struct setting {
    const char *section, *name;
    enum setting_kind kind;
    size_t offset; /* in struct config */
    const char *initial;
    uint64_t least, most;
    const char *help;
};

/* Ends with a row without a name; the settings of a section stand together. */
extern const struct setting config_settings[];

#define VARIABLE_SIZE 64
/* DP_<SECTION>_<NAME>; without a setting's name (NULL) what all variables of the section begin with. */
void setting_variable(const char *section, const char *name, char out[VARIABLE_SIZE]);

#define PROBLEM_SIZE 160
/* Takes `text` over into the config. `folder` is where relative paths begin. False with what is wrong in *problem. */
bool setting_read(const struct setting *setting, const char *text, const char *folder, struct config *config,
                  char problem[PROBLEM_SIZE]);

/* The value in force as setting_read takes it. */
void setting_write(const struct setting *setting, const struct config *config, FILE *out);

/* Adds a finding. */
void finding_tell(struct config_findings *findings, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

#include "gateway/config/config_impl.h"

#include <string.h>

/* Begins a section before its first setting. */
static void print_section(const struct setting *setting, FILE *out)
{
    bool first = setting == config_settings;

    if (first || strcmp(setting[-1].section, setting->section) != 0)
        fprintf(out, "%s[%s]\n", first ? "" : "\n", setting->section);
}

void config_print(const struct config *config, FILE *out)
{
    for (const struct setting *setting = config_settings; setting->name; setting++) {
        print_section(setting, out);
        fprintf(out, "; %s\n%s = ", setting->help, setting->name);
        setting_write(setting, config, out);
        fputc('\n', out);
    }
}

void config_help(FILE *out)
{
    for (const struct setting *setting = config_settings; setting->name; setting++) {
        print_section(setting, out);
        fprintf(out, "  %s = %s\n      %s\n", setting->name, setting->initial, setting->help);
    }
}

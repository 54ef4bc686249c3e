#include "gateway/process/process_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the kernel looks for the command line: the one piece of memory that belongs to the process as a whole. */
static struct {
    char *start;
    size_t room;
} title;

/* The environment lies behind the arguments; moved away it leaves its room. */
static bool move_environment(void)
{
    for (size_t i = 0; environ[i]; i++) {
        char *copy = strdup(environ[i]);

        if (!copy)
            return false;
        environ[i] = copy;
    }
    return true;
}

void title_open(int argc, char **argv)
{
    char *end = argc > 0 ? argv[0] : NULL;

    for (int i = 0; i < argc && argv[i] == end; i++)
        end += strlen(argv[i]) + 1;
    for (size_t i = 0; environ[i] && environ[i] == end; i++)
        end += strlen(environ[i]) + 1;
    if (argc < 1 || !move_environment())
        return;
    title.start = argv[0];
    title.room = (size_t)(end - argv[0]);
}

void title_set(const char *format, ...)
{
    va_list arguments;
    int length;

    if (!title.room)
        return;
    va_start(arguments, format);
    length = vsnprintf(title.start, title.room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < title.room)
        memset(title.start + length, 0, title.room - (size_t)length);
}

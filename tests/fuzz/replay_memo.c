/* replay_memo [FILE or FOLDER...]: what the fuzzer found once, and every example, through its target again. Prints TAP,
 * a line for each argument; without arguments those of the repository. What goes wrong ends the program. */
#include "tests/fuzz/memo_target.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_READ ((size_t)4 << 20)

static unsigned replay(const char *path);

static unsigned replay_folder(const char *path, DIR *folder)
{
    const struct dirent *entry;
    char below[PATH_MAX];
    unsigned count = 0;

    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.' && snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below)
            count += replay(below);
    closedir(folder);
    return count;
}

/* How many documents that was. The copy is as large as the document, so that a read behind its end is seen. */
static unsigned replay(const char *path)
{
    DIR *folder = opendir(path);

    if (folder)
        return replay_folder(path, folder);
    FILE *file = fopen(path, "rb");
    char *room = malloc(SIZE_MAX_READ);

    if (!file || !room) {
        perror(path);
        exit(2);
    }
    size_t size = fread(room, 1, SIZE_MAX_READ, file);
    uint8_t *bytes = malloc(size + !size);

    if (!bytes)
        exit(2);
    memcpy(bytes, room, size);
    fclose(file);
    free(room);
    fprintf(stderr, "# %s\n", path);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 1;
}

int main(int argc, char **argv)
{
    static const char *const ours[] = {"", "tests/fuzz/corpus", "tests/data/memo/valid", "tests/data/memo/invalid",
                                       NULL};
    const char *const *paths = argc > 1 ? (const char *const *)argv : ours;
    int failed = 0, number = 0;

    for (const char *const *path = paths + 1; *path; path++) {
        unsigned count = replay(*path);

        printf("%sok %d %u documents of %s\n", count ? "" : "not ", ++number, count, *path);
        failed |= count == 0;
    }
    printf("1..%d\n", number);
    return failed;
}

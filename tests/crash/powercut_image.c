/* powercut_image: what the disk would hold had the power gone at one point of a powercut log.
 *
 *   powercut_image LOG                                   prints how many records the log has
 *   powercut_image LOG BASE INODES POINT SEED OUT        makes the image in the new folder OUT, prints one JSON line
 *
 * BASE is a copy of the state folder from before the run, wholly on disk; INODES has a line "<inode> <path>" for each
 * of its files as they were in the original. Everything synced before record POINT is in the image. Of what was not
 * synced a subset drawn by SEED is: none, all, a prefix, single writes, or single sectors of 512 bytes (torn writes).
 * A name that was made, changed or removed is sure only once its folder was synced. */
#include "tests/crash/powercut_image.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const style_names[STYLE_COUNT] = {"none", "all", "prefix", "writes", "sectors"};

/* ---- reading the log ---- */

static const struct powercut_record *record_at(const struct maker *m, uint64_t at)
{
    return (const struct powercut_record *)(const void *)(m->log + at);
}

static char *text_of(const char *bytes, uint32_t size)
{
    char *text = strndup(bytes, size);

    if (!text)
        stop("no memory", "");
    return text;
}

static void change_add(struct maker *m, const struct powercut_record *r, struct file *file)
{
    struct entry_change *change = grown(NULL, sizeof(*change));

    *change = (struct entry_change){.record = r, .file = file};
    list_add(&m->changes, change);
}

/* A file was opened for creation: new when its name was not there. */
static void name_opened(struct maker *m, const struct powercut_record *r, const char *path)
{
    struct file *file;

    if (tree_find(&m->live, path))
        return;
    file = file_new(m, r->inode);
    tree_put(&m->live, path, file);
    change_add(m, r, file);
}

static void apply_name(struct tree *tree, const struct powercut_record *r, struct file *file)
{
    char *path = text_of((const char *)(r + 1), r->path_size);
    char *target = text_of((const char *)(r + 1) + r->path_size, r->target_size);
    struct name *name = tree_find(tree, path);

    switch (r->kind) {
    case POWERCUT_ENTRY:
    case POWERCUT_MKDIR:
        tree_put(tree, path, file);
        break;
    case POWERCUT_LINK:
        tree_put(tree, target, file);
        break;
    case POWERCUT_RENAME:
        if (name)
            tree_remove(tree, path);
        tree_put(tree, target, file);
        break;
    case POWERCUT_UNLINK:
        tree_remove(tree, path);
        break;
    }
    free(path);
    free(target);
}

static void name_changed(struct maker *m, const struct powercut_record *r, const char *path)
{
    struct name *name = tree_find(&m->live, path);
    struct file *file = name ? name->file : NULL;

    if (!name && r->kind != POWERCUT_MKDIR)
        return; /* of a kind that is not followed, such as a socket */
    change_add(m, r, file);
    apply_name(&m->live, r, file);
}

static bool in_folder(const struct powercut_record *r, const char *folder)
{
    bool moved = r->kind == POWERCUT_RENAME || r->kind == POWERCUT_LINK;
    const char *path = (const char *)(r + 1) + (moved ? r->path_size : 0);
    size_t size = moved ? r->target_size : r->path_size, length = strlen(folder);
    const char *slash = memrchr(path, '/', size);
    size_t parent = slash ? (size_t)(slash - path) : 0;

    return parent == length && strncmp(path, folder, length) == 0;
}

static void folder_synced(struct maker *m, const struct powercut_record *r, const char *folder)
{
    for (size_t i = 0; i < m->changes.count; i++) {
        struct entry_change *change = m->changes.items[i];

        if ((uint64_t)((const char *)change->record - m->log) < r->began && in_folder(change->record, folder))
            change->synced = true;
    }
}

static void replay(struct maker *m, const struct powercut_record *r)
{
    char *path = text_of((const char *)(r + 1), r->path_size);

    switch ((enum powercut_kind)r->kind) {
    case POWERCUT_WRITE:
    case POWERCUT_TRUNCATE:
        list_add(&file_of(m, r->inode)->pending, (void *)(uintptr_t)r);
        break;
    case POWERCUT_SYNC:
        file_sync(m, r);
        break;
    case POWERCUT_SYNC_DIR:
        folder_synced(m, r, path);
        break;
    case POWERCUT_ENTRY:
        name_opened(m, r, path);
        break;
    case POWERCUT_LINK:
    case POWERCUT_RENAME:
    case POWERCUT_UNLINK:
    case POWERCUT_MKDIR:
        name_changed(m, r, path);
        break;
    case POWERCUT_UNFINISHED:
        break;
    }
    free(path);
}

/* ---- the beginning and the end ---- */

static struct tree *walking; /* nftw() has no argument for its callback */
static size_t walking_prefix;

static int walk_folder(const char *path, const struct stat *info, int kind, struct FTW *level)
{
    (void)info;
    (void)level;
    if (kind == FTW_D && path[walking_prefix])
        tree_put(walking, path + walking_prefix + 1, NULL);
    return 0;
}

static void file_load(struct file *file, const char *base, const char *path)
{
    char whole[PATH_MAX], bytes[65536];
    ssize_t size;
    int fd;

    snprintf(whole, sizeof(whole), "%s/%s", base, path);
    fd = open(whole, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        stop("cannot read", whole);
    while ((size = read(fd, bytes, sizeof(bytes))) > 0)
        file_put(file, file->size, bytes, (size_t)size);
    close(fd);
}

static void base_load(struct maker *m, const char *base, const char *inodes)
{
    FILE *in = fopen(inodes, "r");
    unsigned long long inode;
    char path[PATH_MAX];

    if (!in)
        stop("cannot read", inodes);
    walking = &m->sure;
    walking_prefix = strlen(base);
    if (nftw(base, walk_folder, 16, FTW_PHYS) != 0)
        stop("cannot walk", base);
    while (fscanf(in, "%llu %4095[^\n]", &inode, path) == 2) {
        struct file *file = file_new(m, inode);

        file_load(file, base, path);
        tree_put(&m->sure, path, file);
    }
    fclose(in);
    for (size_t i = 0; i < m->sure.names.count; i++) {
        const struct name *name = m->sure.names.items[i];

        tree_put(&m->live, name->path, name->file);
    }
}

static void names_settle(struct maker *m)
{
    uint64_t left = m->changes.count ? chance(m) % (m->changes.count + 1) : 0;

    for (size_t i = 0; i < m->changes.count; i++) {
        const struct entry_change *change = m->changes.items[i];

        if (change->synced || lucky(m, &left))
            apply_name(&m->sure, change->record, change->file);
    }
}

static void write_file(const char *path, const struct file *file)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t done = 0;

    if (fd < 0 && (errno == ENOENT || errno == EEXIST))
        return; /* its folder is not on disk */
    if (fd < 0)
        stop("cannot write", path);
    while (done < file->size) {
        ssize_t size = write(fd, file->bytes + done, file->size - done);

        if (size < 0)
            stop("cannot write", path);
        done += (size_t)size;
    }
    close(fd);
}

static int by_path(const void *a, const void *b)
{
    return strcmp((*(struct name *const *)a)->path, (*(struct name *const *)b)->path);
}

static void write_image(struct maker *m, const char *out)
{
    char path[PATH_MAX];

    if (mkdir(out, 0755) != 0)
        stop("cannot make", out);
    qsort(m->sure.names.items, m->sure.names.count, sizeof(void *), by_path);
    for (size_t i = 0; i < m->sure.names.count; i++) {
        const struct name *name = m->sure.names.items[i];

        snprintf(path, sizeof(path), "%s/%s", out, name->path);
        if (!name->file)
            mkdir(path, 0755);
        else
            write_file(path, name->file);
    }
}

static uint64_t run_to(struct maker *m, uint64_t point)
{
    uint64_t time = 0, count = 0;

    for (uint64_t at = POWERCUT_FIRST; at < m->used && count < point; at += record_at(m, at)->size) {
        if (record_at(m, at)->size == 0)
            break; /* reserved by a process that died */
        replay(m, record_at(m, at));
        time = record_at(m, at)->time;
        count++;
    }
    return time;
}

static uint64_t count_records(const struct maker *m)
{
    uint64_t count = 0;

    for (uint64_t at = POWERCUT_FIRST; at < m->used && record_at(m, at)->size > 0; at += record_at(m, at)->size)
        count++;
    return count;
}

static void open_log(struct maker *m, const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    const struct powercut_head *head;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, POWERCUT_LOG_SIZE, PROT_READ, MAP_SHARED, fd, 0);

    if (mapped == MAP_FAILED)
        stop("cannot read", file);
    close(fd);
    head = mapped;
    m->log = mapped;
    m->used = head->used;
    if (head->lost > 0) {
        fprintf(stderr, "powercut_image: the log was too small for the run\n");
        exit(2);
    }
}

int main(int count, char **arguments)
{
    static struct maker m;
    uint64_t time;

    if (count != 2 && count != 7) {
        fprintf(stderr, "powercut_image LOG [BASE INODES POINT SEED OUT]\n");
        return 2;
    }
    open_log(&m, arguments[1]);
    if (count == 2) {
        printf("%llu\n", (unsigned long long)count_records(&m));
        return 0;
    }
    m.random = (strtoull(arguments[5], NULL, 10) + 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 8; i++)
        chance(&m);
    m.style = (enum style)(chance(&m) % STYLE_COUNT);
    base_load(&m, arguments[2], arguments[3]);
    time = run_to(&m, strtoull(arguments[4], NULL, 10));
    names_settle(&m);
    for (size_t i = 0; i < m.files.count; i++)
        file_unsynced(&m, m.files.items[i]);
    write_image(&m, arguments[6]);
    printf("{\"time\":%llu.%09llu,\"style\":\"%s\",\"kept\":%llu,\"dropped\":%llu,\"torn\":%llu}\n",
           (unsigned long long)(time / 1000000000u), (unsigned long long)(time % 1000000000u), style_names[m.style],
           (unsigned long long)m.kept, (unsigned long long)m.dropped, (unsigned long long)m.torn);
    return 0;
}

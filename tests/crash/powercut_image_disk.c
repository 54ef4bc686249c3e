#include "tests/crash/powercut_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512

void stop(const char *what, const char *name)
{
    fprintf(stderr, "powercut_image: %s %s: %s\n", what, name, strerror(errno));
    exit(2);
}

void *grown(void *old, size_t size)
{
    void *bigger = realloc(old, size ? size : 1);

    if (!bigger)
        stop("no memory", "");
    return bigger;
}

void list_add(struct list *list, void *item)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 64;
        list->items = grown(list->items, list->room * sizeof(*list->items));
    }
    list->items[list->count++] = item;
}

/* ---- chance ---- */

uint64_t chance(struct maker *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

static bool coin(struct maker *m)
{
    return (chance(m) >> 20) & 1;
}

/* ---- names ---- */

struct name *tree_find(const struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->names.count; i++) {
        struct name *name = tree->names.items[i];

        if (strcmp(name->path, path) == 0)
            return name;
    }
    return NULL;
}

void tree_put(struct tree *tree, const char *path, struct file *file)
{
    struct name *name = tree_find(tree, path);

    if (!name) {
        name = grown(NULL, sizeof(*name));
        name->path = strdup(path);
        list_add(&tree->names, name);
    }
    name->file = file;
}

void tree_remove(struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->names.count; i++) {
        struct name *name = tree->names.items[i];

        if (strcmp(name->path, path) != 0)
            continue;
        tree->names.items[i] = tree->names.items[--tree->names.count];
        free(name->path);
        free(name);
        return;
    }
}

/* ---- files ---- */

struct file *file_new(struct maker *m, uint64_t inode)
{
    struct file *file = grown(NULL, sizeof(*file));

    *file = (struct file){.inode = inode};
    list_add(&m->files, file);
    return file;
}

struct file *file_of(struct maker *m, uint64_t inode)
{
    for (size_t i = m->files.count; i > 0; i--) {
        struct file *file = m->files.items[i - 1];

        if (file->inode == inode)
            return file;
    }
    return file_new(m, inode);
}

static void file_size(struct file *file, size_t size)
{
    if (size > file->room) {
        file->room = size + size / 2 + 4096;
        file->bytes = grown(file->bytes, file->room);
    }
    if (size > file->size)
        memset(file->bytes + file->size, 0, size - file->size);
    file->size = size;
}

static const char *record_data(const struct powercut_record *r)
{
    return (const char *)(r + 1) + r->path_size + r->target_size;
}

void file_put(struct file *file, uint64_t offset, const char *bytes, size_t size)
{
    if (offset + size > file->size)
        file_size(file, (size_t)offset + size);
    memcpy(file->bytes + offset, bytes, size);
}

static void file_apply(struct file *file, const struct powercut_record *r)
{
    if (r->kind == POWERCUT_TRUNCATE)
        file_size(file, (size_t)r->offset);
    else
        file_put(file, r->offset, record_data(r), (size_t)r->data_size);
}

/* Only some of the write's sectors reach the disk. */
static void file_tear(struct maker *m, struct file *file, const struct powercut_record *r)
{
    uint64_t at = 0;

    while (at < r->data_size) {
        uint64_t part = SECTOR - (r->offset + at) % SECTOR;

        if (part > r->data_size - at)
            part = r->data_size - at;
        if (coin(m))
            file_put(file, r->offset + at, record_data(r) + at, (size_t)part);
        at += part;
    }
    m->torn++;
}

void file_sync(struct maker *m, const struct powercut_record *r)
{
    struct file *file = file_of(m, r->inode);
    size_t kept = 0;

    for (size_t i = 0; i < file->pending.count; i++) {
        const struct powercut_record *p = file->pending.items[i];

        if ((uint64_t)((const char *)p - m->log) < r->began)
            file_apply(file, p);
        else
            file->pending.items[kept++] = file->pending.items[i];
    }
    file->pending.count = kept;
}

bool lucky(struct maker *m, uint64_t *left)
{
    bool yes;

    switch (m->style) {
    case STYLE_NONE:
        yes = false;
        break;
    case STYLE_ALL:
        yes = true;
        break;
    case STYLE_PREFIX:
        yes = *left > 0;
        *left -= yes;
        break;
    default:
        yes = coin(m);
    }
    m->kept += yes;
    m->dropped += !yes;
    return yes;
}

void file_unsynced(struct maker *m, struct file *file)
{
    uint64_t left = file->pending.count ? chance(m) % (file->pending.count + 1) : 0;

    for (size_t i = 0; i < file->pending.count; i++) {
        const struct powercut_record *r = file->pending.items[i];

        if (m->style == STYLE_SECTORS && r->kind == POWERCUT_WRITE)
            file_tear(m, file, r);
        else if (lucky(m, &left))
            file_apply(file, r);
    }
}

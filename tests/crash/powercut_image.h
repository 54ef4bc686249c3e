/* The model of a disk that powercut_image replays a log on: files with what is sure and what is pending, and names. */
#ifndef TESTS_CRASH_POWERCUT_IMAGE_H
#define TESTS_CRASH_POWERCUT_IMAGE_H

#include "tests/crash/powercut.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of writes that were not synced. */
enum style { STYLE_NONE, STYLE_ALL, STYLE_PREFIX, STYLE_WRITES, STYLE_SECTORS, STYLE_COUNT };

struct list {
    void **items;
    size_t count, room;
};

struct file {
    uint64_t inode;
    char *bytes; /* what is on disk for sure */
    size_t size, room;
    struct list pending; /* const struct powercut_record */
};

struct name {
    char *path;
    struct file *file; /* NULL: a folder */
};

/* Names as a set; `live` follows every call, `sure` is what the image has. */
struct tree {
    struct list names;
};

struct entry_change {
    const struct powercut_record *record;
    struct file *file;
    bool synced;
};

struct maker {
    const char *log;
    uint64_t used;
    struct tree live, sure;
    struct list files, changes; /* struct file, struct entry_change */
    uint64_t random;
    enum style style;
    uint64_t dropped, kept, torn;
};

/* Ends the program. */
void stop(const char *what, const char *name) __attribute__((noreturn));
void *grown(void *old, size_t size);
void list_add(struct list *list, void *item);

uint64_t chance(struct maker *m);
/* Whether the next thing that was not synced reaches the disk whole; `left` is how many of a prefix still do. */
bool lucky(struct maker *m, uint64_t *left);

struct name *tree_find(const struct tree *tree, const char *path);
void tree_put(struct tree *tree, const char *path, struct file *file);
void tree_remove(struct tree *tree, const char *path);

struct file *file_new(struct maker *m, uint64_t inode);
/* The newest file of this inode: a number comes back once its file is gone. */
struct file *file_of(struct maker *m, uint64_t inode);
void file_put(struct file *file, uint64_t offset, const char *bytes, size_t size);
/* What was logged before the sync began is on disk. */
void file_sync(struct maker *m, const struct powercut_record *r);
/* The power goes: chance decides on what was not synced. */
void file_unsynced(struct maker *m, struct file *file);

#endif

/* The log of everything a process did to the disk, as the preloaded shim (powercut.c) writes it and the image maker
 * (powercut_image.c) reads it: one file, mapped by all processes, records one behind the other. */
#ifndef TESTS_CRASH_POWERCUT_H
#define TESTS_CRASH_POWERCUT_H

#include <stdint.h>

#define POWERCUT_LOG_SIZE (1ull << 30)
#define POWERCUT_FIRST 64 /* where the first record stands */

enum powercut_kind {
    POWERCUT_UNFINISHED, /* reserved, not yet filled in */
    POWERCUT_WRITE,      /* inode, offset, data */
    POWERCUT_TRUNCATE,   /* inode, offset: the new size */
    POWERCUT_SYNC,       /* inode: what was logged for it before `began` is on disk */
    POWERCUT_SYNC_DIR,   /* path: its entries logged before `began` are on disk */
    POWERCUT_ENTRY,      /* path is a name of inode, if it was not there */
    POWERCUT_LINK,       /* target is one more name of path */
    POWERCUT_RENAME,     /* path to target */
    POWERCUT_UNLINK,
    POWERCUT_MKDIR,
};

struct powercut_head {
    uint64_t used; /* bytes, the head included; taken atomically */
    uint64_t lost; /* records for which there was no room: the log is then useless */
};

/* Followed by path, target (both without NUL) and data; `size` is the whole, a multiple of eight. */
struct powercut_record {
    uint64_t size;
    uint32_t kind; /* set last */
    uint32_t path_size, target_size;
    uint32_t reserved;
    uint64_t data_size;
    uint64_t time;  /* CLOCK_MONOTONIC in nanoseconds, when it was done and had no place here yet */
    uint64_t began; /* log position when it began */
    uint64_t inode, offset;
};

#endif

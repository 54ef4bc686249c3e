/* disk_speed DIR: the file system of a folder and what a durable write costs there.
 *
 * Prints one JSON object; exit status 3 when the folder lies in memory (tmpfs), where nothing durable can be measured. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#define SECONDS 2.0

static const struct {
    long magic;
    const char *name;
    bool memory;
} kinds[] = {
    {EXT4_SUPER_MAGIC, "ext4", false},         {XFS_SUPER_MAGIC, "xfs", false}, {BTRFS_SUPER_MAGIC, "btrfs", false},
    {OVERLAYFS_SUPER_MAGIC, "overlay", false}, {TMPFS_MAGIC, "tmpfs", true},    {RAMFS_MAGIC, "ramfs", true},
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Writes 8 KB and syncs, one block behind the other, as often as it can in SECONDS and at most `most` times; how often
 * that was, and in *per_second how fast. */
static unsigned sync_blocks(int fd, unsigned most, double *per_second)
{
    char block[8192];
    double began = seconds(), ended = began;
    unsigned count = 0;

    *per_second = 0;
    memset(block, 'x', sizeof(block));
    while (count < most && ended < began + SECONDS) {
        if (pwrite(fd, block, sizeof(block), (off_t)count * (off_t)sizeof(block)) != (ssize_t)sizeof(block)
            || fdatasync(fd) != 0)
            return 0;
        count++;
        ended = seconds();
    }
    *per_second = count / (ended - began);
    return count;
}

int main(int count, char **arguments)
{
    struct statfs info;
    const char *name = "other";
    double appended = 0, written_over = 0;
    bool memory = false;
    char path[4096];
    int fd;

    if (count != 2 || statfs(arguments[1], &info) != 0) {
        fprintf(stderr, "disk_speed DIR\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((long)info.f_type == kinds[i].magic) {
            name = kinds[i].name;
            memory = kinds[i].memory;
        }
    }
    snprintf(path, sizeof(path), "%s/disk_speed.tmp", arguments[1]);
    fd = memory ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (!memory && fd < 0) {
        fprintf(stderr, "disk_speed: %s\n", strerror(errno));
        return 2;
    }
    if (!memory)
        sync_blocks(fd, sync_blocks(fd, UINT_MAX, &appended), &written_over);
    printf("{\"file_system\":\"%s\",\"fdatasync_per_second\":%.0f,\"written_over_per_second\":%.0f}\n", name, appended,
           written_over);
    if (!memory) {
        close(fd);
        unlink(path);
    }
    return memory ? 3 : 0;
}

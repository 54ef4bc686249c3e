/* disk_speed DIR: the file system of a folder and what a durable write costs there.
 *
 * Prints one JSON object; exit status 3 when the folder lies in memory (tmpfs), where nothing durable can be measured. */
#include <errno.h>
#include <fcntl.h>
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

/* Appends 8 KB and syncs, as often as it can. */
static double syncs_per_second(int fd)
{
    char block[8192];
    double began = seconds(), ended;
    unsigned count = 0;

    memset(block, 'x', sizeof(block));
    do {
        if (pwrite(fd, block, sizeof(block), (off_t)count * (off_t)sizeof(block)) != (ssize_t)sizeof(block)
            || fdatasync(fd) != 0)
            return 0;
        count++;
        ended = seconds();
    } while (ended < began + SECONDS);
    return count / (ended - began);
}

int main(int count, char **arguments)
{
    struct statfs info;
    const char *name = "other";
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
    printf("{\"file_system\":\"%s\",\"fdatasync_per_second\":%.0f}\n", name, memory ? 0.0 : syncs_per_second(fd));
    if (!memory) {
        close(fd);
        unlink(path);
    }
    return memory ? 3 : 0;
}

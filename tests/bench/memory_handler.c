/* memory_handler SOCKET WORKERS FILE: a pool of FastCGI workers that answer everything with the bytes of a file, which
 * they hold in memory. What a page of messages is measured beside: the same answer without a token, a store or a list. */
#include "gateway/http/http.h"
#include "gateway/process/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *bytes;
static size_t size;

static bool read_bytes(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    bool ok = file && fstat(fileno(file), &info) == 0;

    if (ok) {
        size = (size_t)info.st_size;
        bytes = malloc(size + 1);
        ok = bytes && fread(bytes, 1, size, file) == size;
    }
    if (file)
        fclose(file);
    return ok;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(path, 0666) < 0 || listen(fd, 128) < 0)
        return -1;
    return fd;
}

static int serve(int fd)
{
    struct error error = {0};
    struct server *server;
    struct request rq;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!server_open(fd, DRAIN_SIGNAL, &server, &error))
        return 1;
    while (server_accept(server, &rq, &error)) {
        respond_bytes(&rq, 200, "application/json", NULL, bytes, size);
        server_finish(server, &rq);
    }
    server_close(server);
    return 0;
}

int main(int count, char **arguments)
{
    int workers = count == 4 ? atoi(arguments[2]) : 0, fd;

    if (workers < 1 || !read_bytes(arguments[3]) || (fd = listen_at(arguments[1])) < 0) {
        fprintf(stderr, "usage: memory_handler SOCKET WORKERS FILE\n");
        return 2;
    }
    for (int i = 0; i < workers; i++)
        if (fork() == 0)
            _exit(serve(fd));
    while (wait(NULL) > 0)
        ;
    return 0;
}

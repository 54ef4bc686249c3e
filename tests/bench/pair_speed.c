/* pair_speed --ca FILE --auth TEXT --expect STATUS [--in-order] https://host:port FILE
 *
 * Each line of FILE has two paths, A and B. Asks for both over one kept connection, one after the other, and measures
 * the time until each answer is there. Which comes first changes with each line, unless B must follow A. Prints the
 * medians and their ratio as one JSON object. Exit status 1: an answer had another status, or not A's and B's the same
 * size where they should. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define LINE_ROOM 4096
#define ROOM (256 * 1024)

static struct {
    const char *ca, *auth, *host, *port;
    int expect;
    bool in_order;
} options = {.expect = 200};

struct times {
    double *microseconds;
    size_t count, room;
};

static void stop(const char *why)
{
    fprintf(stderr, "pair_speed: %s\n", why);
    exit(1);
}

static double microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- one connection ---- */

static int connect_to(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *address;
    int one = 1, fd;

    if (getaddrinfo(options.host, options.port, &hints, &address) != 0)
        stop("no such host");
    fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        stop(strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    freeaddrinfo(address);
    return fd;
}

static SSL *open_connection(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl;

    if (!context || SSL_CTX_load_verify_locations(context, options.ca, NULL) != 1)
        stop("the CA cannot be read");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    ssl = SSL_new(context);
    if (!ssl || SSL_set1_host(ssl, options.host) != 1 || SSL_set_tlsext_host_name(ssl, options.host) != 1
        || SSL_set_fd(ssl, connect_to()) != 1 || SSL_connect(ssl) != 1)
        stop("no TLS connection");
    return ssl;
}

/* ---- one request ---- */

static size_t content_length(const char *head)
{
    const char *line = strcasestr(head, "\r\nContent-Length:");

    return line ? (size_t)strtoull(line + 17, NULL, 10) : 0;
}

/* Reads a whole answer; returns the size of its body. */
static size_t read_answer(SSL *ssl)
{
    static char bytes[ROOM];
    size_t have = 0, head = 0, body = 0;

    while (!head || have < head + body) {
        char *end;
        int got = SSL_read(ssl, bytes + have, (int)(sizeof bytes - 1 - have));

        if (got <= 0)
            stop("the connection ended");
        have += (size_t)got;
        bytes[have] = '\0';
        if (!head && (end = strstr(bytes, "\r\n\r\n"))) {
            head = (size_t)(end - bytes) + 4;
            body = content_length(bytes);
            if (atoi(bytes + 9) != options.expect || head + body >= sizeof bytes)
                stop(bytes);
        }
    }
    return body;
}

static size_t ask(SSL *ssl, const char *path, struct times *times)
{
    char request[LINE_ROOM * 2];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: %s\r\n\r\n", path,
                          options.host, options.port, options.auth);
    double began = microseconds();
    size_t size;

    if (length >= (int)sizeof request || SSL_write(ssl, request, length) != length)
        stop("not sent");
    size = read_answer(ssl);
    if (times->count == times->room) {
        times->room = times->room ? times->room * 2 : 1024;
        times->microseconds = realloc(times->microseconds, times->room * sizeof *times->microseconds);
        if (!times->microseconds)
            stop("no memory");
    }
    times->microseconds[times->count++] = microseconds() - began;
    return size;
}

/* ---- the whole ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(struct times *times)
{
    qsort(times->microseconds, times->count, sizeof *times->microseconds, compare);
    return times->microseconds[times->count / 2];
}

static void run(FILE *lines)
{
    SSL *ssl = open_connection();
    struct times a = {0}, b = {0};
    char path_a[LINE_ROOM], path_b[LINE_ROOM];
    bool same = true;

    for (size_t line = 0; fscanf(lines, "%4095s %4095s", path_a, path_b) == 2; line++) {
        bool swapped = !options.in_order && line % 2;
        size_t first = ask(ssl, swapped ? path_b : path_a, swapped ? &b : &a);
        size_t second = ask(ssl, swapped ? path_a : path_b, swapped ? &a : &b);

        same = same && first == second;
    }
    if (!a.count)
        stop("no pairs");
    if (!same)
        stop("answers of different sizes");
    double of_a = median(&a), of_b = median(&b);

    printf("{\"pairs\":%zu,\"a_us\":%.1f,\"b_us\":%.1f,\"ratio\":%.4f}\n", a.count, of_a, of_b, of_a / of_b);
    SSL_free(ssl);
}

static bool take_url(char *url)
{
    char *colon;

    if (strncmp(url, "https://", 8) != 0 || !(colon = strrchr(url + 8, ':')))
        return false;
    *colon = '\0';
    options.host = url + 8;
    options.port = colon + 1;
    return true;
}

int main(int count, char **arguments)
{
    static const struct option known[] = {{"ca", required_argument, NULL, 'c'},
                                          {"auth", required_argument, NULL, 'a'},
                                          {"expect", required_argument, NULL, 'e'},
                                          {"in-order", no_argument, NULL, 'o'},
                                          {NULL, 0, NULL, 0}};
    FILE *lines = NULL;

    for (int choice; (choice = getopt_long(count, arguments, "", known, NULL)) != -1;)
        switch (choice) {
        case 'c':
            options.ca = optarg;
            break;
        case 'a':
            options.auth = optarg;
            break;
        case 'e':
            options.expect = atoi(optarg);
            break;
        case 'o':
            options.in_order = true;
            break;
        default:
            return 2;
        }
    if (optind + 2 == count && options.ca && options.auth && take_url(arguments[optind]))
        lines = fopen(arguments[optind + 1], "r");
    if (!lines) {
        fprintf(stderr, "usage: pair_speed --ca FILE --auth TEXT [--expect N] [--in-order] https://host:port FILE\n");
        return 2;
    }
    run(lines);
    return 0;
}

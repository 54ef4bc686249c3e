/* post: sends letters as an authority's system would, checks every answer, and keeps a ledger of what was promised.
 * `post --help` tells the options; the last line on standard output is one JSON object of figures. Exit status 0: every
 * answer was as it should be; 1: some were not; 2: usage; 3: no ledger. */
#include "tests/lib/post.h"

#include "gateway/base/time.h"

#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

static const char help[] =
    "post [options] https://host:port\n"
    "  --cert FILE --key FILE --ca FILE   client certificate, its key, the server's CA\n"
    "  --auth TEXT       whole value of the Authorization header\n"
    "  --letter FILE     template with @UUID@ and @DAY@; without it there is no body\n"
    "  --day yyyy-mm-dd  for @DAY@ (default: today)\n"
    "  --size N[,N...]   one more document of N decoded bytes; letters take the sizes in turn\n"
    "  --path PATH       instead of /apis/v1/memos/: any JSON answer with the status expected is good\n"
    "  --method NAME     default POST with a letter, GET without\n"
    "  --expect STATUS   with --path; default 201 for POST, 200 otherwise\n"
    "  -c N              clients (1)     -t SECONDS | -n COUNT   how long (-n 1)\n"
    "  --new             a new connection for each request\n"
    "  --ledger FILE     intents and answers, synced before they leave or count\n"
    "  --late-ledger     it is synced at the end alone, for runs in which nothing is killed\n"
    "  --retry           send the same again after 5xx, 429 or a broken connection, until --retry-for SECONDS (30)\n"
    "  --timeout SECONDS for an answer (60)\n"
    "  --verbose         tells each answer that is not as it should be on standard error\n";

enum {
    OPT_CERT = 256,
    OPT_KEY,
    OPT_CA,
    OPT_AUTH,
    OPT_LETTER,
    OPT_DAY,
    OPT_SIZE,
    OPT_PATH,
    OPT_METHOD,
    OPT_EXPECT,
    OPT_NEW,
    OPT_LEDGER,
    OPT_LATE,
    OPT_RETRY,
    OPT_RETRY_FOR,
    OPT_TIMEOUT,
    OPT_VERBOSE,
    OPT_HELP
};

static const struct option options[] = {
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"ca", required_argument, NULL, OPT_CA},
    {"auth", required_argument, NULL, OPT_AUTH},
    {"letter", required_argument, NULL, OPT_LETTER},
    {"day", required_argument, NULL, OPT_DAY},
    {"size", required_argument, NULL, OPT_SIZE},
    {"path", required_argument, NULL, OPT_PATH},
    {"method", required_argument, NULL, OPT_METHOD},
    {"expect", required_argument, NULL, OPT_EXPECT},
    {"new", no_argument, NULL, OPT_NEW},
    {"ledger", required_argument, NULL, OPT_LEDGER},
    {"late-ledger", no_argument, NULL, OPT_LATE},
    {"retry", no_argument, NULL, OPT_RETRY},
    {"retry-for", required_argument, NULL, OPT_RETRY_FOR},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static void usage(void)
{
    fputs(help, stderr);
    exit(2);
}

static void take_sizes(struct options *o, const char *text)
{
    char *end = NULL;

    while (o->pad_count < PADS_MAX) {
        o->pads[o->pad_count++] = strtoull(text, &end, 10);
        if (*end != ',')
            break;
        text = end + 1;
    }
    if (*end != '\0')
        usage();
}

/* Where an option that is a text goes; NULL: it is none. */
static const char **text_option(struct options *o, int option)
{
    switch (option) {
    case OPT_CERT:
        return &o->cert;
    case OPT_KEY:
        return &o->key;
    case OPT_CA:
        return &o->ca;
    case OPT_AUTH:
        return &o->auth;
    case OPT_LETTER:
        return &o->template;
    case OPT_DAY:
        return &o->day;
    case OPT_PATH:
        return &o->path;
    case OPT_METHOD:
        return &o->method;
    case OPT_LEDGER:
        return &o->ledger;
    default:
        return NULL;
    }
}

static void take_option(struct options *o, int option, const char *value)
{
    const char **text = text_option(o, option);

    if (text)
        *text = value;
    else if (option == OPT_SIZE)
        take_sizes(o, value);
    else if (option == OPT_EXPECT)
        o->expect = atoi(value);
    else if (option == OPT_NEW)
        o->fresh = true;
    else if (option == OPT_LATE)
        o->late_ledger = true;
    else if (option == OPT_RETRY)
        o->retry = true;
    else if (option == OPT_RETRY_FOR)
        o->retry_seconds = strtod(value, NULL);
    else if (option == OPT_TIMEOUT)
        o->timeout = strtod(value, NULL);
    else if (option == OPT_VERBOSE)
        o->verbose = true;
    else if (option == 'c')
        o->clients = (unsigned)strtoul(value, NULL, 10);
    else if (option == 't')
        o->seconds = strtod(value, NULL);
    else if (option == 'n')
        o->count = strtoull(value, NULL, 10);
    else
        usage();
}

/* "https://host:port" with the brackets of an IPv6 address. */
static void take_url(struct options *o, const char *url)
{
    char *host = strncmp(url, "https://", 8) == 0 ? strdup(url + 8) : NULL;
    char *end = host ? host + strcspn(host, "/") : NULL;
    char *colon;

    if (!host)
        usage();
    *end = '\0';
    colon = strrchr(host, ':');
    o->port = "443";
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
        o->port = colon + 1;
    }
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    o->host = host;
}

static void take_options(struct options *o, int count, char **arguments)
{
    static char today[11];
    int option;

    *o = (struct options){.clients = 1, .retry_seconds = 30, .timeout = 60};
    while ((option = getopt_long(count, arguments, "c:t:n:", options, NULL)) != -1)
        take_option(o, option, optarg);
    if (optind + 1 != count || o->clients == 0)
        usage();
    take_url(o, arguments[optind]);
    time_danish_day(time_now(), today);
    if (!o->day)
        o->day = today;
    if (strlen(o->day) != 10)
        usage();
    if (o->seconds <= 0 && o->count == 0)
        o->count = 1;
    if (!o->method)
        o->method = o->template ? "POST" : "GET";
    if (!o->expect)
        o->expect = strcmp(o->method, "POST") == 0 ? 201 : 200;
    o->query = "";
    if (!o->path && !o->template)
        usage();
}

static SSL_CTX *tls_open(const struct options *o)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls || (o->ca && SSL_CTX_load_verify_locations(tls, o->ca, NULL) != 1)
        || (o->cert && SSL_CTX_use_certificate_chain_file(tls, o->cert) != 1)
        || (o->key && SSL_CTX_use_PrivateKey_file(tls, o->key, SSL_FILETYPE_PEM) != 1)) {
        ERR_print_errors_fp(stderr);
        exit(2);
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

static int float_compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static double percentile(const struct figures *f, double part)
{
    size_t place = (size_t)(part * (double)f->latency_count);

    if (f->latency_count == 0)
        return 0;
    return (double)f->latency[place < f->latency_count ? place : f->latency_count - 1];
}

static void report(struct post *post)
{
    struct figures *f = &post->figures;
    double seconds = post->end - post->start;
    const char *comma = "";

    qsort(f->latency, f->latency_count, sizeof(*f->latency), float_compare);
    printf("{\"requests\":%llu,\"ok\":%llu,\"bad\":%llu,\"broken\":%llu,\"retries\":%llu,\"given_up\":%llu,\"by_"
           "status\":{",
           (unsigned long long)f->requests, (unsigned long long)f->ok, (unsigned long long)f->bad,
           (unsigned long long)f->broken, (unsigned long long)f->retries, (unsigned long long)f->given_up);
    for (int status = 0; status < 600; status++) {
        if (f->by_status[status] == 0)
            continue;
        printf("%s\"%d\":%llu", comma, status, (unsigned long long)f->by_status[status]);
        comma = ",";
    }
    printf("},\"seconds\":%.3f,\"per_second\":%.1f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"bytes_sent\":%llu,"
           "\"first_bad\":\"%s\"}\n",
           seconds, seconds > 0 ? (double)f->ok / seconds : 0, percentile(f, 0.5), percentile(f, 0.99),
           percentile(f, 1), (unsigned long long)f->bytes, f->first_bad);
}

static bool templates_open(struct post *post)
{
    const struct options *o = &post->options;

    do {
        struct template *template = template_open(o->template, o->day, o->pads[post->template_count]);

        if (!template) {
            fprintf(stderr, "post: %s cannot be read, or has no place for a document of this size\n", o->template);
            return false;
        }
        post->templates[post->template_count++] = template;
    } while (post->template_count < o->pad_count);
    return true;
}

static bool post_open(struct post *post)
{
    struct options *o = &post->options;
    struct addrinfo wish = {.ai_socktype = SOCK_STREAM};

    if (getaddrinfo(o->host, o->port, &wish, &post->address) != 0) {
        fprintf(stderr, "post: no such host\n");
        return false;
    }
    if (o->template && !templates_open(post))
        return false;
    if (!o->path) {
        o->path = "/apis/v1/memos/";
        o->query = "?memo-message-uuid=";
        o->receipts = true;
    }
    post->ledger = o->ledger ? ledger_open(o->ledger, o->late_ledger) : NULL;
    post->ssl = tls_open(o);
    return true;
}

static void post_close(struct post *post)
{
    ledger_close(post->ledger);
    for (size_t i = 0; i < post->template_count; i++)
        template_close(post->templates[i]);
    SSL_CTX_free(post->ssl);
    freeaddrinfo(post->address);
    free(post->figures.latency);
}

int main(int count, char **arguments)
{
    static struct post post;
    bool good;

    signal(SIGPIPE, SIG_IGN);
    take_options(&post.options, count, arguments);
    if (!post_open(&post))
        return 2;
    post_run(&post);
    report(&post);
    good = post.figures.bad == 0 && post.figures.given_up == 0 && (post.options.retry || post.figures.broken == 0)
           && post.figures.ok > 0;
    post_close(&post);
    return good ? 0 : 1;
}

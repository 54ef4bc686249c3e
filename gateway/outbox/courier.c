/* The home of libcurl: POST of JSON to addresses that others registered.
 *
 * A target is a stranger. It is spoken to over TLS with its certificate checked; it cannot lead us elsewhere (redirects
 * are answers like any other, no proxy of the environment counts), hold us longer than the settings say, or make us keep
 * what it sends. Names are looked up by threads of libcurl, so that a slow name server delays nobody else. */
#include "gateway/outbox/outbox_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define ANSWER_MOST (64 * 1024) /* bytes of an answer that are waited for; nothing of it is kept */
#define PEM_MOST ((size_t)4 * 1024 * 1024)

/* One post. */
struct post {
    CURL *easy; /* NULL: none */
    size_t received;
    bool cut; /* its answer is longer than anybody needs */
};

struct courier {
    const struct config *config;
    CURLM *multi;
    struct curl_slist *headers;
    struct curl_blob issuers, certificate, key; /* PEM; data NULL: none */
    struct post *posts;
    unsigned most;
};

/* ---- opening ---- */

static bool read_pem(const char *path, struct curl_blob *blob, struct error *error)
{
    FILE *file = fopen(path, "re");
    bool ok = false;

    if (!file)
        return error_set(error, ERROR_CONFIG_INVALID, path, "%s", strerror(errno));
    blob->data = malloc(PEM_MOST);
    if (blob->data) {
        blob->len = fread(blob->data, 1, PEM_MOST, file);
        ok = blob->len > 0 && blob->len < PEM_MOST && !ferror(file);
    }
    fclose(file);
    return ok || error_set(error, ERROR_CONFIG_INVALID, path, "it cannot be read, is empty or too large");
}

/* The settings' own issuers alone, or those that the system trusts. */
static bool read_issuers(struct courier *courier, struct error *error)
{
    const char *own = courier->config->outbox_ca_file, *known = curl_version_info(CURLVERSION_NOW)->cainfo;
    struct error ignored = {0};

    if (*own)
        return read_pem(own, &courier->issuers, error);
    if (known && read_pem(known, &courier->issuers, &ignored))
        return true;
    free(courier->issuers.data);
    courier->issuers.data = NULL; /* then nobody is trusted but whom libcurl finds by itself */
    return true;
}

static bool read_pair(struct courier *courier, struct error *error)
{
    const struct config *config = courier->config;

    return !*config->outbox_certificate
           || (read_pem(config->outbox_certificate, &courier->certificate, error)
               && read_pem(config->outbox_key, &courier->key, error));
}

static bool add_header(struct courier *courier, const char *line)
{
    struct curl_slist *longer = curl_slist_append(courier->headers, line);

    if (longer)
        courier->headers = longer;
    return longer;
}

bool courier_open(const struct config *config, unsigned most, struct courier **courier, struct error *error)
{
    struct courier *made = calloc(1, sizeof *made);

    *courier = made;
    if (!made || curl_global_init(CURL_GLOBAL_DEFAULT))
        return error_set(error, ERROR_OUT_OF_MEMORY, "outbox", NULL);
    made->config = config;
    made->most = most;
    made->posts = calloc(most, sizeof *made->posts);
    made->multi = curl_multi_init();
    if (!made->posts || !made->multi || !add_header(made, "Content-Type: application/json")
        || !add_header(made, "Expect:") || curl_multi_setopt(made->multi, CURLMOPT_MAXCONNECTS, (long)most))
        return error_set(error, ERROR_OUT_OF_MEMORY, "outbox", NULL);
    return read_issuers(made, error) && read_pair(made, error);
}

static void free_key(struct curl_blob *key)
{
    if (key->data)
        explicit_bzero(key->data, key->len);
    free(key->data);
}

void courier_close(struct courier *courier)
{
    if (!courier)
        return;
    for (unsigned i = 0; courier->posts && i < courier->most; i++)
        courier_drop(courier, i);
    curl_multi_cleanup(courier->multi);
    curl_slist_free_all(courier->headers);
    free(courier->issuers.data);
    free(courier->certificate.data);
    free_key(&courier->key);
    free(courier->posts);
    free(courier);
    curl_global_cleanup();
}

/* ---- a post ---- */

/* Counts what comes and keeps nothing. */
static size_t take_answer(char *bytes, size_t size, size_t count, void *state)
{
    struct post *post = state;

    (void)bytes;
    post->received += size * count;
    post->cut = post->received > ANSWER_MOST;
    return post->cut ? 0 : size * count;
}

static bool set_limits(const struct courier *courier, CURL *easy)
{
    const struct config *config = courier->config;

    return !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, config->outbox_plain_http ? "https,http" : "https")
           && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(easy, CURLOPT_PROXY, "")
           && !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)config->outbox_connect_seconds)
           && !curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)config->outbox_timeout_seconds)
           && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)
           && !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) /* a look-up that is given up is not waited for */
           && !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static bool set_trust(struct courier *courier, CURL *easy)
{
    bool ok = !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) && !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L)
              && !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

    if (ok && courier->issuers.data)
        ok = !curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &courier->issuers)
             && !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (ok && courier->certificate.data)
        ok = !curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &courier->certificate)
             && !curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &courier->key);
    return ok;
}

static bool set_parcel(struct courier *courier, unsigned number, const struct parcel *parcel)
{
    struct post *post = &courier->posts[number];

    return !curl_easy_setopt(post->easy, CURLOPT_URL, parcel->url)
           && !curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, courier->headers)
           && !curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)parcel->size)
           && !curl_easy_setopt(post->easy, CURLOPT_COPYPOSTFIELDS, parcel->body)
           && !curl_easy_setopt(post->easy, CURLOPT_USERAGENT, "digitalpost-gateway")
           && !curl_easy_setopt(post->easy, CURLOPT_WRITEFUNCTION, take_answer)
           && !curl_easy_setopt(post->easy, CURLOPT_WRITEDATA, post)
           && !curl_easy_setopt(post->easy, CURLOPT_PRIVATE, post);
}

bool courier_post(struct courier *courier, unsigned number, const struct parcel *parcel, struct error *error)
{
    struct post *post = &courier->posts[number];

    *post = (struct post){.easy = curl_easy_init()};
    if (post->easy && set_limits(courier, post->easy) && set_trust(courier, post->easy)
        && set_parcel(courier, number, parcel) && curl_multi_add_handle(courier->multi, post->easy) == CURLM_OK)
        return true;
    curl_easy_cleanup(post->easy);
    post->easy = NULL;
    return error_set(error, ERROR_OUT_OF_MEMORY, "outbox", "a post could not begin");
}

void courier_drop(struct courier *courier, unsigned number)
{
    struct post *post = &courier->posts[number];

    if (!post->easy)
        return;
    curl_multi_remove_handle(courier->multi, post->easy);
    curl_easy_cleanup(post->easy);
    post->easy = NULL;
}

/* ---- all of them ---- */

/* First waits, then works: what ended while working is for the caller to take, and must not be waited on. A post that was
 * just added ends the waiting at once. */
bool courier_turn(struct courier *courier, int wait, int wake, struct error *error)
{
    struct curl_waitfd extra = {.fd = wake, .events = CURL_WAIT_POLLIN};
    int running;
    CURLMcode result = curl_multi_poll(courier->multi, wake >= 0 ? &extra : NULL, wake >= 0, wait, NULL);

    if (result == CURLM_OK)
        result = curl_multi_perform(courier->multi, &running);
    return result == CURLM_OK || error_set(error, ERROR_INTERNAL, "outbox", "%s", curl_multi_strerror(result));
}

static void read_reply(struct courier *courier, const struct post *post, CURLcode result, struct reply *reply)
{
    curl_off_t asked = 0;
    long status = 0;

    curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    *reply = (struct reply){.number = (unsigned)(post - courier->posts), .status = (unsigned)status};
    if (result != CURLE_OK && !(result == CURLE_WRITE_ERROR && post->cut))
        reply->problem = curl_easy_strerror(result);
    if ((status == 429 || status == 503) && !curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &asked) && asked > 0)
        reply->retry_after = (uint64_t)asked;
}

bool courier_next(struct courier *courier, struct reply *reply)
{
    const CURLMsg *message;
    struct post *post = NULL;
    int left;

    do
        message = curl_multi_info_read(courier->multi, &left);
    while (message && message->msg != CURLMSG_DONE);
    if (!message || curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&post) || !post)
        return false;
    read_reply(courier, post, message->data.result, reply);
    courier_drop(courier, reply->number);
    return true;
}

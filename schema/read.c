#include "schema/memo_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define READ_BYTES (64 * 1024)
#define PUSH_BYTES 8192 /* the skeleton is cut at the same places however the document came */
#define STAND_IN "AAAA" /* valid base64, whatever the text it stands for */

/* One document on its way in. */
struct reading {
    const struct memo_limits *limits;
    struct arena *arena;
    struct memo *memo;
    struct findings *findings;
    struct digest_stream *digest, *content_digest;
    struct scan_events events;
    struct scanner scanner;
    const struct memo_schemas *schemas;
    struct plain *plain; /* until it is not sure; then NULL */
    struct parse *parse; /* from then on */
    struct buffer skeleton, held;
    size_t pushed; /* bytes of the skeleton that plain.c or libxml2 has */
    bool parsing;  /* the fault is libxml2's, not the scanner's */
    struct content content;
    unsigned char bytes[READ_BYTES];
};

static bool parse_bytes(struct reading *reading, const char *bytes, size_t size, struct error *error)
{
    reading->parsing = !parse_push(reading->parse, bytes, size, error);
    return !reading->parsing;
}

static bool parse_to(struct reading *reading, size_t end, struct error *error)
{
    size_t from = reading->pushed;

    reading->pushed = end;
    return from == end || parse_bytes(reading, reading->skeleton.data + from, end - from, error);
}

static bool parse_stand_in(struct reading *reading, const struct held *held, struct error *error)
{
    bool empty = held->size == 0 && held->fault_line == 0;

    return empty || parse_bytes(reading, STAND_IN, strlen(STAND_IN), error);
}

/* libxml2 gets the document from the beginning, as far as it was handed out, and all that follows. */
static bool turn_to_libxml2(struct reading *reading, struct error *error)
{
    const struct held *held = (const struct held *)(const void *)reading->held.data;
    size_t handed_out = reading->pushed;

    reading->plain = NULL;
    reading->pushed = 0;
    *reading->memo = (struct memo){.digest = reading->memo->digest,
                                   .size = reading->memo->size,
                                   .content_size = reading->memo->content_size,
                                   .content_count = reading->memo->content_count};
    reading->parse = parse_open(reading->schemas, reading->limits, reading->arena, reading->memo, reading->findings,
                                &reading->held, error);
    if (!reading->parse)
        return false;
    for (unsigned i = 0; i < reading->memo->content_count; i++)
        if (!parse_to(reading, held[i].offset, error) || !parse_stand_in(reading, &held[i], error))
            return false;
    return parse_to(reading, handed_out, error);
}

static bool push_skeleton(struct reading *reading, size_t size, struct error *error)
{
    if (size == 0)
        return true;
    if (!reading->plain)
        return parse_to(reading, reading->pushed + size, error);
    reading->pushed += size;
    return plain_push(reading->plain, reading->skeleton.data, reading->pushed) || turn_to_libxml2(reading, error);
}

static bool push_rest(struct reading *reading, struct error *error)
{
    return push_skeleton(reading, reading->skeleton.size - reading->pushed, error);
}

static bool on_skeleton(void *state, const unsigned char *bytes, size_t size, struct error *error)
{
    struct reading *reading = state;

    if (!buffer_add(&reading->skeleton, bytes, size))
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    while (reading->skeleton.size - reading->pushed >= PUSH_BYTES)
        if (!push_skeleton(reading, PUSH_BYTES, error))
            return false;
    return true;
}

static bool on_content_start(void *state, unsigned line, struct error *error)
{
    struct reading *reading = state;

    return push_rest(reading, error) && content_start(&reading->content, reading->skeleton.size, line, error);
}

static bool on_content_text(void *state, const unsigned char *text, size_t size, struct error *error)
{
    struct reading *reading = state;

    return content_add(&reading->content, text, size, error);
}

static bool on_content_end(void *state, struct error *error)
{
    struct reading *reading = state;
    const struct held *held = &reading->content.held;

    if (!content_finish(&reading->content, error))
        return false;
    reading->memo->content_size += held->size;
    reading->memo->content_count++;
    if (!buffer_add(&reading->held, held, sizeof *held))
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    return reading->plain || parse_stand_in(reading, held, error);
}

static bool is_documents_fault(enum error_code code)
{
    return (code >= ERROR_XML_MALFORMED && code <= ERROR_XML_EMPTY) || code == ERROR_BODY_TOO_LARGE;
}

static bool is_limit(enum error_code code)
{
    return (code >= ERROR_XML_ATTRIBUTES && code <= ERROR_XML_SKELETON_SIZE) || code == ERROR_BODY_TOO_LARGE;
}

/* What made the reading stop becomes a finding, if it lies in the document. A document over a limit is refused for that
 * alone, whatever else was found on the way: nobody mends the rest of a bomb. Otherwise libxml2 first gets what it has not seen
 * yet, because an earlier fault is the one to tell, and for the path. */
static bool refused(struct reading *reading, struct error *error)
{
    struct error earlier = {0};
    struct finding finding = {.severity = SEVERITY_ERROR};

    if (!is_documents_fault(error->code))
        return false;
    if (!reading->parsing && !(push_rest(reading, &earlier) && (!reading->plain || turn_to_libxml2(reading, &earlier)))
        && !is_limit(error->code))
        *error = earlier;
    if (!reading->parse) {
        *error = earlier;
        return false;
    }
    if (is_limit(error->code))
        reading->findings->count = reading->findings->total = 0;
    finding.code = error->code;
    finding.line = reading->parsing ? parse_line(reading->parse) : scan_line(&reading->scanner);
    finding.field = parse_path(reading->parse);
    if (error->detail[0])
        finding.detail = arena_text(reading->arena, error->detail);
    finding.danish = detail_in_danish(finding.detail, reading->arena);
    error_set(error, finding.code, finding.field, finding.detail ? "line %u: %s" : "line %u", finding.line,
              finding.detail);
    if (is_documents_fault(error->code))
        findings_add(reading->findings, &finding);
    return false;
}

static bool read_chunk(struct reading *reading, size_t size, struct error *error)
{
    reading->memo->size += size;
    if (reading->memo->size > reading->limits->body_bytes)
        return error_set(error, ERROR_BODY_TOO_LARGE, NULL, NULL);
    if (reading->digest && !digest_add(reading->digest, reading->bytes, size))
        return error_set(error, ERROR_INTERNAL, NULL, "SHA-256 failed");
    return scan_add(&reading->scanner, reading->bytes, size, error);
}

static bool finish(struct reading *reading, struct error *error)
{
    if (reading->digest && !digest_finish(reading->digest, &reading->memo->digest))
        return error_set(error, ERROR_INTERNAL, NULL, "SHA-256 failed");
    if (!scan_finish(&reading->scanner, error) || !push_rest(reading, error))
        return false;
    reading->memo->plain =
        reading->plain && plain_finish(reading->plain, reading->skeleton.data, reading->skeleton.size);
    if (reading->memo->plain)
        return true;
    if (reading->plain && !turn_to_libxml2(reading, error))
        return false;
    reading->parsing = !parse_finish(reading->parse, error);
    return !reading->parsing;
}

static bool read_all(struct reading *reading, memo_source *source, void *state, struct error *error)
{
    size_t got;

    for (;;) {
        if (!source(state, reading->bytes, READ_BYTES, &got, error))
            return false;
        if (got == 0)
            return finish(reading, error);
        if (!read_chunk(reading, got, error))
            return false;
    }
}

static enum memo_id_type id_type_of(const char *text)
{
    if (text && strcasecmp(text, "CPR") == 0)
        return MEMO_ID_CPR;
    if (text && strcasecmp(text, "CVR") == 0)
        return MEMO_ID_CVR;
    return MEMO_ID_OTHER;
}

/* xs:date may have a time zone behind the day; a year of more than four digits stays as it is. */
static const char *cut_zone(const char *day, struct arena *arena)
{
    if (!day || strlen(day) <= 10 || day[4] != '-' || !strchr("Z+-", day[10]))
        return day;
    return arena_copy(arena, day, 10);
}

/* Fields that follow from others, and the skeleton. */
static bool complete(struct reading *reading, struct error *error)
{
    struct memo *memo = reading->memo;
    uint64_t *offsets = arena_alloc(reading->arena, (memo->content_count + 1) * sizeof *offsets);
    const struct held *held = (const struct held *)(const void *)reading->held.data;

    memo->skeleton = arena_copy(reading->arena, reading->skeleton.data, reading->skeleton.size);
    memo->skeleton_size = reading->skeleton.size;
    memo->type = memo->type_text && strcmp(memo->type_text, "NEMSMS") == 0 ? MEMO_NEMSMS : MEMO_DIGITALPOST;
    memo->sender.id_type = id_type_of(memo->sender.id_type_text);
    memo->recipient.id_type = id_type_of(memo->recipient.id_type_text);
    memo->not_before_day = cut_zone(memo->not_before_day, reading->arena);
    if (memo->uuid_text && !uuid_parse(memo->uuid_text, &memo->uuid))
        memset(&memo->uuid, 0, sizeof memo->uuid);
    if (!offsets || !memo->skeleton)
        return error_set(error, ERROR_XML_SKELETON_SIZE, NULL, DETAIL_DOCUMENT_NO_ROOM);
    for (unsigned i = 0; i < memo->content_count; i++)
        offsets[i] = held[i].offset;
    memo->content_offsets = offsets;
    return true;
}

static bool open_digests(struct reading *reading, struct error *error)
{
    if (!reading->limits->digests)
        return true;
    reading->digest = digest_open();
    reading->content_digest = digest_open();
    reading->content.digest = reading->content_digest;
    if (reading->digest && reading->content_digest && digest_start(reading->digest))
        return true;
    return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
}

static struct reading *reading_open(const struct memo_schemas *schemas, const struct memo_limits *limits,
                                    const struct memo_keeper *keeper, struct arena *arena, struct memo *memo,
                                    struct findings *findings, struct error *error)
{
    static const struct memo_keeper nobody;
    struct reading *reading = malloc(sizeof *reading);

    if (!reading) {
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        return NULL;
    }
    memset(reading, 0, offsetof(struct reading, content));
    reading->schemas = schemas;
    reading->limits = limits;
    reading->arena = arena;
    reading->memo = memo;
    reading->findings = findings;
    reading->skeleton.limit = limits->skeleton_bytes + 1;
    reading->held.limit = ((size_t)limits->elements + 1) * sizeof(struct held);
    reading->content.keeper = keeper ? keeper : &nobody;
    reading->content.digest = NULL;
    reading->content.held.newlines = 0;
    reading->events = (struct scan_events){.state = reading,
                                           .skeleton = on_skeleton,
                                           .content_start = on_content_start,
                                           .content_text = on_content_text,
                                           .content_end = on_content_end,
                                           .content_newlines = &reading->content.held.newlines};
    scan_start(&reading->scanner, limits, &reading->events);
    return reading;
}

static bool begin(struct reading *reading, struct error *error)
{
    if (!open_digests(reading, error))
        return false;
    if (!reading->limits->plain)
        return turn_to_libxml2(reading, error);
    reading->plain = plain_open(reading->schemas, reading->limits, reading->arena, reading->memo, &reading->held);
    return reading->plain || error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
}

static void reading_close(struct reading *reading)
{
    parse_close(reading->parse);
    digest_close(reading->digest);
    digest_close(reading->content_digest);
    buffer_free(&reading->skeleton);
    buffer_free(&reading->held);
    free(reading);
}

bool memo_read(const struct memo_schemas *schemas, const struct memo_limits *limits, memo_source *source, void *state,
               const struct memo_keeper *keeper, struct arena *arena, struct memo *memo, struct findings *findings,
               struct error *error)
{
    struct reading *reading;
    bool good;

    memset(memo, 0, sizeof *memo);
    reading = reading_open(schemas, limits, keeper, arena, memo, findings, error);
    if (!reading)
        return false;
    good = begin(reading, error)
           && ((read_all(reading, source, state, error) && complete(reading, error)) || refused(reading, error));
    reading_close(reading);
    findings_sort(findings);
    return good;
}

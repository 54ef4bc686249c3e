/* The linear scanner before libxml2 (reliability.md R17): a machine of a dozen states over the bytes, which knows just
 * enough XML to find tags, and refuses what has no place in a MeMo or would cost libxml2 more than its size. What it
 * does not look at (names, references, the order of things) libxml2 checks in the skeleton.
 *
 * A `content` element is known by its local name alone: the schema has no wildcard, so a foreign element of that name
 * is still refused by the validator, which sees its tags. */
#include "schema/memo_impl.h"

#include <string.h>
#include <strings.h>

enum {
    SCAN_BEGIN,       /* perhaps a byte order mark */
    SCAN_TEXT,        /* outside all tags */
    SCAN_OPEN,        /* behind "<" */
    SCAN_DECLARATION, /* behind "<?" at the very beginning */
    SCAN_BANG,        /* behind "<!" */
    SCAN_DASH,        /* behind "<!-" */
    SCAN_COMMENT,
    SCAN_BRACKET, /* behind "<![" */
    SCAN_CDATA,
    SCAN_CONTENT,      /* held back */
    SCAN_CONTENT_OPEN, /* behind "<" in it */
    SCAN_NAME,         /* from here on: in a tag, whose size is limited */
    SCAN_TAG,
    SCAN_VALUE,
    SCAN_END,
    SCAN_STATES
};

typedef const unsigned char *scan_step(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                       struct error *error);

static unsigned count_newlines(const unsigned char *at, const unsigned char *end)
{
    unsigned count = 0;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

/* The bytes before the first NUL. libxml2 must never see one: among the first four bytes, which then are no UTF-8, it
 * would make libxml2 read another document than is scanned here, in UTF-16 or UCS-4 (XML 1.0, appendix F). */
static size_t before_nul(const struct scanner *scanner, const unsigned char *bytes, size_t size, enum error_code *code)
{
    const unsigned char *nul = memchr(bytes, '\0', size);

    if (!nul)
        return size;
    size = (size_t)(nul - bytes);
    *code = scanner->skeleton_size + size < 4 ? ERROR_XML_NOT_UTF8 : ERROR_XML_MALFORMED;
    return size;
}

/* Hands out `size` bytes of skeleton, or as many as are good. */
static bool hand_out(struct scanner *scanner, const unsigned char *bytes, size_t size, struct error *error)
{
    uint64_t room = scanner->limits->skeleton_bytes - scanner->skeleton_size;
    enum error_code code = ERROR_NONE;
    size_t good = before_nul(scanner, bytes, size, &code);

    if (!utf8_add(&scanner->utf8, bytes, good, &good))
        code = ERROR_XML_NOT_UTF8;
    if (good > room) {
        good = (size_t)room;
        code = ERROR_XML_SKELETON_SIZE;
    }
    scanner->line += count_newlines(bytes, bytes + good);
    scanner->skeleton_size += good;
    if (good > 0 && !scanner->events->skeleton(scanner->events->state, bytes, good, error))
        return false;
    return code == ERROR_NONE || error_set(error, code, NULL, NULL);
}

/* Hands out what was kept up to `at`. */
static bool keep_to(struct scanner *scanner, const unsigned char *at, struct error *error)
{
    const unsigned char *from = scanner->kept;

    scanner->kept = at;
    return at == from || hand_out(scanner, from, (size_t)(at - from), error);
}

/* What stands before `at` comes first, so that an earlier fault is told and not this one. */
static const unsigned char *refuse(struct scanner *scanner, const unsigned char *at, enum error_code code,
                                   struct error *error)
{
    if (!scanner->kept || keep_to(scanner, at, error))
        error_set(error, code, NULL, NULL);
    return NULL;
}

static bool is_blank(unsigned char byte)
{
    return base64_values[byte] == BASE64_BLANK;
}

static const unsigned char *scan_begin(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                       struct error *error)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};

    (void)end;
    (void)error;
    if (scanner->matched < sizeof mark && *at == mark[scanner->matched]) {
        scanner->matched++;
        return at + 1;
    }
    scanner->started = scanner->matched % sizeof mark != 0;
    scanner->state = SCAN_TEXT;
    return at;
}

static const unsigned char *scan_text(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                      struct error *error)
{
    const unsigned char *open = memchr(at, '<', (size_t)(end - at));
    const unsigned char *stop = open ? open : end;

    (void)error;
    scanner->started = scanner->started || at < stop;
    for (; scanner->blank && at < stop; at++)
        scanner->blank = is_blank(*at);
    if (!open)
        return end;
    scanner->blank = false;
    scanner->state = SCAN_OPEN;
    return open + 1;
}

static const unsigned char *start_tag(struct scanner *scanner, const unsigned char *at, struct error *error)
{
    if (scanner->depth == scanner->limits->depth)
        return refuse(scanner, at, ERROR_XML_DEPTH, error);
    if (scanner->elements == scanner->limits->elements)
        return refuse(scanner, at, ERROR_XML_ELEMENTS, error);
    scanner->elements++;
    scanner->attributes = 0;
    scanner->name_size = 0;
    scanner->before = 0;
    scanner->state = SCAN_NAME;
    return at;
}

static const unsigned char *scan_open(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                      struct error *error)
{
    bool first = !scanner->started;

    (void)end;
    scanner->started = true;
    scanner->tag_size = 1;
    switch (*at) {
    case '/':
        scanner->state = SCAN_END;
        return at + 1;
    case '!':
        scanner->state = SCAN_BANG;
        return at + 1;
    case '?':
        if (!first)
            return refuse(scanner, at, ERROR_XML_INSTRUCTION, error);
        scanner->state = SCAN_DECLARATION;
        return at + 1;
    default:
        return start_tag(scanner, at, error);
    }
}

/* The value of the pseudo-attribute `encoding` must be UTF-8, in either case; there need be none. */
static bool encoding_allowed(const char *declaration)
{
    const char *at = strstr(declaration, "encoding");

    if (!at)
        return true;
    at += strlen("encoding");
    at += strspn(at, " \t\r\n=");
    return (*at == '"' || *at == '\'') && strncasecmp(at + 1, "UTF-8", 5) == 0 && at[6] == *at;
}

static const unsigned char *end_declaration(struct scanner *scanner, const unsigned char *at, struct error *error)
{
    scanner->declaration[scanner->declaration_size] = '\0';
    if (strncmp(scanner->declaration, "xml", 3) != 0 || !is_blank((unsigned char)scanner->declaration[3]))
        return refuse(scanner, at, ERROR_XML_INSTRUCTION, error);
    if (!encoding_allowed(scanner->declaration))
        return refuse(scanner, at, ERROR_XML_ENCODING, error);
    scanner->state = SCAN_TEXT;
    return at + 1;
}

static const unsigned char *scan_declaration(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                             struct error *error)
{
    for (; at < end; at++) {
        size_t size = scanner->declaration_size;

        if (*at == '>' && size > 0 && scanner->declaration[size - 1] == '?')
            return end_declaration(scanner, at, error);
        if (size == DECLARATION_ROOM)
            return refuse(scanner, at, ERROR_XML_INSTRUCTION, error);
        scanner->declaration[scanner->declaration_size++] = (char)*at;
    }
    return end;
}

static const unsigned char *scan_bang(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                      struct error *error)
{
    (void)end;
    if (*at != '-' && *at != '[')
        return refuse(scanner, at, (*at | 0x20) == 'd' ? ERROR_XML_DOCTYPE : ERROR_XML_MALFORMED, error);
    scanner->state = *at == '-' ? SCAN_DASH : SCAN_BRACKET;
    scanner->matched = 0;
    return at + 1;
}

static const unsigned char *scan_dash(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                      struct error *error)
{
    (void)end;
    if (*at != '-')
        return refuse(scanner, at, ERROR_XML_MALFORMED, error);
    scanner->state = SCAN_COMMENT;
    scanner->matched = 0;
    return at + 1;
}

/* Goes behind the next `twice` `twice` ">" and then back to text. */
static const unsigned char *scan_until(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                       unsigned char twice)
{
    for (; at < end; at++) {
        if (*at == '>' && scanner->matched == 2) {
            scanner->state = SCAN_TEXT;
            return at + 1;
        }
        scanner->matched = *at != twice ? 0 : scanner->matched < 2 ? scanner->matched + 1 : 2;
    }
    return end;
}

static const unsigned char *scan_comment(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                         struct error *error)
{
    (void)error;
    return scan_until(scanner, at, end, '-');
}

static const unsigned char *scan_cdata(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                       struct error *error)
{
    (void)error;
    return scan_until(scanner, at, end, ']');
}

static const unsigned char *scan_bracket(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                         struct error *error)
{
    static const char word[] = "CDATA[";

    (void)end;
    if (*at != word[scanner->matched])
        return refuse(scanner, at, ERROR_XML_MALFORMED, error);
    scanner->matched++;
    if (scanner->matched == strlen(word)) {
        scanner->state = SCAN_CDATA;
        scanner->matched = 0;
    }
    return at + 1;
}

static bool is_content(const struct scanner *scanner)
{
    return scanner->name_size == strlen(CONTENT_NAME) && memcmp(scanner->name, CONTENT_NAME, scanner->name_size) == 0;
}

/* At the ">" of a start tag. An empty `content` is a content too, so that contents are numbered as libxml2 meets them;
 * it is over before the ">", because libxml2 must not meet its end first. */
static const unsigned char *end_start_tag(struct scanner *scanner, const unsigned char *at, struct error *error)
{
    const struct scan_events *events = scanner->events;
    bool empty = scanner->before == '/';

    scanner->state = SCAN_TEXT;
    scanner->depth += !empty;
    if (!is_content(scanner))
        return at + 1;
    if (!keep_to(scanner, empty ? at : at + 1, error) || !events->content_start(events->state, scanner->line, error))
        return NULL;
    if (empty)
        return events->content_end(events->state, error) ? at + 1 : NULL;
    scanner->kept = NULL;
    scanner->state = SCAN_CONTENT;
    return at + 1;
}

/* The local name as far as it fits: one that is longer is no `content`. */
static void add_to_name(struct scanner *scanner, const unsigned char *from, const unsigned char *to)
{
    const unsigned char *colon = memrchr(from, ':', (size_t)(to - from));
    size_t room;

    if (colon) {
        scanner->name_size = 0;
        from = colon + 1;
    }
    room = sizeof scanner->name - scanner->name_size;
    if ((size_t)(to - from) < room)
        room = (size_t)(to - from);
    memcpy(scanner->name + scanner->name_size, from, room);
    scanner->name_size += (unsigned)room;
}

static bool ends_name(unsigned char byte)
{
    return byte == '>' || byte == '/' || is_blank(byte);
}

static const unsigned char *scan_name(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                      struct error *error)
{
    const unsigned char *from = at;

    (void)error;
    while (at < end && !ends_name(*at))
        at++;
    add_to_name(scanner, from, at);
    if (at < end)
        scanner->state = SCAN_TAG;
    return at;
}

static const unsigned char *scan_tag(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                     struct error *error)
{
    for (; at < end; at++) {
        if (*at == '>')
            return end_start_tag(scanner, at, error);
        if (*at == '<')
            return refuse(scanner, at, ERROR_XML_MALFORMED, error);
        if (*at == '=' && ++scanner->attributes > scanner->limits->attributes)
            return refuse(scanner, at, ERROR_XML_ATTRIBUTES, error);
        scanner->before = *at;
        if (*at == '"' || *at == '\'') {
            scanner->quote = *at;
            scanner->state = SCAN_VALUE;
            return at + 1;
        }
    }
    return end;
}

static const unsigned char *scan_value(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                       struct error *error)
{
    for (; at < end; at++) {
        if (*at == scanner->quote) {
            scanner->state = SCAN_TAG;
            return at + 1;
        }
        if (*at == '<')
            return refuse(scanner, at, ERROR_XML_MALFORMED, error);
    }
    return end;
}

static const unsigned char *scan_end(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                     struct error *error)
{
    const unsigned char *close = memchr(at, '>', (size_t)(end - at));
    const unsigned char *open = memchr(at, '<', (size_t)((close ? close : end) - at));

    if (open)
        return refuse(scanner, open, ERROR_XML_MALFORMED, error);
    if (!close)
        return end;
    if (scanner->depth == 0)
        return refuse(scanner, close, ERROR_XML_MALFORMED, error);
    scanner->depth--;
    scanner->state = SCAN_TEXT;
    return close + 1;
}

static const unsigned char *scan_content(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                         struct error *error)
{
    const struct scan_events *events = scanner->events;
    const unsigned char *open = memchr(at, '<', (size_t)(end - at));
    const unsigned char *stop = open ? open : end;

    if (at < stop && !events->content_text(events->state, at, (size_t)(stop - at), error))
        return NULL;
    if (!open)
        return end;
    scanner->state = SCAN_CONTENT_OPEN;
    return open + 1;
}

/* Only the end tag may follow. Its "<" may have been in the chunk before. */
static const unsigned char *scan_content_open(struct scanner *scanner, const unsigned char *at,
                                              const unsigned char *end, struct error *error)
{
    static const unsigned char open[] = {'<'};
    const struct scan_events *events = scanner->events;

    (void)end;
    if (*at != '/')
        return refuse(scanner, at, ERROR_XML_CONTENT_NOT_PLAIN, error);
    if (!events->content_end(events->state, error))
        return NULL;
    scanner->line += *events->content_newlines;
    scanner->state = SCAN_END;
    scanner->tag_size = sizeof open;
    scanner->kept = at;
    return hand_out(scanner, open, sizeof open, error) ? at : NULL;
}

static scan_step *const scan_steps[SCAN_STATES] = {
    [SCAN_BEGIN] = scan_begin,
    [SCAN_TEXT] = scan_text,
    [SCAN_OPEN] = scan_open,
    [SCAN_DECLARATION] = scan_declaration,
    [SCAN_BANG] = scan_bang,
    [SCAN_DASH] = scan_dash,
    [SCAN_COMMENT] = scan_comment,
    [SCAN_BRACKET] = scan_bracket,
    [SCAN_CDATA] = scan_cdata,
    [SCAN_CONTENT] = scan_content,
    [SCAN_CONTENT_OPEN] = scan_content_open,
    [SCAN_NAME] = scan_name,
    [SCAN_TAG] = scan_tag,
    [SCAN_VALUE] = scan_value,
    [SCAN_END] = scan_end,
};

void scan_start(struct scanner *scanner, const struct memo_limits *limits, const struct scan_events *events)
{
    *scanner = (struct scanner){.limits = limits, .events = events, .line = 1, .blank = true};
}

/* One step within a tag, which sees no more bytes than the tag may still have. */
static const unsigned char *step_in_tag(struct scanner *scanner, const unsigned char *at, const unsigned char *end,
                                        struct error *error)
{
    size_t room = scanner->limits->tag_bytes - scanner->tag_size;
    const unsigned char *next;

    if (scanner->tag_size >= scanner->limits->tag_bytes)
        return refuse(scanner, at, ERROR_XML_TAG_SIZE, error);
    if ((size_t)(end - at) > room)
        end = at + room;
    next = scan_steps[scanner->state](scanner, at, end, error);
    if (next)
        scanner->tag_size += (size_t)(next - at);
    return next;
}

bool scan_add(struct scanner *scanner, const unsigned char *bytes, size_t size, struct error *error)
{
    const unsigned char *at = bytes, *end = bytes + size;
    bool holding = scanner->state == SCAN_CONTENT || scanner->state == SCAN_CONTENT_OPEN;

    scanner->kept = holding ? NULL : bytes;
    while (at && at < end)
        at = scanner->state >= SCAN_NAME ? step_in_tag(scanner, at, end, error)
                                         : scan_steps[scanner->state](scanner, at, end, error);
    return at && (!scanner->kept || keep_to(scanner, end, error));
}

bool scan_finish(struct scanner *scanner, struct error *error)
{
    if (scanner->blank)
        return error_set(error, ERROR_XML_EMPTY, NULL, NULL);
    if (scanner->utf8.left > 0)
        return error_set(error, ERROR_XML_NOT_UTF8, NULL, NULL);
    if (scanner->state != SCAN_TEXT || scanner->depth > 0 || scanner->elements == 0)
        return error_set(error, ERROR_XML_MALFORMED, NULL, DETAIL_ENDS_EARLY);
    return true;
}

unsigned scan_line(const struct scanner *scanner)
{
    bool holding = scanner->state == SCAN_CONTENT || scanner->state == SCAN_CONTENT_OPEN;

    return scanner->line + (holding ? *scanner->events->content_newlines : 0);
}

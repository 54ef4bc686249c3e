/* libxml2 behind the scanner: a push parser whose SAX events go to the schema validator and to the fields.
 *
 * The events pass through here first, for two reasons. The validator's errors must be told with our line and path. And
 * text is handed on in one piece: libxml2 gives it in pieces of a few hundred bytes, and its validator joins those in
 * time that grows with the square of the text (reliability.md M13). */
#include "schema/memo_impl.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

struct parse {
    const struct memo_schemas *schemas;
    struct arena *arena;
    struct memo *memo;
    struct findings *findings;
    const struct buffer *held; /* struct held */
    unsigned contents;         /* content elements met */
    unsigned line_shift;       /* line feeds that libxml2 does not see */

    xmlParserCtxtPtr parser;
    xmlSchemaValidCtxtPtr validator;
    xmlSchemaSAXPlugPtr plug;
    xmlSAXHandlerPtr plug_sax;
    void *plug_state;

    struct path path;
    struct fields fields;
    struct buffer text; /* of the innermost element, since its last child */
    bool cdata;         /* some of it was a CDATA section */
    size_t schema_findings;
    enum error_code last_code; /* of the last schema finding, and its element */
    unsigned last_line;
    const char *last_field;

    struct error fault; /* why the parser was stopped */
};

static unsigned here(const struct parse *parse)
{
    const xmlParserCtxt *parser = parse->parser;

    return (parser->input && parser->input->line > 0 ? (unsigned)parser->input->line : 1) + parse->line_shift;
}

static void stop(struct parse *parse, enum error_code code, const char *detail)
{
    if (parse->fault.code != ERROR_NONE)
        return;
    error_set(&parse->fault, code, NULL, detail ? "%s" : NULL, detail);
    xmlStopParser(parse->parser);
}

/* The attribute that a message of the validator is about, as the end of a path. Both names are the schema's. */
static const char *attribute_of(const char *message)
{
    if (message && strstr(message, "attribute 'memoVersion'"))
        return "/@memoVersion";
    if (message && strstr(message, "attribute 'memoSchVersion'"))
        return "/@memoSchVersion";
    return "";
}

static void schema_finding(struct parse *parse, enum error_code code, const char *message, const char *detail)
{
    const struct path_step *step = &parse->path.steps[parse->path.depth];
    /* other messages may quote the document */
    const char *expected = code == ERROR_SCHEMA_ELEMENT ? schema_expected(message, parse->arena) : NULL;
    struct finding finding = {.code = code, .severity = SEVERITY_ERROR, .line = step->line, .detail = detail};

    finding.field = path_format(&parse->path, attribute_of(message), parse->arena);
    if (expected)
        finding.detail = expected;
    finding.danish = detail_in_danish(finding.detail, parse->arena);
    if (code == ERROR_SCHEMA_VALUE && parse->text.size > 0 && step->name)
        finding.rejected = harmless_value(step->name, parse->text.data, parse->text.size, parse->arena);
    /* a broken facet is told twice: the facet, then the type */
    if (parse->schema_findings > 0 && code == parse->last_code && finding.line == parse->last_line && finding.field
        && parse->last_field && strcmp(finding.field, parse->last_field) == 0)
        return;
    parse->last_code = code;
    parse->last_line = finding.line;
    parse->last_field = finding.field;
    parse->schema_findings++;
    findings_add(parse->findings, &finding);
}

static void on_schema_error(void *state, xmlErrorPtr what)
{
    struct parse *parse = state;
    const char *detail;
    enum error_code code;

    if (what->level < XML_ERR_ERROR)
        return;
    if (parse->schema_findings >= FINDINGS_MAX) {
        parse->schema_findings++;
        parse->findings->total++;
        return;
    }
    code = schema_error_code(what->code, &detail);
    schema_finding(parse, code, what->message, detail);
}

/* Faults of namespaces (an undeclared prefix) count as such of XML. */
static void on_parser_error(void *state, xmlErrorPtr what)
{
    struct parse *parse = state;

    if (what->level < XML_ERR_ERROR || parse->fault.code != ERROR_NONE)
        return;
    if (what->code == XML_ERR_NO_MEMORY)
        stop(parse, ERROR_OUT_OF_MEMORY, NULL);
    else
        stop(parse, ERROR_XML_MALFORMED, xml_error_detail(what->code));
}

/* Hands the text that was collected to the validator. */
static void flush_text(struct parse *parse)
{
    const xmlChar *text = (const xmlChar *)parse->text.data;
    int size = (int)parse->text.size;

    if (size > 0 || parse->cdata) {
        if (parse->cdata)
            parse->plug_sax->cdataBlock(parse->plug_state, size ? text : (const xmlChar *)"", size);
        else
            parse->plug_sax->characters(parse->plug_state, text, size);
    }
    parse->cdata = false;
}

static void on_text(void *state, const xmlChar *text, int size)
{
    struct parse *parse = state;

    if (parse->fault.code == ERROR_NONE && !buffer_add(&parse->text, text, (size_t)size))
        stop(parse, ERROR_OUT_OF_MEMORY, NULL);
}

static void on_cdata(void *state, const xmlChar *text, int size)
{
    struct parse *parse = state;

    parse->cdata = true;
    on_text(state, text, size);
}

static const xmlChar **find_attribute(const xmlChar **attributes, int count, const char *name)
{
    for (int i = 0; i < count; i++, attributes += 5)
        if (!attributes[2] && strcmp((const char *)attributes[0], name) == 0)
            return attributes;
    return NULL;
}

/* Whether a decimal has the value 1.`digit`. */
static bool is_version(const char *text, size_t size, char digit)
{
    const char *end = text + size;

    while (text < end && base64_values[(unsigned char)*text] == BASE64_BLANK)
        text++;
    while (text < end && base64_values[(unsigned char)end[-1]] == BASE64_BLANK)
        end--;
    if (text < end && *text == '+')
        text++;
    while (text < end && *text == '0')
        text++;
    if (end - text < 3 || text[0] != '1' || text[1] != '.' || text[2] != digit)
        return false;
    for (text += 3; text < end && *text == '0'; text++)
        ;
    return text == end;
}

static void version_finding(struct parse *parse, const char *text, size_t size)
{
    struct finding finding = {.code = ERROR_MEMO_VERSION,
                              .severity = SEVERITY_ERROR,
                              .line = parse->path.steps[parse->path.depth].line,
                              .field = path_format(&parse->path, "/@memoVersion", parse->arena),
                              .rejected = harmless_value("memoVersion", text, size, parse->arena)};

    findings_add(parse->findings, &finding);
}

/* Both versions have one namespace, so the attribute decides (ngdp.md 1.1). Where it does not, memoSchVersion does,
 * which 1.1 requires and 1.2 forbids. */
static enum memo_version choose_version(struct parse *parse, const xmlChar **attributes, int count)
{
    const xmlChar **version = find_attribute(attributes, count, "memoVersion");
    enum memo_version fallback = find_attribute(attributes, count, "memoSchVersion") ? MEMO_1_1 : MEMO_1_2;
    const char *text;
    size_t size;

    if (!version)
        return fallback;
    text = (const char *)version[3];
    size = (size_t)(version[4] - version[3]);
    if (is_version(text, size, '1'))
        return MEMO_1_1;
    if (is_version(text, size, '2'))
        return MEMO_1_2;
    if (strspn(text, " \t\r\n+-.0123456789") >= size) /* what is no number is the schema's to tell */
        version_finding(parse, text, size);
    return fallback;
}

static void root_check(struct parse *parse)
{
    const struct path_step *root = &parse->path.steps[1];
    struct finding finding = {.code = ERROR_MEMO_ROOT, .severity = SEVERITY_ERROR, .line = root->line};

    if (root->node == NODE_MESSAGE)
        return;
    finding.field = path_format(&parse->path, "", parse->arena);
    findings_add(parse->findings, &finding);
}

static bool plug_in(struct parse *parse, const xmlChar **attributes, int count)
{
    parse->memo->version = choose_version(parse, attributes, count);
    parse->validator = xmlSchemaNewValidCtxt(parse->schemas->compiled[parse->memo->version]);
    if (!parse->validator)
        return false;
    xmlSchemaSetValidStructuredErrors(parse->validator, on_schema_error, parse);
    parse->plug = xmlSchemaSAXPlug(parse->validator, &parse->plug_sax, &parse->plug_state);
    return parse->plug != NULL;
}

static void on_start(void *state, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int space_count,
                     const xmlChar **spaces, int attribute_count, int defaulted, const xmlChar **attributes)
{
    struct parse *parse = state;
    struct path_step *parent = &parse->path.steps[parse->path.depth], *step;

    if (parse->fault.code != ERROR_NONE)
        return;
    if (parse->path.depth > 0)
        flush_text(parse);
    buffer_clear(&parse->text);
    step = path_enter(&parse->path, (const char *)name, (const char *)uri, here(parse));
    if (!step)
        return stop(parse, ERROR_XML_DEPTH, NULL);
    if (!fields_enter(&parse->fields, parent, step))
        return stop(parse, ERROR_XML_SKELETON_SIZE, DETAIL_FIELDS_NO_ROOM);
    if (parse->path.depth == 1) {
        root_check(parse);
        if (!plug_in(parse, attributes, attribute_count))
            return stop(parse, ERROR_OUT_OF_MEMORY, NULL);
    }
    parse->plug_sax->startElementNs(parse->plug_state, name, prefix, uri, space_count, spaces, attribute_count,
                                    defaulted, attributes);
}

static void base64_finding(struct parse *parse, const struct held *held)
{
    struct finding finding = {.code = ERROR_SCHEMA_BASE64,
                              .severity = SEVERITY_ERROR,
                              .line = held->fault_line,
                              .field = path_format(&parse->path, "", parse->arena),
                              .detail = DETAIL_BASE64};

    finding.danish = detail_in_danish(finding.detail, parse->arena);
    findings_add(parse->findings, &finding);
}

static unsigned held_count(const struct parse *parse)
{
    return (unsigned)(parse->held->size / sizeof(struct held));
}

/* A content ends: from here on libxml2's lines lack its line feeds. That one which was not held back ends means that
 * the scanner took something else for a name than libxml2 does. */
static void end_content(struct parse *parse, const struct path_step *step)
{
    const struct held *held = (const struct held *)(const void *)parse->held->data;

    if (parse->contents == held_count(parse))
        return stop(parse, ERROR_XML_MALFORMED, NULL);
    held += parse->contents;
    if (held->fault_line > 0)
        base64_finding(parse, held);
    if (step->node == NODE_CONTENT)
        fields_content(&parse->fields, parse->contents, held);
    parse->line_shift += held->newlines;
    parse->contents++;
}

static void on_end(void *state, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct parse *parse = state;
    struct path_step *step = &parse->path.steps[parse->path.depth];

    if (parse->fault.code != ERROR_NONE)
        return;
    flush_text(parse);
    parse->plug_sax->endElementNs(parse->plug_state, name, prefix, uri);
    if (strcmp((const char *)name, CONTENT_NAME) == 0)
        end_content(parse, step);
    if (!fields_leave(&parse->fields, step - 1, step, parse->text.data ? parse->text.data : "", parse->text.size))
        return stop(parse, ERROR_XML_SKELETON_SIZE, DETAIL_FIELDS_NO_ROOM);
    buffer_clear(&parse->text);
    path_leave(&parse->path);
}

static bool open_parser(struct parse *parse)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_cdata,
        .serror = on_parser_error,
    };

    parse->parser = xmlCreatePushParserCtxt(&sax, parse, NULL, 0, NULL);
    return parse->parser && xmlCtxtUseOptions(parse->parser, XML_PARSE_NONET) == 0;
}

struct parse *parse_open(const struct memo_schemas *schemas, const struct memo_limits *limits, struct arena *arena,
                         struct memo *memo, struct findings *findings, const struct buffer *held, struct error *error)
{
    struct parse *parse = calloc(1, sizeof *parse);

    if (!parse) {
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        return NULL;
    }
    parse->schemas = schemas;
    parse->arena = arena;
    parse->memo = memo;
    parse->findings = findings;
    parse->held = held;
    parse->text.limit = limits->skeleton_bytes + 1;
    fields_start(&parse->fields, memo, arena);
    if (path_open(&parse->path, limits->depth, arena) && open_parser(parse))
        return parse;
    parse_close(parse);
    error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    return NULL;
}

static bool feed(struct parse *parse, const void *bytes, size_t size, bool last, struct error *error)
{
    int result = xmlParseChunk(parse->parser, bytes, (int)size, last);

    if (parse->fault.code == ERROR_NONE && (result == XML_ERR_NO_MEMORY || !parse->parser->wellFormed))
        error_set(&parse->fault, ERROR_XML_MALFORMED, NULL, NULL);
    if (parse->fault.code == ERROR_NONE)
        return true;
    *error = parse->fault;
    return false;
}

bool parse_push(struct parse *parse, const void *bytes, size_t size, struct error *error)
{
    return feed(parse, bytes, size, false, error);
}

/* Whatever the validator held against the document, it must have been told. */
bool parse_finish(struct parse *parse, struct error *error)
{
    if (!feed(parse, NULL, 0, true, error))
        return false;
    if (!parse->plug || parse->contents != held_count(parse))
        return error_set(error, ERROR_XML_MALFORMED, NULL, NULL);
    if (parse->schema_findings == 0 && xmlSchemaIsValid(parse->validator) != 1)
        schema_finding(parse, ERROR_SCHEMA_INVALID, NULL, NULL);
    return true;
}

unsigned parse_line(const struct parse *parse)
{
    return here(parse);
}

const char *parse_path(const struct parse *parse)
{
    return path_format(&parse->path, "", parse->arena);
}

void parse_close(struct parse *parse)
{
    if (!parse)
        return;
    if (parse->plug)
        xmlSchemaSAXUnplug(parse->plug);
    xmlSchemaFreeValidCtxt(parse->validator);
    if (parse->parser)
        xmlFreeParserCtxt(parse->parser);
    buffer_free(&parse->text);
    free(parse);
}

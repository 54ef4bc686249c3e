#include "schema/memo_impl.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>

/* libxml2's one way to anything outside, for the whole process: it knows the schema files in the program and nothing
 * else, neither net nor disk. */
static xmlParserInputPtr load_only_ours(const char *url, const char *id, xmlParserCtxtPtr parser)
{
    (void)id;
    for (size_t i = 0; url && i < xsd_file_count; i++) {
        const struct xsd_file *file = &xsd_files[i];
        xmlParserInputBufferPtr bytes;
        xmlParserInputPtr input;

        if (strcmp(url, file->url) != 0)
            continue;
        bytes = xmlParserInputBufferCreateMem(file->start, (int)(file->end - file->start), XML_CHAR_ENCODING_UTF8);
        input = bytes ? xmlNewIOInputStream(parser, bytes, XML_CHAR_ENCODING_NONE) : NULL;
        if (input)
            input->filename = (char *)xmlCharStrdup(url);
        return input;
    }
    return NULL;
}

static void keep_first_error(void *state, xmlErrorPtr what)
{
    struct error *error = state;

    if (what->level >= XML_ERR_ERROR && error->code == ERROR_NONE)
        error_set(error, ERROR_INTERNAL, what->file, "line %d: %s", what->line, what->message ? what->message : "");
}

static xmlSchemaPtr compile(const char *url, struct error *error)
{
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(url);
    xmlSchemaPtr schema = NULL;

    if (parser) {
        xmlSchemaSetParserStructuredErrors(parser, keep_first_error, error);
        schema = xmlSchemaParse(parser);
        xmlSchemaFreeParserCtxt(parser);
    }
    if (!schema && error->code == ERROR_NONE)
        error_set(error, ERROR_OUT_OF_MEMORY, url, "the schema was not compiled");
    return schema;
}

bool memo_schemas_open(struct memo_schemas **schemas, struct error *error)
{
    static const struct {
        const char *folder, *url;
    } sets[MEMO_VERSION_COUNT] = {
        [MEMO_1_1] = {"memo-xsd:///1.1/", "memo-xsd:///1.1/message.xsd"},
        [MEMO_1_2] = {"memo-xsd:///1.2/", "memo-xsd:///1.2/message.xsd"},
    };

    error->code = ERROR_NONE;
    xmlInitParser();
    xmlSetExternalEntityLoader(load_only_ours);
    *schemas = calloc(1, sizeof **schemas);
    if (!*schemas)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    for (int version = 0; version < MEMO_VERSION_COUNT; version++) {
        (*schemas)->compiled[version] = compile(sets[version].url, error);
        if (!(*schemas)->compiled[version] || error->code != ERROR_NONE
            || !grammar_open(sets[version].folder, &(*schemas)->grammar[version], error)) {
            memo_schemas_close(*schemas);
            *schemas = NULL;
            return false;
        }
    }
    return true;
}

void memo_schemas_close(struct memo_schemas *schemas)
{
    if (!schemas)
        return;
    for (int version = 0; version < MEMO_VERSION_COUNT; version++) {
        xmlSchemaFree(schemas->compiled[version]);
        grammar_close(&schemas->grammar[version]);
    }
    free(schemas);
}

/* The schema files, taken into the program whole. */
#include "schema/memo_impl.h"

#define XSD(symbol, path)                                                                                              \
    __asm__(".section .rodata\n"                                                                                       \
            ".global " #symbol "_start\n.hidden " #symbol "_start\n" #symbol "_start:\n"                               \
            ".incbin \"schema/memo/" path "\"\n"                                                                       \
            ".global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol "_end:\n"                                     \
            ".previous\n");                                                                                            \
    extern const char symbol##_start[], symbol##_end[];

#define XSD_SET(v, version)                                                                                            \
    XSD(xsd_##v##_basic_data, version "/basic-data.xsd")                                                               \
    XSD(xsd_##v##_documents, version "/documents.xsd")                                                                 \
    XSD(xsd_##v##_education, version "/education.xsd")                                                                 \
    XSD(xsd_##v##_form, version "/form.xsd")                                                                           \
    XSD(xsd_##v##_gln, version "/gln.xsd")                                                                             \
    XSD(xsd_##v##_health, version "/health.xsd")                                                                       \
    XSD(xsd_##v##_kle, version "/kle.xsd")                                                                             \
    XSD(xsd_##v##_message, version "/message.xsd")                                                                     \
    XSD(xsd_##v##_parties, version "/parties.xsd")                                                                     \
    XSD(xsd_##v##_threads, version "/threads.xsd")                                                                     \
    XSD(xsd_##v##_types, version "/types.xsd")                                                                         \
    XSD(xsd_##v##_vehicle, version "/vehicle.xsd")

XSD_SET(1_1, "1.1")
XSD_SET(1_2, "1.2")

#define ROW(symbol, path)                                                                                              \
    {                                                                                                                  \
        "memo-xsd:///" path, symbol##_start, symbol##_end                                                              \
    }
#define ROWS(v, version)                                                                                               \
    ROW(xsd_##v##_basic_data, version "/basic-data.xsd"), ROW(xsd_##v##_documents, version "/documents.xsd"),          \
        ROW(xsd_##v##_education, version "/education.xsd"), ROW(xsd_##v##_form, version "/form.xsd"),                  \
        ROW(xsd_##v##_gln, version "/gln.xsd"), ROW(xsd_##v##_health, version "/health.xsd"),                          \
        ROW(xsd_##v##_kle, version "/kle.xsd"), ROW(xsd_##v##_message, version "/message.xsd"),                        \
        ROW(xsd_##v##_parties, version "/parties.xsd"), ROW(xsd_##v##_threads, version "/threads.xsd"),                \
        ROW(xsd_##v##_types, version "/types.xsd"), ROW(xsd_##v##_vehicle, version "/vehicle.xsd")

const struct xsd_file xsd_files[] = {ROWS(1_1, "1.1"), ROWS(1_2, "1.2")};
const size_t xsd_file_count = sizeof xsd_files / sizeof xsd_files[0];

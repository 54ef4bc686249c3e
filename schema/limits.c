#include "schema/memo.h"

/* The official list of file types could not be reached (ngdp.md 1.5): this one has what the official examples and
 * known clients send, documents, pictures and plain data that need no program to look harmless. Archives, scripts and
 * programs are not on it. */
static const char *const extensions[] = {"pdf", "txt",  "html", "htm", "xml", "doc",  "docx", "xls",  "xlsx",
                                         "ppt", "pptx", "odt",  "ods", "odp", "rtf",  "jpg",  "jpeg", "png",
                                         "gif", "tif",  "tiff", "bmp", "csv", "json", "ics",  NULL};

void memo_limits_default(struct memo_limits *limits)
{
    *limits = (struct memo_limits){
        .body_bytes = 150000000, /* 99.5 MB as base64 in lines of 76 with CR LF are 136.2 MB */
        .content_bytes = 99500000,
        .skeleton_bytes = 4 * 1024 * 1024,
        .tag_bytes = 8 * 1024,
        .attributes = 32,
        .depth = 32,
        .elements = 100000,
        .files = 1000,
        .additional_documents = 10,
        .notification = {[MEMO_1_1] = 150, [MEMO_1_2] = 160},
        .furthest_days = 365,
        .extensions = extensions,
        .digests = true,
        .plain = true,
    };
}

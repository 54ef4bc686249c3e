#include "handlers/service.h"

void service_limits(const struct config *config, struct memo_limits *limits)
{
    memo_limits_default(limits);
    limits->body_bytes = config->body_max;
    limits->content_bytes = config->content_max;
    limits->skeleton_bytes = (size_t)config->skeleton_max;
    limits->notification[MEMO_1_1] = config->notification_1_1;
    limits->notification[MEMO_1_2] = config->notification_1_2;
    limits->furthest_days = config->furthest_days;
    limits->additional_documents = config->additional_documents_max;
    limits->files = config->files_max;
    limits->extensions = config->extensions;
}

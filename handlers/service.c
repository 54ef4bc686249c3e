#include "handlers/service.h"

void service_limits(const struct config *config, struct memo_limits *limits)
{
    memo_limits_default(limits);
    limits->body_bytes = config->body_max;
    limits->content_bytes = config->content_max;
    limits->skeleton_bytes = (size_t)config->skeleton_max;
    limits->tag_bytes = (size_t)config->tag_max;
    limits->attributes = config->attributes_max;
    limits->depth = config->depth_max;
    limits->elements = config->elements_max;
    limits->notification[MEMO_1_1] = config->notification_1_1;
    limits->notification[MEMO_1_2] = config->notification_1_2;
    limits->furthest_days = config->furthest_days;
    limits->additional_documents = config->additional_documents_max;
    limits->files = config->files_max;
    limits->extensions = config->extensions;
}

void service_token_rules(const struct config *config, struct token_issuer issuers[ISSUERS_MAX],
                         struct token_rules *rules)
{
    *rules = (struct token_rules){
        .issuers = issuers,
        .audience = config->token_audience,
        .cpr_claim = config->cpr_claim,
        .cvr_claim = config->cvr_claim,
        .employee_claim = config->employee_claim,
        .scope_claim = config->scope_claim,
        .privileges_claim = config->privileges_claim,
    };
    for (const struct issuer_setting *issuer = config->token_issuers; issuer->name; issuer++)
        issuers[rules->issuer_count++] = (struct token_issuer){issuer->name, issuer->keys_file};
}

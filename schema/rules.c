/* The rules of a MeMo beyond its schema that one message alone can decide (ngdp.md 1.5). What needs the registry (the
 * right to send mandatory post, the recipient's mailbox) is the sender pool's. A field that is absent or that the schema
 * check found wrong is passed over: it has its finding already. */
#include "schema/memo.h"

#include "gateway/base/text.h"
#include "gateway/base/time.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER "/memo:Message/memo:MessageHeader"
#define BODY "/memo:Message/memo:MessageBody"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct rule_run {
    const struct memo *memo;
    const struct memo_limits *limits;
    int64_t now;
    struct arena *arena;
    struct findings *findings;
    unsigned errors; /* found by the rules, kept or not */
};

static void broken(struct rule_run *run, const struct memo_rule *rule, unsigned line, const char *field,
                   const char *rejected)
{
    struct finding finding = {
        .code = rule->code, .severity = rule->severity, .line = line, .field = field, .rejected = rejected};

    run->errors += rule->severity == SEVERITY_ERROR;
    findings_add(run->findings, &finding);
}

static bool has_type(const struct memo *memo, enum memo_type type)
{
    static const char *const names[] = {[MEMO_DIGITALPOST] = "DIGITALPOST", [MEMO_NEMSMS] = "NEMSMS"};

    return memo->type_text && strcmp(memo->type_text, names[type]) == 0;
}

/* ---- parties ---- */

static void sender_id_type(struct rule_run *run, const struct memo_rule *rule)
{
    const struct memo_party *sender = &run->memo->sender;

    if (sender->id_type_text && sender->id_type != MEMO_ID_CVR)
        broken(run, rule, sender->id_type_line, HEADER "/memo:Sender/memo:idType", NULL);
}

static void recipient_id_type(struct rule_run *run, const struct memo_rule *rule)
{
    const struct memo_party *recipient = &run->memo->recipient;

    if (recipient->id_type_text && recipient->id_type == MEMO_ID_OTHER)
        broken(run, rule, recipient->id_type_line, HEADER "/memo:Recipient/memo:idType", NULL);
}

static bool id_has_form(const struct memo_party *party)
{
    static const size_t digits[] = {[MEMO_ID_OTHER] = 0, [MEMO_ID_CPR] = 10, [MEMO_ID_CVR] = 8};
    size_t size = digits[party->id_type];

    return !party->id || size == 0 || (strlen(party->id) == size && text_is_digits(party->id, size));
}

static void sender_id(struct rule_run *run, const struct memo_rule *rule)
{
    if (!id_has_form(&run->memo->sender))
        broken(run, rule, run->memo->sender.id_line, HEADER "/memo:Sender/memo:senderID", NULL);
}

static void recipient_id(struct rule_run *run, const struct memo_rule *rule)
{
    if (!id_has_form(&run->memo->recipient))
        broken(run, rule, run->memo->recipient.id_line, HEADER "/memo:Recipient/memo:recipientID", NULL);
}

static void contact_point(struct rule_run *run, const struct memo_rule *rule, const struct memo_party *party,
                          const char *field)
{
    struct uuid uuid;

    if (party->contact_point_id && !uuid_parse(party->contact_point_id, &uuid))
        broken(run, rule, party->contact_point_line, field, NULL);
}

static void contact_point_id(struct rule_run *run, const struct memo_rule *rule)
{
    contact_point(run, rule, &run->memo->sender, HEADER "/memo:Sender/memo:ContactPoint/memo:contactPointID");
    contact_point(run, rule, &run->memo->recipient, HEADER "/memo:Recipient/memo:ContactPoint/memo:contactPointID");
}

/* ---- header ---- */

/* As schema-valid days are written: "-" before the common era, and a year of four digits or more. Only days from 1970
 * on are plain: their midnight is known. */
static bool is_plain_day(const char *day)
{
    int64_t midnight;

    return time_danish_midnight(day, &midnight);
}

static size_t digits_of_year(const char *day)
{
    return strspn(day, "0123456789");
}

static void delivery_date_early(struct rule_run *run, const struct memo_rule *rule)
{
    const char *day = run->memo->not_before_day;
    char today[11];

    time_danish_day(run->now, today);
    if (day && (*day == '-' || (digits_of_year(day) == 4 && strcmp(day, today) < 0)))
        broken(run, rule, run->memo->not_before_line, HEADER "/memo:doNotDeliverUntilDate",
               is_plain_day(day) ? day : NULL);
}

/* Whole days between two Danish midnights, which may be an hour more or less than 24 hours apart. */
static int64_t days_between(int64_t from, int64_t to)
{
    return (to - from + DAY_MS / 2) / DAY_MS;
}

static void delivery_date_late(struct rule_run *run, const struct memo_rule *rule)
{
    const char *day = run->memo->not_before_day;
    int64_t from, to;
    char today[11];
    bool late;

    if (!day)
        return;
    time_danish_day(run->now, today);
    late = is_plain_day(day) ? time_danish_midnight(today, &from) && time_danish_midnight(day, &to)
                                   && days_between(from, to) > (int64_t)run->limits->furthest_days
                             : digits_of_year(day) > 4;
    if (late)
        broken(run, rule, run->memo->not_before_line, HEADER "/memo:doNotDeliverUntilDate",
               is_plain_day(day) ? day : NULL);
}

static bool is_blank_text(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void notification_empty(struct rule_run *run, const struct memo_rule *rule)
{
    const struct memo *memo = run->memo;

    if (has_type(memo, MEMO_NEMSMS) && (!memo->notification || is_blank_text(memo->notification)))
        broken(run, rule, memo->notification ? memo->notification_line : memo->type_line, HEADER "/memo:notification",
               NULL);
}

static unsigned count_characters(const char *text)
{
    unsigned count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* The setting can only be stricter than the schema, which has told what is longer than it allows itself. */
static void notification_length(struct rule_run *run, const struct memo_rule *rule)
{
    static const unsigned schema_max[MEMO_VERSION_COUNT] = {[MEMO_1_1] = 150, [MEMO_1_2] = 160};
    const struct memo *memo = run->memo;
    unsigned count = memo->notification ? count_characters(memo->notification) : 0;

    if (count > run->limits->notification[memo->version] && count <= schema_max[memo->version])
        broken(run, rule, memo->notification_line, HEADER "/memo:notification", NULL);
}

static void body_missing(struct rule_run *run, const struct memo_rule *rule)
{
    if (has_type(run->memo, MEMO_DIGITALPOST) && !run->memo->has_body)
        broken(run, rule, run->memo->line, BODY, NULL);
}

static void body_not_allowed(struct rule_run *run, const struct memo_rule *rule)
{
    if (has_type(run->memo, MEMO_NEMSMS) && run->memo->has_body)
        broken(run, rule, run->memo->body_line, BODY, NULL);
}

/* ---- documents ---- */

/* A document, or a file or an action in one; positions count from 1. */
struct place {
    enum memo_document_kind kind;
    unsigned document;
    const char *child; /* NULL: the document itself */
    unsigned number;
};

/* Its XPath, with `tail` behind it. */
static const char *place_path(struct rule_run *run, const struct place *place, const char *tail)
{
    static const char *const names[DOCUMENT_KIND_COUNT] = {[DOCUMENT_MAIN] = "MainDocument",
                                                           [DOCUMENT_ADDITIONAL] = "AdditionalDocument",
                                                           [DOCUMENT_TECHNICAL] = "TechnicalDocument"};
    char position[16] = "";

    if (place->kind != DOCUMENT_MAIN)
        snprintf(position, sizeof position, "[%u]", place->document);
    if (!place->child)
        return arena_format(run->arena, BODY "/memo:%s%s", names[place->kind], position);
    return arena_format(run->arena, BODY "/memo:%s%s/memo:%s[%u]%s", names[place->kind], position, place->child,
                        place->number, tail);
}

typedef void file_check(struct rule_run *run, const struct memo_rule *rule, const struct memo_file *file,
                        const struct place *place);
typedef void action_check(struct rule_run *run, const struct memo_rule *rule, const struct memo_action *action,
                          const struct place *place);

static void each_file(struct rule_run *run, const struct memo_rule *rule, file_check *check)
{
    unsigned numbers[DOCUMENT_KIND_COUNT] = {0};

    for (const struct memo_document *document = run->memo->documents; document; document = document->next) {
        struct place place = {document->kind, ++numbers[document->kind], "File", 0};

        for (const struct memo_file *file = document->files; file; file = file->next) {
            place.number++;
            check(run, rule, file, &place);
        }
    }
}

static void each_action(struct rule_run *run, const struct memo_rule *rule, action_check *check)
{
    unsigned numbers[DOCUMENT_KIND_COUNT] = {0};

    for (const struct memo_document *document = run->memo->documents; document; document = document->next) {
        struct place place = {document->kind, ++numbers[document->kind], "Action", 0};

        for (const struct memo_action *action = document->actions; action; action = action->next) {
            place.number++;
            check(run, rule, action, &place);
        }
    }
}

/* Characters that no file name may hold (digitaliser.dk, November 2024). */
static bool is_forbidden(uint32_t character)
{
    if (character < 0x80)
        return character < 0x20 ? character == '\r' || character == '\n'
                                : strchr("<>:\"/\\|?*", (int)character) != NULL;
    return character == 0xA0 || (character >= 0x2000 && character <= 0x200A) || character == 0x2028
           || character == 0x205F || character == 0x2060 || character == 0x3000;
}

/* The next character of well-formed UTF-8. */
static uint32_t next_character(const unsigned char **text)
{
    uint32_t first = *(*text)++;
    unsigned more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t character = more == 0 ? first : first & (0x3Fu >> more);

    for (; more > 0 && (**text & 0xC0) == 0x80; more--)
        character = character << 6 | (*(*text)++ & 0x3Fu);
    return character;
}

static void check_name(struct rule_run *run, const struct memo_rule *rule, const struct memo_file *file,
                       const struct place *place)
{
    const unsigned char *text = (const unsigned char *)file->filename;

    while (text && *text)
        if (is_forbidden(next_character(&text)))
            return broken(run, rule, file->filename_line, place_path(run, place, "/memo:filename"), NULL);
}

static bool is_allowed_extension(const struct rule_run *run, const char *extension)
{
    for (const char *const *allowed = run->limits->extensions; *allowed; allowed++)
        if (strcasecmp(*allowed, extension) == 0)
            return true;
    return false;
}

static void check_extension(struct rule_run *run, const struct memo_rule *rule, const struct memo_file *file,
                            const struct place *place)
{
    const char *dot = file->filename ? strrchr(file->filename, '.') : NULL;

    if (file->filename && (!dot || dot == file->filename || !is_allowed_extension(run, dot + 1)))
        broken(run, rule, file->filename_line, place_path(run, place, "/memo:filename"), NULL);
}

static void check_empty(struct rule_run *run, const struct memo_rule *rule, const struct memo_file *file,
                        const struct place *place)
{
    if (file->content != MEMO_NO_CONTENT && file->base64 && file->size == 0)
        broken(run, rule, file->content_line, place_path(run, place, "/memo:content"), NULL);
}

static void file_name(struct rule_run *run, const struct memo_rule *rule)
{
    each_file(run, rule, check_name);
}

static void file_extension(struct rule_run *run, const struct memo_rule *rule)
{
    each_file(run, rule, check_extension);
}

static void file_empty(struct rule_run *run, const struct memo_rule *rule)
{
    each_file(run, rule, check_empty);
}

static void too_many_documents(struct rule_run *run, const struct memo_rule *rule)
{
    struct place place = {.kind = DOCUMENT_ADDITIONAL};

    for (const struct memo_document *document = run->memo->documents; document; document = document->next)
        if (document->kind == DOCUMENT_ADDITIONAL && place.document++ == run->limits->additional_documents)
            broken(run, rule, document->line, place_path(run, &place, ""), NULL);
}

static void too_many_files(struct rule_run *run, const struct memo_rule *rule)
{
    if (run->memo->file_count > run->limits->files)
        broken(run, rule, run->memo->body_line, BODY, NULL);
}

static void content_too_large(struct rule_run *run, const struct memo_rule *rule)
{
    if (run->memo->content_size > run->limits->content_bytes)
        broken(run, rule, run->memo->body_line, BODY, NULL);
}

/* ---- actions ---- */

#define APPOINTMENT "AFTALE"

static const char *const action_codes[] = {APPOINTMENT,   "BEKRAEFT",      "BETALING",   "FORBEREDELSE",
                                           "INFORMATION", "SELVBETJENING", "TILMELDING", "UNDERSKRIV"};

static bool is_known_action(const char *code)
{
    for (size_t i = 0; i < sizeof action_codes / sizeof action_codes[0]; i++)
        if (strcmp(action_codes[i], code) == 0)
            return true;
    return false;
}

static void check_code(struct rule_run *run, const struct memo_rule *rule, const struct memo_action *action,
                       const struct place *place)
{
    if (action->code && !is_known_action(action->code))
        broken(run, rule, action->code_line, place_path(run, place, "/memo:actionCode"), NULL);
}

static void check_action_content(struct rule_run *run, const struct memo_rule *rule, const struct memo_action *action,
                                 const struct place *place)
{
    bool appointment = action->code && strcmp(action->code, APPOINTMENT) == 0;
    bool good = appointment ? action->has_reservation && !action->has_entry_point
                            : action->has_entry_point && !action->has_reservation;

    if (action->code && is_known_action(action->code) && !good)
        broken(run, rule, action->line, place_path(run, place, ""), NULL);
}

/* What of an address may be repeated: its scheme, if it has one. */
static const char *scheme_of(struct rule_run *run, const char *url)
{
    size_t size = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return size > 0 && size <= 10 && url[size] == ':' ? arena_copy(run->arena, url, size + 1) : NULL;
}

static void check_url(struct rule_run *run, const struct memo_rule *rule, const struct memo_action *action,
                      const struct place *place)
{
    static const char scheme[] = "https://";
    const char *url = action->url;

    if (url && (strncmp(url, scheme, strlen(scheme)) != 0 || strchr("/?#", url[strlen(scheme)])))
        broken(run, rule, action->url_line, place_path(run, place, "/memo:EntryPoint/memo:url"), scheme_of(run, url));
}

static void action_code(struct rule_run *run, const struct memo_rule *rule)
{
    each_action(run, rule, check_code);
}

static void action_content(struct rule_run *run, const struct memo_rule *rule)
{
    each_action(run, rule, check_action_content);
}

static void action_url(struct rule_run *run, const struct memo_rule *rule)
{
    each_action(run, rule, check_url);
}

const struct memo_rule memo_rules[] = {
    {ERROR_MEMO_ROOT, SEVERITY_ERROR, "MeMo_core.xsd", NULL},
    {ERROR_MEMO_VERSION, SEVERITY_ERROR, "MeMo_core.xsd of 1.1 and 1.2", NULL},
    {ERROR_SENDER_ID_TYPE, SEVERITY_ERROR, "API 1.68, MeMo examples", sender_id_type},
    {ERROR_SENDER_ID, SEVERITY_ERROR, "API 1.68", sender_id},
    {ERROR_RECIPIENT_ID_TYPE, SEVERITY_ERROR, "API 1.68, MeMo examples", recipient_id_type},
    {ERROR_RECIPIENT_ID, SEVERITY_ERROR, "API 1.68", recipient_id},
    {ERROR_CONTACT_POINT_ID, SEVERITY_ERROR, "KMD SmartPost error list", contact_point_id},
    {ERROR_DELIVERY_DATE_EARLY, SEVERITY_ERROR, "KMD SmartPost error list", delivery_date_early},
    {ERROR_DELIVERY_DATE_LATE, SEVERITY_ERROR, "KMD SmartPost error list; how late is a setting", delivery_date_late},
    {ERROR_NOTIFICATION_EMPTY, SEVERITY_ERROR, "KMD SmartPost error list", notification_empty},
    {ERROR_NOTIFICATION_LENGTH, SEVERITY_ERROR, "setting; MeMo_dataTypes.xsd", notification_length},
    {ERROR_BODY_MISSING, SEVERITY_ERROR, "API 1.68", body_missing},
    {ERROR_BODY_NOT_ALLOWED, SEVERITY_ERROR, "KMD SmartPost error list", body_not_allowed},
    {ERROR_TOO_MANY_DOCUMENTS, SEVERITY_ERROR, "API 1.68; Bekendtgoerelse om stoerrelse paa filer, para 3",
     too_many_documents},
    {ERROR_TOO_MANY_FILES, SEVERITY_ERROR, "setting", too_many_files},
    {ERROR_CONTENT_TOO_LARGE, SEVERITY_ERROR, "Bekendtgoerelse om stoerrelse paa filer, para 3", content_too_large},
    {ERROR_FILE_NAME, SEVERITY_ERROR, "digitaliser.dk, Oeget validering i Digital Post, November 2024", file_name},
    {ERROR_FILE_EXTENSION, SEVERITY_ERROR, "KMD SmartPost error list; the list is a setting", file_extension},
    {ERROR_FILE_EMPTY, SEVERITY_ERROR, "KMD SmartPost error list", file_empty},
    {ERROR_ACTION_CODE, SEVERITY_ERROR, "Vejledning til Actions og frister", action_code},
    {ERROR_ACTION_CONTENT, SEVERITY_ERROR, "Vejledning til Actions og frister", action_content},
    {ERROR_ACTION_URL, SEVERITY_ERROR, "digitaliser.dk, Oeget validering i Digital Post, November 2024", action_url},
};
const size_t memo_rule_count = sizeof memo_rules / sizeof memo_rules[0];

bool memo_rules_check(const struct memo *memo, const struct memo_limits *limits, int64_t now, struct arena *arena,
                      struct findings *findings)
{
    struct rule_run run = {.memo = memo, .limits = limits, .now = now, .arena = arena, .findings = findings};

    for (size_t i = 0; i < memo_rule_count; i++)
        if (memo_rules[i].check)
            memo_rules[i].check(&run, &memo_rules[i]);
    findings_sort(findings);
    return run.errors == 0;
}

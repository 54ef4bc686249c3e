#include "gateway/config/config_impl.h"

#include <ctype.h>

#define KB ((uint64_t)1024)
#define MB (KB * KB)
#define GB (MB * KB)
#define SIZE_MOST ((uint64_t)1 << 62)

#define AT(member) offsetof(struct config, member)

/* The file types are those of memo_limits_default: schema/limits.c says why. */
#define EXTENSIONS                                                                                                     \
    "pdf txt html htm xml doc docx xls xlsx ppt pptx odt ods odp rtf jpg jpeg png gif tif tiff bmp csv json ics"

// clang-format off
const struct setting config_settings[] = {
    {"state", "dir", SETTING_PATH, AT(state_dir), "/var/lib/digitalpost", 1, PATH_MOST,
     "Folder of the databases, contents and spool; dpctl init makes it"},
    {"state", "run_dir", SETTING_PATH, AT(run_dir), "/run/digitalpost", 1, 80,
     "Folder of the sockets and the pid file; at most 80 characters"},

    {"process", "sandbox", SETTING_BOOL, AT(sandbox), "yes", 0, 1,
     "Whether each process gives up the files and system calls that its role does not need"},
    {"process", "switch_user", SETTING_BOOL, AT(switch_user), "yes", 0, 1,
     "Whether each role becomes a user of its own, where the gateway is started as root"},
    {"process", "user_prefix", SETTING_NAME, AT(user_prefix), "dp-", 1, 24,
     "What the users' names begin with; the role follows"},
    {"process", "mail_group", SETTING_NAME, AT(mail_group), "dp-mail", 1, 64,
     "Group that may read the mail database"},
    {"process", "registry_group", SETTING_NAME, AT(registry_group), "dp-registry", 1, 64,
     "Group that may read the registry database"},
    {"process", "socket_group", SETTING_NAME, AT(socket_group), "www-data", 1, 64,
     "Group of nginx, which may connect to the pools"},
    {"process", "sender_workers", SETTING_COUNT, AT(workers[ROLE_SENDER]), "16", 1, 512,
     "Processes that take submissions"},
    {"process", "receipt_workers", SETTING_COUNT, AT(workers[ROLE_RECEIPT]), "4", 1, 512,
     "Processes that hand out receipts"},
    {"process", "reader_workers", SETTING_COUNT, AT(workers[ROLE_READER]), "8", 1, 512,
     "Processes that serve mailboxes to portals"},
    {"process", "monitor_workers", SETTING_COUNT, AT(workers[ROLE_MONITOR]), "2", 1, 64,
     "Processes that answer for health and metrics"},
    {"process", "backlog", SETTING_COUNT, AT(backlog), "128", 1, 65535,
     "Connections that may wait at each pool's socket"},
    {"process", "drain_seconds", SETTING_COUNT, AT(drain_seconds), "30", 1, 3600,
     "How long a worker may finish what it began before it is killed"},
    {"process", "worker_memory", SETTING_SIZE, AT(worker_memory), "512MB", 64 * MB, SIZE_MOST,
     "Address space of a worker"},
    {"process", "empty_address", SETTING_BOOL, AT(empty_address), "no", 0, 1,
     "Whether anybody may POST to /apis/gateway/v1/empty, where nothing happens; for measuring on one machine"},

    {"log", "level", SETTING_LEVEL, AT(log_level), "info", 0, 0,
     "What is logged: error, warning, info or debug"},

    {"store", "free_floor", SETTING_SIZE, AT(free_floor), "512MB", 0, SIZE_MOST,
     "Free bytes on the disk below which mail is refused for now (503)"},
    {"store", "wal_checkpoint", SETTING_SIZE, AT(wal_checkpoint), "64MB", 64 * KB, SIZE_MOST,
     "Length of a write-ahead log from which on it is written back; its file keeps about that length"},
    {"store", "wal_cap", SETTING_SIZE, AT(wal_cap), "256MB", 64 * KB, SIZE_MOST,
     "Length of a write-ahead log above which mail is refused for now (503)"},
    {"store", "clock_back_seconds", SETTING_COUNT, AT(clock_back_seconds), "300", 0, 4000000000,
     "How far the clock may be behind the newest event; where it is further, nothing is written"},
    {"store", "inline_content", SETTING_SIZE, AT(inline_content), "64KB", 0, 160 * KB,
     "Contents up to this size lie in the database, larger ones in files"},
    {"store", "group_max", SETTING_COUNT, AT(group_max), "64", 1, 4096,
     "Changes in one commit"},
    {"store", "group_bytes", SETTING_SIZE, AT(group_bytes), "8MB", 64 * KB, GB,
     "Bytes of the changes in one commit"},
    {"store", "group_wait_us", SETTING_COUNT, AT(group_wait_us), "5000", 0, 100000,
     "How long the writer waits for more letters where four or more workers send them, in microseconds; 0: not at all"},
    {"store", "change_timeout_ms", SETTING_COUNT, AT(change_timeout_ms), "10000", 100, 600000,
     "How long a worker waits until its change is on disk, in milliseconds"},
    {"store", "queue_max", SETTING_COUNT, AT(queue_max), "256", 1, 1000000,
     "Changes that may wait; above, new ones are refused for now (503)"},
    {"store", "orphan_hours", SETTING_COUNT, AT(orphan_hours), "24", 1, 8760,
     "Age at which a file that no message names is removed"},
    {"store", "sync", SETTING_BOOL, AT(sync), "yes", 0, 1,
     "Whether a commit waits for the disk; without it, a power cut loses mail"},

    {"identity", "issuers_file", SETTING_PATH, AT(issuers_file), "", 0, PATH_MOST,
     "PEM file of the root and issuing CA certificates of callers; needed"},
    {"identity", "certificate_cache", SETTING_COUNT, AT(certificate_cache), "256", 1, 65536,
     "Parsed certificates that a worker remembers"},
    {"identity", "token_issuers", SETTING_ISSUERS, AT(token_issuers), "", 0, ISSUERS_MAX,
     "Issuers of access tokens, each with the file of its public keys: https://login.example=/etc/digitalpost/keys.json"},
    {"identity", "token_audience", SETTING_WORD, AT(token_audience), "digitalpost", 1, 200,
     "Audience that an access token must be for"},
    {"identity", "cpr_claim", SETTING_WORD, AT(cpr_claim), "cpr", 1, 64,
     "Claim that holds a citizen's CPR number"},
    {"identity", "cvr_claim", SETTING_WORD, AT(cvr_claim), "cvr", 1, 64,
     "Claim that holds an employee's company"},
    {"identity", "employee_claim", SETTING_WORD, AT(employee_claim), "employee_id", 1, 64,
     "Claim that holds an employee's id"},
    {"identity", "scope_claim", SETTING_WORD, AT(scope_claim), "scope", 1, 64,
     "Claim that holds READ and WRITE"},
    {"identity", "privileges_claim", SETTING_WORD, AT(privileges_claim), "privileges", 1, 64,
     "Claim that holds the types of privileges"},

    {"memo", "on_invalid", SETTING_INVALID, AT(on_invalid), "door", 0, 0,
     "What breaks schema or rules: refused at the door, or accepted and answered with a negative receipt"},
    {"memo", "body_max", SETTING_SIZE, AT(body_max), "150000000", 1 * KB, 2 * GB,
     "Bytes of a submission"},
    {"memo", "content_max", SETTING_SIZE, AT(content_max), "99500000", 1, 2 * GB,
     "Decoded bytes of all contents of a message"},
    {"memo", "skeleton_max", SETTING_SIZE, AT(skeleton_max), "4MB", 64 * KB, 6 * MB,
     "Bytes of a message without its contents"},
    {"memo", "reading_cpu_ms", SETTING_COUNT, AT(reading_cpu_ms), "30000", 50, 3600000,
     "Processor time that reading a message may take, in milliseconds; what takes longer ends its process"},
    {"memo", "tag_max", SETTING_SIZE, AT(tag_max), "8KB", 1 * KB, 64 * KB,
     "Bytes of a tag with its attributes"},
    {"memo", "attributes_max", SETTING_COUNT, AT(attributes_max), "32", 8, 256,
     "Attributes of an element, namespaces counted"},
    {"memo", "depth_max", SETTING_COUNT, AT(depth_max), "32", 8, 200,
     "How deep elements may lie in each other"},
    {"memo", "elements_max", SETTING_COUNT, AT(elements_max), "100000", 100, 1000000,
     "Elements of a message"},
    {"memo", "notification_1_1", SETTING_COUNT, AT(notification_1_1), "150", 1, 150,
     "Characters of the notification of a MeMo 1.1"},
    {"memo", "notification_1_2", SETTING_COUNT, AT(notification_1_2), "160", 1, 160,
     "Characters of the notification of a MeMo 1.2"},
    {"memo", "furthest_days", SETTING_COUNT, AT(furthest_days), "365", 0, 36500,
     "How many days ahead delivery may be put off"},
    {"memo", "additional_documents_max", SETTING_COUNT, AT(additional_documents_max), "10", 0, 1000,
     "Additional documents of a message"},
    {"memo", "files_max", SETTING_COUNT, AT(files_max), "1000", 1, 10000,
     "Files of a message"},
    {"memo", "extensions", SETTING_LIST, AT(extensions), EXTENSIONS, 1, 100,
     "File types that may be sent"},

    {"receipts", "grace_hours", SETTING_COUNT, AT(receipt_grace_hours), "24", 0, 8760,
     "How long a deleted receipt can still be fetched by its id"},

    {"outbox", "concurrent", SETTING_COUNT, AT(outbox_concurrent), "32", 1, 64,
     "Pushes that may be under way at a time"},
    {"outbox", "per_target", SETTING_COUNT, AT(outbox_per_target), "4", 1, 64,
     "Pushes that may be under way to one system at a time"},
    {"outbox", "connect_seconds", SETTING_COUNT, AT(outbox_connect_seconds), "10", 1, 300,
     "How long a system that is pushed to may take to be reached"},
    {"outbox", "timeout_seconds", SETTING_COUNT, AT(outbox_timeout_seconds), "30", 1, 600,
     "How long a push may take in all"},
    {"outbox", "lease_seconds", SETTING_COUNT, AT(outbox_lease_seconds), "120", 2, 3600,
     "After how long a push of which nothing was heard is done anew; more than timeout_seconds"},
    {"outbox", "ca_file", SETTING_PATH, AT(outbox_ca_file), "", 0, PATH_MOST,
     "PEM file of those who may certify systems that are pushed to; empty: whom this machine trusts"},
    {"outbox", "certificate", SETTING_PATH, AT(outbox_certificate), "", 0, PATH_MOST,
     "PEM file of the certificate that is shown to them; empty: none"},
    {"outbox", "key", SETTING_PATH, AT(outbox_key), "", 0, PATH_MOST,
     "PEM file of its private key, which root alone needs to be able to read"},
    {"outbox", "plain_http", SETTING_BOOL, AT(outbox_plain_http), "no", 0, 1,
     "Whether http is pushed to as well; for trying on one machine"},

    {NULL, NULL, SETTING_KIND_COUNT, 0, NULL, 0, 0, NULL},
};
// clang-format on

void setting_variable(const char *section, const char *name, char out[VARIABLE_SIZE])
{
    snprintf(out, VARIABLE_SIZE, "DP_%s_%s", section, name ? name : "");
    for (char *c = out; *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

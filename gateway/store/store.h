/* The store: what the gateway promises to keep.
 *
 * One process, the writer, changes the two databases; everybody else reads beside it and sends it changes. A verb that
 * changes something is one change: it comes to be as a whole, and the verb returns true only when it is on disk.
 *
 *   worker   store_accept() -> change, packed -> slot (socketpair) -> writer
 *   writer   collects what is waiting, applies each change whole or not at all, commits the group, answers all of them
 *   worker   reads registry.db and mail.db, read-only, as far as the role's file rights go
 *
 * Registry verbs concern registry.db, all others mail.db. No change spans both. */
#ifndef GATEWAY_STORE_STORE_H
#define GATEWAY_STORE_STORE_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/digest.h"
#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/base/role.h"
#include "gateway/config/config.h"
#include "gateway/log/log.h"
#include "gateway/log/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct writer;

/* ---- opening ---- */

/* For a worker: `slot` is its end of the socketpair to the writer, -1 for a process that changes nothing. What the
 * role may read is opened read-only; a database whose role has no right to it is not opened at all. Must be called
 * before the process gives up its rights. */
bool store_open(const struct config *config, enum role role, int slot, struct store **store, struct error *error);
void store_close(struct store *store);

/* For dpctl: changes go to the running writer through its control socket; with none running the writer's lock is
 * taken and the change is run here by the same code. */
bool store_open_control(const struct config *config, struct store **store, struct error *error);
/* A gateway runs, but its writer did not answer within two seconds: what is there can be read, nothing can be changed. */
bool store_writer_is_silent(const struct store *store);

/* ---- systems, organisations, contacts (registry.db) ---- */

struct organisation {
    struct uuid id;
    const char *cvr, *name;
    enum organisation_type { ORGANISATION_AUTHORITY, ORGANISATION_COMPANY } type;
    bool mandatory_allowed, legal_notification_allowed;
    int64_t version;
};

enum system_type { SYSTEM_SENDER = 1, SYSTEM_RECIPIENT = 2, SYSTEM_RECIPIENT_DEFAULT = 4 }; /* a set */

struct system {
    struct uuid id;
    const char *name;
    unsigned types;                          /* set of enum system_type */
    const char *protocol;                    /* REST_PULL, REST_PUSH, ... */
    const char *certificate_cvr;             /* of the certificate it calls with: the organisation's or delegated_cvr */
    struct uuid certificate_subject;         /* UUID of the certificate's serialNumber */
    struct digest token_digest;              /* SHA-256 of "<system id in lower case>:<token>" */
    const char *delegated_cvr;               /* NULL: none */
    const char *allowed_addresses;           /* comma-separated addresses or CIDR; NULL: any */
    const char *receipt_endpoint, *endpoint; /* NULL: none */
    int64_t active_from, active_to;          /* milliseconds; 0: without end */
    int64_t version;
    struct organisation organisation; /* the owner */
};

/* The system `id` when it may be used with a certificate of this CVR and subject. Not found: ERROR_BASIC_WRONG when
 * the certificate has other systems, ERROR_CERTIFICATE_NOT_REGISTERED when it has none. Strings go to `arena`. */
bool registry_system(struct store *store, const char *certificate_cvr, const struct uuid *subject,
                     const struct uuid *id, struct arena *arena, struct system *system, struct error *error);

/* Whether a certificate, by SHA-256 of its DER, is on the list of revoked ones. */
bool registry_revoked(struct store *store, const struct digest *certificate, bool *revoked, struct error *error);

/* Where the receipts of a system are pushed to, while it is active at `now`; *url NULL: nowhere. */
bool registry_receipt_endpoint(struct store *store, const struct uuid *id, int64_t now, struct arena *arena,
                               const char **url, struct error *error);

enum contact_status { CONTACT_REGISTERED, CONTACT_EXEMPT, CONTACT_CLOSED };
struct contact {
    struct uuid id;
    bool company;
    const char *number; /* CPR or CVR */
    const char *label;
    enum contact_status status;
    int64_t version;
};

/* *found false: no such contact. `number` is CPR (10 digits) or CVR (8). */
bool registry_contact(struct store *store, const char *number, struct arena *arena, bool *found,
                      struct contact *contact, struct error *error);

/* Whether an organisation with this CVR is registered, as an authority. */
bool registry_authority(struct store *store, const char *cvr, bool *authority, struct error *error);

/* Changes. versions and token_digest in the structs are filled in, and ids that are all zeroes. A CVR, CPR, id or
 * certificate that is there already: ERROR_ALREADY_EXISTS. An owner or contact that is not: ERROR_NOT_FOUND. */
bool registry_add_organisation(struct store *store, struct organisation *organisation, struct error *error);
bool registry_add_system(struct store *store, struct system *system, const char *token, struct error *error);
bool registry_add_contact(struct store *store, struct contact *contact, struct error *error);
bool registry_set_contact_status(struct store *store, const char *number, enum contact_status status,
                                 struct error *error);
bool registry_revoke(struct store *store, const struct digest *certificate, const char *reason, struct error *error);

/* Lists, ordered by creation, for dpctl: each row is handed to `each`; a false from it ends the list. */
typedef bool registry_organisation_each(void *state, const struct organisation *organisation);
typedef bool registry_system_each(void *state, const struct system *system);
typedef bool registry_contact_each(void *state, const struct contact *contact);
bool registry_list_organisations(struct store *store, registry_organisation_each *each, void *state,
                                 struct error *error);
bool registry_list_systems(struct store *store, registry_system_each *each, void *state, struct error *error);
bool registry_list_contacts(struct store *store, registry_contact_each *each, void *state, struct error *error);

/* ---- a submission (mail.db) ---- */

/* One content as the sender worker kept it: bytes here, or a spooled file that the writer takes over by rename. */
struct kept_content {
    struct digest digest;
    uint64_t size;
    const void *bytes;                        /* NULL: spooled */
    const char *spool_name;                   /* file name in the spool folder, already synced; NULL: inline */
    const char *filename, *format, *language; /* as the File element says */
    unsigned document;                        /* index into documents */
    uint64_t skeleton_offset;
    const void *layout; /* memo_layout bytes of its base64 text, inline */
    size_t layout_size;
    struct digest layout_digest; /* of a layout too long to stand here: then layout is NULL and it is a kept content */
    bool layout_kept;            /* ... with the index layout_index in `layouts` */
    unsigned layout_index;
    struct uuid id; /* of the file, outward */
};

struct kept_document {
    unsigned kind; /* 0 main, 1 additional, 2 technical */
    const char *label, *document_id;
    struct uuid id;
    const char *actions; /* JSON array, NULL: none */
};

enum receipt_status { RECEIPT_RECEIVED, RECEIPT_COMPLETED, RECEIPT_INVALID, RECEIPT_NOT_ALLOWED, RECEIPT_STATUS_COUNT };
const char *receipt_status_name(enum receipt_status status);

struct receipt {
    struct uuid id; /* its own */
    struct uuid transmission_id, message_uuid;
    const char *message_id, *error_code, *error_message; /* NULL where empty */
    int64_t time;
    enum receipt_status status;
};

struct submission {
    struct system *system; /* the submitting one; its organisation owns the message */
    struct uuid transmission_id, message_uuid;
    const char *message_id, *label, *message_code, *message_type, *post_type; /* message_type: DIGITALPOST, NEMSMS */
    bool mandatory, legal_notification, reply;
    const char *reply_by, *notification, *additional_notification, *created, *case_id;
    const char *sender_label, *recipient_label, *recipient_number, *contact_point_id;
    bool recipient_is_company;
    int64_t received;     /* wall clock of the request */
    int64_t available;    /* when the addressee may read it: `received`, or 00:00 of its day */
    bool placed;          /* false: kept but never placed (a negative receipt) */
    struct digest digest; /* of the document */
    uint64_t size, content_size;
    const char *version;  /* "1.1", "1.2" */
    const char *skeleton; /* inline, or spooled when larger than fits; skeleton.c tells how it is kept */
    size_t skeleton_size;
    struct kept_document *documents;
    unsigned document_count;
    struct kept_content *contents;
    unsigned content_count;
    struct kept_content *layouts; /* long layouts: digest, size and bytes or spool_name alone count */
    unsigned layout_count;
    const char *view;        /* JSON of what a portal shows and never changes (label, documents, files, actions) */
    struct receipt business; /* COMPLETED, or negative with code and text */
};

/* What became of it. */
struct acceptance {
    bool repeated;            /* the same organisation had sent the same bytes before: the stored first answer */
    struct receipt technical; /* strings in `arena` */
};

/* Accepts a submission: message, documents, contents, receipts, mailbox placement or schedule, event rows and outbox
 * jobs come to be together or not at all. Returns true when they are on disk.
 *
 * Equal bytes of the same organisation under the same messageUUID: true with .repeated, nothing is written but an
 * event. Anything else under a used messageUUID: ERROR_MESSAGE_UUID_TAKEN. No answer of the writer in time:
 * ERROR_STORE_UNSURE; never a guess. */
bool store_accept(struct store *store, struct submission *submission, struct arena *arena,
                  struct acceptance *acceptance, struct error *error);

/* Whether these bytes were accepted before: the stored first answer where the same organisation had sent the same bytes
 * under this messageUUID. What a rule refuses today may have been accepted yesterday (a day that has passed, a right
 * that was taken away), and its repeat gets the first answer all the same (R6). */
bool store_repeat(struct store *store, const struct system *system, const struct uuid *message_uuid,
                  const struct digest *digest, struct arena *arena, bool *found, struct acceptance *acceptance,
                  struct error *error);

/* ---- receipts (mail.db); a receipt belongs to the submitting system ---- */

/* Ids of the system's undeleted business receipts, oldest first, from position page x size. `total` is exact and comes
 * from a counter. At most `page.size` rows go into `receipts` (may be NULL members where only ids are asked). */
bool receipts_list(struct store *store, const struct uuid *system, uint64_t page, uint64_t size, struct arena *arena,
                   struct receipt **receipts, size_t *count, uint64_t *total, struct error *error);

/* One receipt. Deleted ones are found for `grace` milliseconds after their deletion, then ERROR_NOT_FOUND. */
bool receipts_fetch(struct store *store, const struct uuid *system, const struct uuid *id, int64_t now, int64_t grace,
                    struct arena *arena, struct receipt *receipt, struct error *error);

/* Marks it deleted at `now`; a second time changes nothing. Not there or not the system's: ERROR_NOT_FOUND. */
bool receipts_delete(struct store *store, const struct uuid *system, const struct uuid *id, int64_t now,
                     struct error *error);

/* ---- the outbox (mail.db): what goes out to others, written in the same change as its cause ---- */

enum job_state { JOB_WAITING, JOB_LEASED, JOB_DONE, JOB_PUT_ASIDE, JOB_STATE_COUNT };
const char *job_state_name(enum job_state state); /* "waiting", "leased", "done", "put aside" */

struct job {
    struct uuid id;
    const char *kind;    /* "RECEIPT_PUSH" */
    struct uuid target;  /* the system it goes to */
    struct uuid subject; /* what it is about: a receipt; zeroes: nothing */
    unsigned tries;      /* how often it was leased, with the lease that it was handed out by */
    int64_t due;         /* when it is to be tried (again); of a leased one: when its lease ends */
    enum job_state state;
    int64_t seq; /* the store's; with tries and due it names a lease and no other */
};

#define JOBS_LEASED_MAX 64 /* at once */

/* What a dispatcher asks for. */
struct job_wish {
    unsigned most, per_target; /* jobs now; jobs of one target that may be leased at a time, by whomever */
    int64_t lease_ms;
    struct uuid after; /* the target served last; zeroes before the first */
};

/* Leases jobs that are due: each target in turn gets its earliest ones, beginning behind wish->after, which moves on,
 * so that many jobs of one target keep none of another waiting. A lease that ended before its job was reported is
 * nobody's, and its job is due again. Sent twice because the writer died, it leases twice: what nobody heard of comes
 * back when its lease ends. Jobs and strings go to `arena`. */
bool jobs_lease(struct store *store, struct job_wish *wish, struct arena *arena, struct job **jobs, size_t *count,
                struct error *error);

/* The end of a leased job, with its event. *late (may be NULL): the lease is no longer this one's (or it was reported
 * before), and nothing was changed. */
bool job_done(struct store *store, const struct job *job, bool *late, struct error *error);
/* It is due again at `due`; 0: it is put aside until somebody looks (job_retry), with its event. `reason` is one of our
 * own words, of at most JOB_REASON_MAX bytes. */
#define JOB_REASON_MAX 80
bool job_failed(struct store *store, const struct job *job, int64_t due, const char *reason, bool *late,
                struct error *error);

/* When the next job is due, which may have passed; INT64_MAX: there is none. */
bool jobs_next(struct store *store, int64_t *due, struct error *error);

/* For dpctl: every job that is not done, in order of ids. */
typedef bool job_each(void *state, const struct job *job);
bool jobs_list(struct store *store, job_each *each, void *state, struct error *error);

/* For dpctl: a job that waits is due now; one that was put aside begins anew. Else ERROR_NOT_FOUND. */
bool job_retry(struct store *store, const struct uuid *id, struct error *error);

/* ---- mailboxes (mail.db) ---- */

struct mailbox_entry {
    struct uuid message_uuid;
    const char *label, *sender_label;
    int64_t received, available;
    bool held; /* until `available` */
    uint64_t content_size;
};
typedef bool mailbox_each(void *state, const struct mailbox_entry *entry);
/* For dpctl: everything of an addressee's mailbox, held ones too, oldest first. */
bool mailbox_list(struct store *store, const char *number, mailbox_each *each, void *state, struct error *error);

/* ---- reading mailboxes (mail.db) ----
 *
 * Every verb takes the number (CPR or CVR) of the mailbox's owner, and its statements ask for it: what lies in another's
 * mailbox is ERROR_NOT_FOUND, as is what is not there (reliability.md R22). Letters that are held are not there yet. */

struct mailbox {
    struct uuid id;
    bool company;
    int64_t created, version;
};
/* The owner's own; *found false: nobody has written to that number yet. */
bool mailbox_of(struct store *store, const char *owner, bool *found, struct mailbox *mailbox, struct error *error);
bool mailbox_fetch(struct store *store, const char *owner, const struct uuid *id, struct mailbox *mailbox,
                   struct error *error);

enum folder_type { FOLDER_USER_DEFINED, FOLDER_INBOX, FOLDER_DRAFTS, FOLDER_SENT, FOLDER_DELETED, FOLDER_TYPE_COUNT };
const char *folder_type_name(enum folder_type type);

struct folder {
    struct uuid id, parent; /* parent of zeroes: none */
    enum folder_type type;
    const char *name;
    uint64_t total, unread;
    int64_t latest; /* when its newest letter became available; 0: it has none */
    int64_t created, version;
};
/* In the order in which they came to be; strings and the array in `arena`. */
bool folders_list(struct store *store, const char *owner, const struct uuid *mailbox, struct arena *arena,
                  struct folder **folders, size_t *count, struct error *error);

struct message {
    struct uuid id; /* its messageUUID */
    struct uuid transmission_id, folder;
    int64_t received, available, version;
    bool read;
    const char *view; /* JSON members of what a portal shows and that never change, without braces */
};

/* Where a page of a mailbox's messages lies. */
struct message_query {
    const char *owner;
    struct uuid mailbox;
    bool by_folder; /* only that one; a folder that the mailbox has not has no letters */
    struct uuid folder;
    enum { READ_EITHER, READ_NO, READ_YES } read;
    bool oldest_first; /* else the newest; by the time at which they became available */
    uint64_t skip, size;
    bool follows; /* begins behind this message, which became available then; `skip` should be 0 */
    struct uuid after;
    int64_t after_available;
};
struct message_page {
    uint64_t total; /* exact, of the whole list */
    size_t count;
    bool more;
    struct uuid last; /* of the page */
    int64_t last_available;
};
/* What becomes of the messages: `begin` first, also when the store must be read once more, then `each` in order; strings
 * live until it returns. A false ends it all, with whatever it set in *error. */
struct message_sink {
    bool (*begin)(void *state, struct error *error);
    bool (*each)(void *state, const struct message *message, struct error *error);
    void *state;
};
/* At most size + skip of them are looked at, in an index; those of the page are read. A message to begin behind that is
 * not there: ERROR_PARAMETER_INVALID. */
bool messages_list(struct store *store, const struct message_query *query, const struct message_sink *sink,
                   struct arena *arena, struct message_page *page, struct error *error);

/* Strings in `arena`. */
bool message_fetch(struct store *store, const char *owner, const struct uuid *mailbox, const struct uuid *id,
                   struct arena *arena, struct message *message, struct error *error);

/* What a person changes of a letter. */
struct message_change {
    const char *owner;
    struct uuid mailbox, message;
    struct uuid identity; /* who */
    int64_t version;      /* that it must have */
    bool set_read, read;
    bool set_folder;
    struct uuid folder;
};
/* Another version: ERROR_VERSION_CONFLICT, with *version as it is now. A folder that the mailbox has not:
 * ERROR_FOLDER_NOT_FOUND. What is so already changes nothing. */
bool message_patch(struct store *store, const struct message_change *change, int64_t *version, struct error *error);

/* Remembers that a person opened a letter, before it is shown: the first time as the event MESSAGE_READ. `client` is the
 * portal, may be empty. */
struct message_opening {
    const char *owner, *client;
    struct uuid mailbox, message, identity;
};
bool message_opened(struct store *store, const struct message_opening *opening, struct error *error);
/* Openings within so many milliseconds of the last one that was remembered are that one; asking for them is harmless and
 * of no use. */
#define OPENING_GATHERED INT64_C(3600000)

/* Makes the mailbox of a number that nobody has written to; one that is there stays. */
bool mailbox_open(struct store *store, const char *number, bool company, struct error *error);

/* A file's content as it can be read. */
struct message_file {
    struct digest digest;
    uint64_t size;
    const char *filename, *format; /* NULL: the MeMo says nothing */
    int64_t bytes;                 /* where they lie in the database; 0: in a file */
    int64_t opened;                /* when `identity` last opened the letter; 0: never */
};
struct file_query {
    const char *owner;
    struct uuid mailbox, message, document, file, identity;
};
bool message_file(struct store *store, const struct file_query *query, struct arena *arena, struct message_file *found,
                  struct error *error);

/* Reads a content from front to back, however it is kept. `open` is the store's until content_close(). */
struct content_reading;
bool content_open(struct store *store, const struct message_file *file, struct content_reading **open,
                  struct error *error);
/* Exactly `size` bytes from `offset` on. */
bool content_read(struct content_reading *open, uint64_t offset, void *bytes, size_t size, struct error *error);
void content_close(struct content_reading *open);

/* ---- operators ---- */

struct store_status {
    bool writer_running, writer_silent; /* neither: no gateway runs */
    uint64_t messages, held, contents, content_bytes, receipts, events, jobs_waiting, wal_mail, wal_registry,
        free_bytes;
    uint64_t jobs_put_aside;
    unsigned schema_mail, schema_registry;
};
bool store_status(struct store *store, struct store_status *status, struct error *error);

/* Writes a consistent copy of both databases and every content into the new folder `target`, beside the running
 * writer. `progress` may be NULL; done and total are bytes. ERROR_UNAVAILABLE also where so much mail comes in that the
 * write-ahead log would grow too long meanwhile. */
typedef void store_progress(void *state, uint64_t done, uint64_t total);
bool store_backup(struct store *store, const char *target, store_progress *progress, void *state, struct error *error);

/* One thing that is not as it should be. */
struct store_finding {
    const char *check; /* "integrity", "foreign-keys", "event-chain", "content-digest", "content-missing", "counter",
                        * "references", "skeleton", "letter", "receipts", "outbox", "openings" */
    const char *text;  /* ids and numbers only */
};
typedef void store_finding_each(void *state, const struct store_finding *finding);

/* A letter in the parts that are kept of it, for whoever knows how its document comes out of them (schema/memo.h,
 * memo_restore): the skeleton with content number i at offsets[i]. `fetch` gives up to `room` of a content's bytes from
 * `offset` on, `layout` how its base64 was laid out, until it is asked again; `write` takes the document front to back. */
struct letter_parts {
    const char *skeleton;
    size_t skeleton_size;
    const uint64_t *offsets;
    unsigned count;
    void *state;
    bool (*fetch)(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                  struct error *error);
    bool (*layout)(void *state, unsigned index, const void **bytes, size_t *size, struct error *error);
    bool (*write)(void *state, const void *bytes, size_t size, struct error *error);
};
typedef bool store_restore(const struct letter_parts *parts, struct error *error);

/* Walks everything; `progress` and `each`, which get `state`, may be NULL. False only when it could not be done.
 * *findings is how many were found. */
bool store_verify(struct store *store, store_restore *restore, store_progress *progress, store_finding_each *each,
                  void *state, uint64_t *findings, struct error *error);

/* ---- the writer itself ---- */

/* writer_open() fails with ERROR_STORE_FAILED or ERROR_STORE_CORRUPT where a disk that fails, or damage, is in its way: then
 * it is not to be tried again before somebody has looked (R2).
 *
 * Runs the writer: makes or migrates the databases, sends hello on each slot, serves until the drain signal. `slots`
 * are its ends of the socketpairs, with the role each slot speaks for; `control` the listening control socket or -1.
 * Returns true after a drain; false with the reason when it must stop (R2: the first failed sync). `ready` is called
 * once the databases can be read by others. */
struct writer_slot {
    int fd;
    enum role role;
};
bool writer_open(const struct config *config, const struct log *log, struct metrics *metrics, struct error *error,
                 struct writer **writer);
bool writer_serve(struct writer *writer, const struct writer_slot *slots, size_t slot_count, int control,
                  int drain_signal, struct error *error);
void writer_close(struct writer *writer);

#endif

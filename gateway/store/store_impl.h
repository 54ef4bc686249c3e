/* What the files of the store share.
 *
 *   store verbs (accept.c, receipts.c, registry.c, ...)      a worker's side: change_begin(), pack, change_ask(); or store_read()
 *   changes     (verbs.c and the _apply functions)           the writer's side of the same verbs
 *   writer      (writer.c, queue.c, group.c, ...)            collects, runs, commits, answers
 *   statements  (statements.c), migrations/                  all SQL there is
 *   backend     (backend_sqlite.c)                           the one file that knows which database this is
 *
 * To add a verb: a row in enum verb and in verbs.c; a function that packs its fields and asks; one that unpacks and
 * applies them. To add a statement: a row in enum statement and in statements.c. */
#ifndef GATEWAY_STORE_STORE_IMPL_H
#define GATEWAY_STORE_STORE_IMPL_H

#include "gateway/base/pack.h"
#include "gateway/content/content.h"
#include "gateway/store/store.h"

enum database { DATABASE_REGISTRY, DATABASE_MAIL, DATABASE_COUNT };

/* ---- statements: the closed list ---- */

enum statement {
    /* both databases have these tables; one statement belongs to one database */
    STMT_REGISTRY_EVENT_ADD,
    STMT_REGISTRY_EVENT_LAST,
    STMT_REGISTRY_EVENT_PAGE,
    STMT_REGISTRY_COUNTERS,
    STMT_REGISTRY_COUNTER_SET,
    STMT_REGISTRY_SCHEMA,
    STMT_MAIL_EVENT_ADD,
    STMT_MAIL_EVENT_LAST,
    STMT_MAIL_EVENT_PAGE,
    STMT_MAIL_COUNTERS,
    STMT_MAIL_COUNTER_SET,
    STMT_MAIL_SCHEMA,
    /* a submission */
    STMT_MESSAGE_ADD,
    STMT_MESSAGE_FIND,
    STMT_MESSAGE_SKELETON_ADD,
    STMT_DOCUMENT_ADD,
    STMT_FILE_ADD,
    STMT_CONTENT_COUNT,
    STMT_CONTENT_FIND,
    STMT_CONTENT_ADD,
    STMT_CONTENT_BYTES_ADD,
    STMT_MAILBOX_FIND,
    STMT_MAILBOX_ADD,
    STMT_FOLDER_ADD,
    STMT_FOLDER_PLACE,
    STMT_SENDER_COUNT,
    STMT_SENDER_FIND,
    STMT_SENDER_ADD,
    STMT_RECEIPT_ADD,
    STMT_JOB_ADD,
    /* the outbox */
    STMT_JOB_NEXT,
    STMT_JOB_TARGET,
    STMT_JOB_DUE,
    STMT_JOB_LEASE,
    STMT_JOB_END,
    STMT_JOB_ABOUT,
    STMT_JOB_FIND,
    STMT_JOB_RETRY,
    STMT_JOB_LIST,
    /* held letters */
    STMT_HELD_DUE,
    STMT_HELD_RELEASE,
    /* receipts */
    STMT_RECEIPT_LIST,
    STMT_RECEIPT_FETCH,
    STMT_RECEIPT_FIND,
    STMT_RECEIPT_DELETE,
    /* mailboxes */
    STMT_MAILBOX_LIST,
    STMT_MAILBOX_OF,
    STMT_MAILBOX_FETCH,
    STMT_FOLDER_LIST,
    STMT_MESSAGE_NEWEST,
    STMT_MESSAGE_OLDEST,
    STMT_MESSAGE_POSITION,
    STMT_MESSAGE_SHOW,
    STMT_MESSAGE_FETCH,
    STMT_MESSAGE_FILE,
    STMT_CONTENT_BYTES,
    /* what persons do with their letters */
    STMT_MESSAGE_OWN,
    STMT_FOLDER_OWN,
    STMT_MESSAGE_CHANGE,
    STMT_FOLDER_COUNT,
    STMT_OPENING_FIND,
    STMT_OPENING_ADD,
    STMT_OPENING_AGAIN,
    /* the registry */
    STMT_ORGANISATION_ADD,
    STMT_ORGANISATION_SAME,
    STMT_ORGANISATION_FIND,
    STMT_ORGANISATION_TYPE,
    STMT_ORGANISATION_LIST,
    STMT_SYSTEM_ADD,
    STMT_SYSTEM_SAME,
    STMT_SYSTEM_FIND,
    STMT_SYSTEM_ENDPOINT,
    STMT_SYSTEM_OTHER,
    STMT_SYSTEM_LIST,
    STMT_CONTACT_ADD,
    STMT_CONTACT_SAME,
    STMT_CONTACT_FIND,
    STMT_CONTACT_STATUS,
    STMT_CONTACT_LIST,
    STMT_REVOKED_ADD,
    STMT_REVOKED_SAME,
    STMT_REVOKED_FIND,
    /* dpctl verify: a row for each fault, but of contents, letters and what they consist of each */
    STMT_VERIFY_CONTENTS,
    STMT_VERIFY_LETTER,
    STMT_VERIFY_PARTS,
    STMT_VERIFY_MESSAGE,
    STMT_VERIFY_DOCUMENTS,
    STMT_VERIFY_FILES,
    STMT_VERIFY_REGISTRY_TOTALS,
    STMT_VERIFY_MAIL_TOTALS,
    STMT_VERIFY_PLACES,
    STMT_VERIFY_FOLDERS,
    STMT_VERIFY_SENDERS,
    STMT_VERIFY_REFERENCES,
    STMT_VERIFY_BYTES,
    STMT_VERIFY_SKELETONS,
    STMT_VERIFY_RECEIPTS,
    STMT_VERIFY_RECEIVED,
    STMT_VERIFY_JOBS,
    STMT_VERIFY_OPENINGS,
    STMT_VERIFY_MISSING,
    STMT_COUNT
};

struct statement_row {
    enum database database;
    unsigned roles;   /* ROLE_SET(...) of each role that may run it; what a worker asks the writer for is in verbs.c */
    const char *text; /* values by name, ":name" */
};
extern const struct statement_row statements[STMT_COUNT];

/* ---- migrations ---- */

struct migration {
    unsigned version; /* 1, 2, ... without gaps */
    const char *name; /* file name */
    const char *text, *end;
};
/* Ends with a row of version 0. */
const struct migration *migrations_of(enum database database);
/* Brings the database to the newest version, each migration in its own transaction. */
struct backend;
bool migrations_run(struct backend *backend, enum database database, struct error *error);

/* ---- backend: one connection to one database ---- */

/* How the last failure is to be taken; BACKEND_AWAY: the writer is not there, a reader may try again. */
enum backend_fault {
    BACKEND_FINE,
    BACKEND_AWAY,
    BACKEND_FULL, /* no room on the disk or in memory: nothing is damaged, and it may be tried again */
    BACKEND_IO,
    BACKEND_CORRUPT,
    BACKEND_TAKEN /* a unique value exists */,
    BACKEND_CONSTRAINT,
    BACKEND_BUSY,
    BACKEND_OTHER
};

/* For the writer: makes the database when it is not there. `sync` false only for the proof that tests see it. */
bool backend_open_writer(const char *path, enum database database, bool sync, struct backend **backend,
                         struct error *error);
/* Read-only, beside the writer; may fail with BACKEND_AWAY while the writer has not made the database. It attaches to the
 * writer's index of the log at once: a connection that comes only after a writer that died makes an index of its own, in
 * which a change counts that was written and never synced. */
bool backend_open_reader(const char *path, enum database database, enum role role, struct backend **backend,
                         struct error *error);
void backend_close(struct backend *backend);

enum backend_fault backend_fault(const struct backend *backend);
/* What begins a transaction begins without a fault; what runs a statement in none calls this before. */
void backend_fault_clear(struct backend *backend);

/* The newest migration that was run, 0 for an empty database. */
bool backend_schema(struct backend *backend, unsigned *version, struct error *error);
/* Runs SQL of a migration or of a check, not from the list: for migrations.c, verify.c and backup.c alone. */
bool backend_script(struct backend *backend, const char *sql, struct error *error);

/* A read transaction: one view of the database until backend_commit(). */
bool backend_begin_read(struct backend *backend, struct error *error);
bool backend_begin(struct backend *backend, struct error *error);
bool backend_commit(struct backend *backend, struct error *error);
void backend_rollback(struct backend *backend);
/* Costs a copy of every page touched from then on. */
bool backend_savepoint(struct backend *backend, struct error *error);
bool backend_savepoint_keep(struct backend *backend, struct error *error);
bool backend_savepoint_undo(struct backend *backend, struct error *error);
/* Rows inserted, updated and deleted since the connection was opened, also those of transactions taken back. */
uint64_t backend_rows_changed(const struct backend *backend);
/* False after some failures that end the whole transaction (a full disk): then nothing more of it may run. */
bool backend_in_transaction(const struct backend *backend);

/* Bytes in the write-ahead log that are not yet known to be in the database. */
uint64_t backend_log_bytes(const struct backend *backend);
/* *whole: everything is in the database now. `shorten` also gives the log's space back. False with BACKEND_FULL: the log
 * still has all of it. */
bool backend_checkpoint(struct backend *backend, bool shorten, bool *whole, struct error *error);
/* A step of a checkpoint, so that the whole one finds little left to do: backend_step_begin() after a commit takes note of
 * how far the log goes (false: not now), backend_step() after a later one moves what it held by then, and nobody wrote
 * again since, into the database.
 * It waits for no reader, its sync of the log has nothing to write, and the log stays as long as it is. */
bool backend_step_begin(struct backend *backend);
bool backend_step(struct backend *backend, struct error *error);
/* A limit on the size of the database in pages, for tests of a full disk. */
void backend_limit(struct backend *backend, unsigned pages);
/* Copies the whole database into the new file `path`, beside other work: in a read transaction, so that it is copied as it
 * was at one moment. `each` hears of every piece, in pages; when it returns false, with `error` filled, that ends the copy.
 * The file is not synced. */
typedef bool backend_copied(void *state, uint64_t done, uint64_t total, struct error *error);
bool backend_copy(struct backend *backend, const char *path, backend_copied *each, void *state, struct error *error);
/* The database's own checks: `each` gets a line for each fault. foreign: references instead of structure. */
bool backend_check(struct backend *backend, bool foreign, void (*each)(void *state, const char *line), void *state,
                   struct error *error);

/* One run of a statement:
 *
 *   struct query query;
 *   if (!query_begin(backend, STMT_X, &query, error)) return false;
 *   query_set_number(&query, ":seq", 5);
 *   while (query_step(&query, error)) ... query_number(&query, 0) ...
 *   return query_end(&query);
 *
 * What is set must live until query_end(), the names for good: they are string constants. Binding a name that the
 * statement has not makes the run fail. query_step() gives true for a row; after false query_end() tells whether all went
 * well (`error` of the failing step is filled). */
struct place;
struct query {
    struct backend *backend;
    void *statement; /* the backend's */
    struct error *error;
    bool failed;
    struct place *places; /* the backend's */
    unsigned next;
};
bool query_begin(struct backend *backend, enum statement statement, struct query *query, struct error *error);
void query_set_number(struct query *query, const char *name, int64_t number);
void query_set_text(struct query *query, const char *name, const char *text);                /* NULL sets NULL */
void query_set_bytes(struct query *query, const char *name, const void *bytes, size_t size); /* NULL sets NULL */
void query_set_uuid(struct query *query, const char *name, const struct uuid *uuid);         /* NULL sets NULL */
void query_set_digest(struct query *query, const char *name, const struct digest *digest);   /* NULL sets NULL */
void query_set_null(struct query *query, const char *name);
bool query_step(struct query *query);
bool query_is_null(const struct query *query, int column);
int64_t query_number(const struct query *query, int column);
const char *query_text(const struct query *query, int column); /* until the next step; NULL for NULL */
const void *query_bytes(const struct query *query, int column, size_t *size);
/* False (and the query failed) when the column has not exactly that size. */
bool query_uuid(struct query *query, int column, struct uuid *uuid);
bool query_digest(struct query *query, int column, struct digest *digest);
/* A copy in `arena`; NULL for NULL; no memory makes the query fail. */
const char *query_copy(struct query *query, int column, struct arena *arena);
bool query_end(struct query *query);
/* Runs it to its end; *rows (may be NULL) is the number of rows changed. Ends the query. */
bool query_run(struct query *query, uint64_t *rows);
int64_t query_last_id(const struct backend *backend); /* of the last row added */

enum verb {
    VERB_ACCEPT,
    VERB_REPEAT,
    VERB_RECEIPT_DELETE,
    VERB_MESSAGE_PATCH,
    VERB_MESSAGE_OPENED,
    VERB_MAILBOX_OPEN,
    VERB_JOBS_LEASE,
    VERB_JOB_DONE,
    VERB_JOB_FAILED,
    VERB_JOB_RETRY,
    VERB_ORGANISATION_ADD,
    VERB_SYSTEM_ADD,
    VERB_CONTACT_ADD,
    VERB_CONTACT_STATUS,
    VERB_REVOKE,
    VERB_COUNT
};

/* ---- between worker and writer (wire.c): each is one message of a SOCK_SEQPACKET ---- */

enum wire_kind {
    WIRE_HELLO = 1 /* to a slot: a new writer, send again what has no answer; to dpctl: it is heard */,
    WIRE_CHANGE,
    WIRE_ANSWER
};

struct wire_change {
    uint64_t id; /* random; the answer has the same */
    enum verb verb;
    struct uuid party;
    const char *spool_name; /* NULL: the verb's fields follow in the message */
    uint64_t spool_size;
};
void wire_pack_hello(struct packer *packer);
void wire_pack_change(struct packer *packer, const struct wire_change *change);
/* Leaves `in` before the fields. False: it is no change, or of no verb there is. */
bool wire_unpack_change(struct unpacker *in, struct wire_change *change);
/* What the verb's apply packed follows where error->code is ERROR_NONE. */
void wire_pack_answer(struct packer *packer, uint64_t id, const struct error *error);
/* False: malformed. */
bool wire_unpack_answer(struct unpacker *in, uint64_t *id, struct error *error);

/* ---- the worker's side ---- */

struct store {
    const struct config *config;
    enum role role;
    struct backend *databases[DATABASE_COUNT]; /* NULL: not opened, or the role may not */
    int slot;                                  /* to the writer; -1: none */
    bool own_slot;                             /* a connection to the control socket, closed with the store */
    bool silent;                               /* dpctl: a gateway is there, but no writer of it answers */
    struct writer *writer;                     /* dpctl with no writer running: the change is run here */
    struct spool *spool;                       /* for changes too large for a message; NULL until needed */
    struct buffer request, answer;
    struct packer packer;
    uint64_t change_id;
    unsigned char *inbox; /* ANSWER_MAX bytes */
    int contents;         /* the open folder; -1: not yet */
};

/* A path below config->state_dir; `out` takes PATH_MAX. */
void store_path(const struct config *config, const char *below, char *out);
extern const char *const store_database_paths[DATABASE_COUNT];
/* Bytes of the file of the database's write-ahead log; 0 where there is none. */
uint64_t store_log_bytes(const struct config *config, enum database database);
#define STORE_CONTENTS "mail/contents"
#define STORE_SPOOL "spool"
#define STORE_LOCK "writer.lock"
#define STORE_SWEEP_LOCK "sweep.lock" /* shared by backups, taken by the sweep for a step */

/* The open folder of contents; -1 until a content that is a file is read. */
bool store_contents(struct store *store, int *folder, struct error *error);

/* Runs `read` in one read transaction of the database. While the writer is away it opens anew and tries again for a
 * short time, so `read` may run more than once; then ERROR_STORE_UNAVAILABLE. */
typedef bool store_reading(struct backend *backend, void *state, struct error *error);
bool store_read(struct store *store, enum database database, store_reading *read, void *state, struct error *error);
/* The same for a `read` whose statements need not see the same state, or that has one alone: in no transaction but each
 * statement's own. */
bool store_read_row(struct store *store, enum database database, store_reading *read, void *state, struct error *error);

/* Begins a change; its fields are packed with the packer that is returned. `party` is whose turn it takes in the
 * writer's queue (the sender's organisation); NULL: nobody's in particular. */
struct packer *change_begin(struct store *store, enum verb verb, const struct uuid *party);
/* Hands it to the writer and waits. True: it is on disk, and *answer (until the next change_begin) holds what the
 * verb's apply packed. */
bool change_ask(struct store *store, struct unpacker *answer, struct error *error);

/* ---- the writer's side ---- */

#define CHANGE_INLINE_MAX (200u * 1024) /* what goes through the slot in one message */
#define CHANGE_MAX (8u * 1024 * 1024)
#define ANSWER_MAX (64u * 1024)

enum lane { LANE_INTERACTIVE, LANE_BULK, LANE_COUNT };

/* Counters of a whole database; rows of its table counter, written once a group. Both databases have the same names. */
enum total {
    TOTAL_MESSAGES,
    TOTAL_HELD,
    TOTAL_CONTENTS,
    TOTAL_CONTENT_BYTES,
    TOTAL_RECEIPTS,
    TOTAL_EVENTS,
    TOTAL_JOBS, /* waiting or leased */
    TOTAL_JOBS_PUT_ASIDE,
    TOTAL_COUNT
};
const char *total_name(enum total total); /* "messages", ... */

/* What the writer knows by heart of a database; taken back with the change that moved it. */
struct book {
    struct digest head; /* hash of the last event; zeroes before the first */
    int64_t event;      /* its seq */
    int64_t time;       /* the newest that this writer knows of an event */
    int64_t totals[TOTAL_COUNT];
};

struct keeper; /* the writer's hands on contents/ and the spool */
/* Takes a spooled content over: afterwards it is the file of that digest, and keeper_sync() makes it last. One that is
 * there already stays. Spool file neither here nor there, or of another size: ERROR_SPOOL_FAILED. */
bool keeper_take(struct keeper *keeper, const struct digest *digest, uint64_t size, const char *spool_name,
                 struct error *error);
/* A spool file that is not needed, because its content was kept before. */
void keeper_drop(struct keeper *keeper, const char *spool_name);

/* Everything that applying a change may use. */
struct change {
    struct backend *backend; /* of the verb's database, within the group's transaction */
    struct book *book;
    struct arena *arena; /* until the change is answered */
    struct digest_stream *digests;
    struct keeper *keeper; /* takes spooled contents over (keep.c) */
    enum database database;
    enum role role; /* who asks */
    int64_t now;
};

/* Reads the packed fields, checks all of them, applies them, packs the answer. False: all it did is undone. Packed
 * fields that are not as they should be, or left over (unpack_done), are ERROR_CHANGE_MALFORMED. */
typedef bool change_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error);

/* Fields as an apply takes them out (take.c). What may not be makes unpack_done() false. */
bool take_flag(struct unpacker *in);        /* 0 or 1 */
const char *take_text(struct unpacker *in); /* UTF-8; NULL if NULL was packed */
int64_t take_number(struct unpacker *in);   /* one that the database keeps: not above INT64_MAX */
void take_uuid(struct unpacker *in, struct uuid *uuid);
void take_digest(struct unpacker *in, struct digest *digest);

struct verb_row {
    const char *name;
    enum database database;
    enum lane lane;
    unsigned roles;  /* whose slots may ask for it */
    bool takes_room; /* refused while the disk or the log is near its limit */
    change_apply *apply;
};
extern const struct verb_row verbs[VERB_COUNT];

change_apply accept_apply, repeat_apply, receipt_delete_apply;
change_apply message_patch_apply, message_opened_apply, mailbox_open_apply;
change_apply jobs_lease_apply, job_done_apply, job_failed_apply, job_retry_apply;
change_apply organisation_add_apply, system_add_apply, contact_add_apply, contact_status_apply, revoke_apply;

/* One event of the log (reliability.md R23). `tag` is of the API's EventLogEventTag; `detail` a JSON object. Neither
 * names a person. */
struct event {
    const char *tag;
    const struct uuid *message, *organisation, *system; /* NULL: none */
    const char *actor;                                  /* who, where it was no system: "dpctl", "gateway"; NULL */
    const char *detail;                                 /* NULL */
};
/* Appends to the chain of the change's database. */
bool event_append(struct change *change, const struct event *event, struct error *error);
/* The hash of an event that follows one with the hash `previous`. */
bool event_hash(struct digest_stream *digests, const struct digest *previous, int64_t seq, int64_t time,
                const struct event *event, struct digest *hash);

/* A letter comes in: the first time with a detail that proves what was accepted; later times, as the same bytes. */
#define EVENT_RECEIVED "MEMO_SEND_RECEIVED"
#define EVENT_REPEATED "{\"repeated\":true}"

/* That detail is {"memo":"...","kept":"..."}, in hex: the SHA-256 of the MeMo as it came, and the one of what else is kept
 * of the letter and never changes: the rows of the message, of each document and of each file, packed as accept_proof.c
 * tells. With the event's hash the chain covers both. Letters that older builds accepted have no detail.
 *
 * The packed columns are the same for good, for the events are: what is to be proved besides takes a member more. */
enum proof_row { PROOF_MESSAGE, PROOF_DOCUMENT, PROOF_FILE };
#define PROOF_SIZE 160
#define PROOF_KEPT_MAX ((size_t)2 * CHANGE_MAX)
/* `kept` holds the packed rows. False: they did not fit, or OpenSSL fails. */
bool proof_format(struct digest_stream *digests, const struct digest *memo, const struct packer *kept,
                  char out[PROOF_SIZE]);

/* A job of the outbox, written in the change that causes it. */
bool job_add(struct change *change, const char *kind, const struct uuid *target, const struct uuid *subject,
             struct error *error);

/* ---- skeletons (skeleton.c) ---- */

/* Packs it as it is kept: as a frame; without memory for that as it is. */
void skeleton_pack(struct packer *packer, const char *xml, size_t size);

/* The way back. NULL: no memory. */
struct skeleton_reader *skeleton_reader_open(void);
void skeleton_reader_close(struct skeleton_reader *reader);
/* The XML of what is kept as `bytes` takes the place of what is in `xml`. False: it is damaged, or there is no memory. */
bool skeleton_read(struct skeleton_reader *reader, const void *bytes, size_t size, struct buffer *xml);

/* ---- sweeping what nobody refers to (sweep.c), by the writer ---- */

struct sweep;
bool sweep_open(const struct config *config, struct sweep **sweep, struct error *error);
/* Looks at no more than `most` files of contents/ and of the spool each, going on where it stopped, and removes those older
 * than config->orphan_hours that no row names. `mail` is the writer's connection, outside a transaction. */
bool sweep_step(struct sweep *sweep, struct backend *mail, unsigned most, int64_t now, struct error *error);
void sweep_close(struct sweep *sweep);

#endif

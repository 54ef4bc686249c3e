#include "tests/crash/judge.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

/* All that the judge knows of the tables (gateway/store/migrations/). */
static const char messages_sql[] = "SELECT message_uuid, digest, transmission_id FROM message";
static const char unique_sql[] =
    "SELECT count(*) FROM pragma_index_list('message') AS l WHERE l.\"unique\" = 1 AND l.partial = 0"
    " AND (SELECT group_concat(name) FROM pragma_index_info(l.name)) = 'message_uuid'";
static const char contents_sql[] =
    "SELECT c.digest, c.size, b.bytes FROM content AS c LEFT JOIN content_bytes AS b ON b.seq = c.bytes";

/* Each counts what is wrong, in one pass: there are no indexes for it. */
static const struct {
    enum fault_kind kind;
    const char *says, *sql;
} counts[] = {
    {FAULT_RECEIPTS_WRONG, "messages without exactly one business receipt",
     "SELECT count(*) FROM message AS m LEFT JOIN (SELECT message, count(*) AS n FROM receipt GROUP BY message) AS r"
     " ON r.message = m.seq WHERE coalesce(r.n, 0) <> 1"},
    {FAULT_RECEIPTS_WRONG, "receipts of another system than sent the message",
     "SELECT count(*) FROM receipt AS r JOIN message AS m ON m.seq = r.message WHERE m.sender <> r.sender"},
    {FAULT_RECEIPTS_WRONG, "systems whose count of waiting receipts is off",
     "SELECT count(*) FROM sender AS s WHERE s.receipts <>"
     " (SELECT count(*) FROM receipt AS r WHERE r.sender = s.seq AND r.deleted IS NULL)"},
    {FAULT_OUTBOX_WRONG, "receipts to be pushed without exactly one job, or jobs for receipts nobody wants",
     "SELECT count(*) FROM receipt AS r JOIN sender AS s ON s.seq = r.sender LEFT JOIN"
     " (SELECT subject, target, count(*) AS n FROM outbox GROUP BY subject, target) AS o"
     " ON o.subject = r.id AND o.target = s.system WHERE coalesce(o.n, 0) <>"
     " (SELECT count(*) FROM registry.system AS y WHERE y.id = s.system AND y.receipt_endpoint IS NOT NULL)"},
    {FAULT_EVENTS_WRONG, "messages without their first event, or with two",
     "SELECT count(*) FROM message AS m LEFT JOIN (SELECT message, count(*) AS n FROM event"
     " WHERE tag = 'MEMO_SEND_RECEIVED' AND detail IS NOT '{\"repeated\":true}' GROUP BY message) AS e"
     " ON e.message = m.message_uuid WHERE coalesce(e.n, 0) <> 1"},
    {FAULT_BROKEN_CHAIN, "numbers of events with a gap",
     "SELECT count(*) FROM (SELECT count(*) AS n, max(seq) AS last FROM event) WHERE n > 0 AND n <> last"},
    {FAULT_PLACES_WRONG, "placed messages that are in no mailbox",
     "SELECT count(*) FROM message WHERE state <> 3 AND (folder IS NULL OR mailbox IS NULL)"},
    {FAULT_PLACES_WRONG, "folders whose count of letters is off",
     "SELECT count(*) FROM folder AS f WHERE f.total <>"
     " (SELECT count(*) FROM message AS m WHERE m.folder = f.seq AND m.state = 1)"},
    {FAULT_PLACES_WRONG, "messages in a folder of another's mailbox",
     "SELECT count(*) FROM message AS m JOIN folder AS f ON f.seq = m.folder WHERE f.mailbox <> m.mailbox"},
    {FAULT_PLACES_WRONG, "contents whose count of references is off",
     "SELECT count(*) FROM content AS c LEFT JOIN (SELECT digest, count(*) AS n FROM (SELECT digest FROM file UNION ALL"
     " SELECT layout_digest FROM file WHERE layout_digest IS NOT NULL) GROUP BY digest) AS f ON f.digest = c.digest"
     " WHERE c.refs <> coalesce(f.n, 0)"},
    {FAULT_DIGEST_WRONG, "files of a message whose content is not there",
     "SELECT count(*) FROM file AS f WHERE NOT EXISTS (SELECT 1 FROM content AS c WHERE c.digest = f.digest)"},
    {FAULT_DIGEST_WRONG, "messages without their skeleton",
     "SELECT count(*) FROM message AS m WHERE NOT EXISTS (SELECT 1 FROM skeleton AS s WHERE s.message = m.seq)"},
    {FAULT_INTEGRITY, "foreign keys that lead nowhere", "SELECT count(*) FROM pragma_foreign_key_check"},
    {FAULT_INTEGRITY, "integrity_check", "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
};

/* The judge's look at `file`; a database that cannot even be asked is a fault of its integrity. */
static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, struct verdict *verdict)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        verdict_add(verdict, FAULT_INTEGRITY, 1, sqlite3_errmsg(db));
    return statement;
}

static void finish(sqlite3 *db, sqlite3_stmt *statement, int last, struct verdict *verdict)
{
    if (last != SQLITE_DONE)
        verdict_add(verdict, FAULT_INTEGRITY, 1, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

static bool column_is(sqlite3_stmt *statement, int column, const void *bytes, size_t size)
{
    return (size_t)sqlite3_column_bytes(statement, column) == size
           && memcmp(sqlite3_column_blob(statement, column), bytes, size) == 0;
}

static void judge_message(sqlite3_stmt *row, const struct promises *promises, struct verdict *verdict)
{
    struct uuid uuid = {0};
    struct promise *promise;
    char text[UUID_TEXT_SIZE];

    if ((size_t)sqlite3_column_bytes(row, 0) == sizeof(uuid))
        memcpy(&uuid, sqlite3_column_blob(row, 0), sizeof(uuid));
    uuid_format(&uuid, text);
    verdict->found++;
    promise = promise_find(promises, &uuid);
    if (!promise) {
        verdict_add(verdict, FAULT_PHANTOM, 1, text);
        return;
    }
    promise->found++;
    if (!column_is(row, 1, promise->digest.bytes, DIGEST_SIZE))
        verdict_add(verdict, FAULT_DIGEST_WRONG, 1, text);
    if (promise->acked && !column_is(row, 2, promise->transmission.bytes, sizeof(promise->transmission.bytes)))
        verdict_add(verdict, FAULT_ANSWER_WRONG, 1, text);
}

static void judge_messages(sqlite3 *db, const struct promises *promises, struct verdict *verdict)
{
    sqlite3_stmt *row = prepare(db, messages_sql, verdict);
    int result;

    if (!row)
        return;
    while ((result = sqlite3_step(row)) == SQLITE_ROW)
        judge_message(row, promises, verdict);
    finish(db, row, result, verdict);
}

static bool file_digest(const char *path, struct digest *digest, uint64_t *size)
{
    struct digest_stream *stream = digest_open();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = stream && fd >= 0 && digest_start(stream);
    char bytes[65536];
    ssize_t got = 0;

    *size = 0;
    while (good && (got = read(fd, bytes, sizeof(bytes))) > 0) {
        *size += (uint64_t)got;
        good = digest_add(stream, bytes, (size_t)got);
    }
    good = good && got == 0 && digest_finish(stream, digest);
    if (fd >= 0)
        close(fd);
    if (stream)
        digest_close(stream);
    return good;
}

static void judge_content(const char *state, sqlite3_stmt *row, struct verdict *verdict)
{
    struct digest wanted = {0}, is = {0};
    uint64_t size = (uint64_t)sqlite3_column_bytes(row, 2);
    char hex[DIGEST_HEX_SIZE], path[PATH_MAX];
    bool good;

    if (sqlite3_column_bytes(row, 0) == DIGEST_SIZE)
        memcpy(&wanted, sqlite3_column_blob(row, 0), DIGEST_SIZE);
    digest_format(&wanted, hex);
    if (sqlite3_column_type(row, 2) == SQLITE_NULL) {
        snprintf(path, sizeof(path), "%s/mail/contents/%.2s/%s", state, hex, hex);
        good = file_digest(path, &is, &size);
    } else {
        good = digest_of(sqlite3_column_blob(row, 2), (size_t)size, &is);
    }
    if (!good || !digest_same(&wanted, &is) || size != (uint64_t)sqlite3_column_int64(row, 1))
        verdict_add(verdict, FAULT_DIGEST_WRONG, 1, hex);
}

static void judge_contents(sqlite3 *db, const char *state, struct verdict *verdict)
{
    sqlite3_stmt *row = prepare(db, contents_sql, verdict);
    int result;

    if (!row)
        return;
    while ((result = sqlite3_step(row)) == SQLITE_ROW)
        judge_content(state, row, verdict);
    finish(db, row, result, verdict);
}

/* The one number that `sql` gives. */
static uint64_t number(sqlite3 *db, const char *sql, struct verdict *verdict)
{
    sqlite3_stmt *row = prepare(db, sql, verdict);
    uint64_t result = 0;

    if (!row)
        return 0;
    if (sqlite3_step(row) == SQLITE_ROW)
        result = (uint64_t)sqlite3_column_int64(row, 0);
    finish(db, row, sqlite3_step(row), verdict);
    return result;
}

static bool attach_registry(sqlite3 *db, const char *state)
{
    sqlite3_stmt *attach;
    char file[PATH_MAX];
    bool good;

    snprintf(file, sizeof(file), "file:%s/registry/registry.db?mode=ro", state);
    if (sqlite3_prepare_v2(db, "ATTACH ? AS registry", -1, &attach, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(attach, 1, file, -1, SQLITE_STATIC);
    good = sqlite3_step(attach) == SQLITE_DONE;
    sqlite3_finalize(attach);
    return good;
}

bool store_judge(const char *state, struct promises *promises, struct verdict *verdict)
{
    char file[PATH_MAX];
    sqlite3 *db = NULL;

    snprintf(file, sizeof(file), "file:%s/mail/mail.db?mode=ro", state);
    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK
        || !attach_registry(db, state)) {
        fprintf(stderr, "judge: %s: %s\n", state, sqlite3_errmsg(db));
        sqlite3_close(db);
        return false;
    }
    sqlite3_busy_timeout(db, 5000);
    judge_messages(db, promises, verdict);
    judge_contents(db, state, verdict);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        verdict_add(verdict, counts[i].kind, number(db, counts[i].sql, verdict), counts[i].says);
    if (number(db, unique_sql, verdict) == 0)
        verdict_add(verdict, FAULT_NOT_UNIQUE, 1, "no unique index on message_uuid");
    sqlite3_close(db);
    return true;
}

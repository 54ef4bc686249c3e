#include "gateway/store/store_impl.h"

#define REGISTRY DATABASE_REGISTRY
#define MAIL DATABASE_MAIL

#define WRITER ROLE_SET(ROLE_WRITER)
#define SENDER ROLE_SET(ROLE_SENDER)
#define RECEIPT ROLE_SET(ROLE_RECEIPT)
#define READER ROLE_SET(ROLE_READER)
#define CLI ROLE_SET(ROLE_CLI)
#define DISPATCHER ROLE_SET(ROLE_DISPATCHER)

#define EVENT_ADD                                                                                                      \
    "INSERT INTO event (seq, time, tag, message, organisation, system, actor, detail, hash)"                           \
    " VALUES (:seq, :time, :tag, :message, :organisation, :system, :actor, :detail, :hash)"
#define EVENT_LAST "SELECT seq, hash, time FROM event ORDER BY seq DESC LIMIT 1"
#define EVENT_PAGE                                                                                                     \
    "SELECT seq, time, tag, message, organisation, system, actor, detail, hash FROM event WHERE seq > :after"          \
    " ORDER BY seq LIMIT :most"
#define COUNTERS "SELECT name, value FROM counter"
#define COUNTER_SET                                                                                                    \
    "INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value"
#define UNLIKE_COUNTER                                                                                                 \
    " SELECT t.name, t.n, coalesce(c.value, 0) FROM there t LEFT JOIN counter c ON c.name = t.name"                    \
    " WHERE t.n <> coalesce(c.value, 0)"
#define SCHEMA "SELECT coalesce(max(version), 0) FROM schema_version"

#define RECEIPT_COLUMNS                                                                                                \
    "r.id, m.transmission_id, m.message_uuid, m.message_id, r.error_code, r.error_message, r.time, r.status"

#define MAILBOX_COLUMNS "seq, id, company, created, version"
#define MESSAGE_COLUMNS "m.message_uuid, m.transmission_id, f.id, m.received, m.available, m.read, m.version, m.view"

#define ORGANISATION_COLUMNS "o.id, o.cvr, o.name, o.type, o.mandatory_allowed, o.legal_notification_allowed, o.version"
#define SYSTEM_COLUMNS                                                                                                 \
    "s.seq, " ORGANISATION_COLUMNS ", s.id, s.name, s.types, s.protocol, s.certificate_cvr, s.certificate_subject,"    \
    " s.token_digest, s.delegated_cvr, s.allowed_addresses, s.receipt_endpoint, s.endpoint, s.active_from,"            \
    " s.active_to, s.version"
#define CONTACT_COLUMNS "seq, id, company, number, label, status, version"

/* clang-format off */
const struct statement_row statements[STMT_COUNT] = {
    [STMT_REGISTRY_EVENT_ADD] = {REGISTRY, WRITER, EVENT_ADD},
    [STMT_REGISTRY_EVENT_LAST] = {REGISTRY, WRITER | CLI, EVENT_LAST},
    [STMT_REGISTRY_EVENT_PAGE] = {REGISTRY, CLI, EVENT_PAGE},
    [STMT_REGISTRY_COUNTERS] = {REGISTRY, WRITER | CLI, COUNTERS},
    [STMT_REGISTRY_COUNTER_SET] = {REGISTRY, WRITER, COUNTER_SET},
    [STMT_REGISTRY_SCHEMA] = {REGISTRY, CLI, SCHEMA},
    [STMT_MAIL_EVENT_ADD] = {MAIL, WRITER, EVENT_ADD},
    [STMT_MAIL_EVENT_LAST] = {MAIL, WRITER | CLI, EVENT_LAST},
    [STMT_MAIL_EVENT_PAGE] = {MAIL, CLI, EVENT_PAGE},
    [STMT_MAIL_COUNTERS] = {MAIL, WRITER | CLI, COUNTERS},
    [STMT_MAIL_COUNTER_SET] = {MAIL, WRITER, COUNTER_SET},
    [STMT_MAIL_SCHEMA] = {MAIL, CLI, SCHEMA},

    [STMT_MESSAGE_ADD] = {MAIL, WRITER,
        "INSERT INTO message (message_uuid, organisation, sender, transmission_id, technical_id, received,"
        " digest, size, content_size, mailbox, folder, state, available, memo_version, message_id, label,"
        " message_code, message_type, post_type, mandatory, legal_notification, reply, reply_by,"
        " notification, additional_notification, created, case_id, sender_label, recipient_label,"
        " contact_point_id, view) VALUES (:message_uuid, :organisation, :sender, :transmission_id,"
        " :technical_id, :received, :digest, :size, :content_size, :mailbox, :folder, :state, :available,"
        " :memo_version, :message_id, :label, :message_code, :message_type, :post_type, :mandatory,"
        " :legal_notification, :reply, :reply_by, :notification, :additional_notification, :created,"
        " :case_id, :sender_label, :recipient_label, :contact_point_id, :view)"},
    [STMT_MESSAGE_FIND] = {MAIL, WRITER,
        "SELECT organisation, digest, transmission_id, technical_id, received, message_id"
        " FROM message WHERE message_uuid = :message_uuid"},
    [STMT_MESSAGE_SKELETON_ADD] = {MAIL, WRITER,
        "INSERT INTO skeleton (message, bytes) VALUES (:message, :bytes)"},
    [STMT_DOCUMENT_ADD] = {MAIL, WRITER,
        "INSERT INTO document (message, number, id, kind, label, document_id, actions)"
        " VALUES (:message, :number, :id, :kind, :label, :document_id, :actions)"},
    [STMT_FILE_ADD] = {MAIL, WRITER,
        "INSERT INTO file (message, number, id, document, digest, filename, format, language,"
        " skeleton_offset, layout, layout_digest) VALUES (:message, :number, :id, :document, :digest,"
        " :filename, :format, :language, :skeleton_offset, :layout, :layout_digest)"},
    [STMT_CONTENT_COUNT] = {MAIL, WRITER,
        "UPDATE content SET refs = refs + 1 WHERE digest = :digest"},
    [STMT_CONTENT_FIND] = {MAIL, WRITER,
        "SELECT size, bytes IS NULL FROM content WHERE digest = :digest"},
    [STMT_CONTENT_ADD] = {MAIL, WRITER,
        "INSERT INTO content (digest, size, refs, since, bytes) VALUES (:digest, :size, 1, :since, :bytes)"},
    [STMT_CONTENT_BYTES_ADD] = {MAIL, WRITER,
        "INSERT INTO content_bytes (bytes) VALUES (:bytes)"},
    [STMT_MAILBOX_FIND] = {MAIL, WRITER,
        "SELECT m.seq, f.seq FROM mailbox m JOIN folder f ON f.mailbox = m.seq AND f.type = :type"
        " WHERE m.number = :number"},
    [STMT_MAILBOX_ADD] = {MAIL, WRITER,
        "INSERT INTO mailbox (id, number, company, created) VALUES (:id, :number, :company, :created)"},
    [STMT_FOLDER_ADD] = {MAIL, WRITER,
        "INSERT INTO folder (id, mailbox, type, name, created) VALUES (:id, :mailbox, :type, :name, :created)"},
    [STMT_FOLDER_PLACE] = {MAIL, WRITER,
        "UPDATE folder SET total = total + 1, unread = unread + 1 WHERE seq = :seq"},
    [STMT_SENDER_COUNT] = {MAIL, WRITER,
        "UPDATE sender SET receipts = receipts + :change WHERE seq = :seq"},
    [STMT_SENDER_FIND] = {MAIL, WRITER | RECEIPT,
        "SELECT seq, receipts FROM sender WHERE system = :system"},
    [STMT_SENDER_ADD] = {MAIL, WRITER,
        "INSERT INTO sender (system) VALUES (:system)"},
    [STMT_RECEIPT_ADD] = {MAIL, WRITER,
        "INSERT INTO receipt (id, sender, message, status, time, error_code, error_message)"
        " VALUES (:id, :sender, :message, :status, :time, :error_code, :error_message)"},
    [STMT_JOB_ADD] = {MAIL, WRITER,
        "INSERT INTO outbox (id, kind, target, subject, due) VALUES (:id, :kind, :target, :subject, :due)"},

    [STMT_JOB_NEXT] = {MAIL, DISPATCHER,
        "SELECT due FROM outbox WHERE state < 2 ORDER BY due LIMIT 1"},
    [STMT_JOB_TARGET] = {MAIL, WRITER,
        "SELECT min(target) FROM outbox WHERE state < 2 AND target > :after"},
    [STMT_JOB_DUE] = {MAIL, WRITER,
        "SELECT seq, id, kind, target, subject, tries FROM outbox WHERE state < 2 AND target = :target AND due <= :now"
        " ORDER BY due, seq LIMIT min(:most, max(0, :per_target - (SELECT count(*) FROM outbox WHERE state = 1"
        " AND target = :target AND lease_until > :now)))"},
    [STMT_JOB_LEASE] = {MAIL, WRITER,
        "UPDATE outbox SET state = 1, tries = tries + 1, due = :until, lease_until = :until WHERE seq = :seq"},
    [STMT_JOB_END] = {MAIL, WRITER,
        "UPDATE outbox SET state = :state, due = :due WHERE seq = :seq AND state = 1 AND tries = :tries"
        " AND lease_until = :lease_until"},
    [STMT_JOB_ABOUT] = {MAIL, WRITER,
        "SELECT o.kind, o.target, m.message_uuid, m.organisation FROM outbox o LEFT JOIN receipt r ON r.id = o.subject"
        " LEFT JOIN message m ON m.seq = r.message WHERE o.seq = :seq"},
    [STMT_JOB_FIND] = {MAIL, WRITER,
        "SELECT seq, state FROM outbox WHERE state <> 2 AND id = :id"},
    [STMT_JOB_RETRY] = {MAIL, WRITER,
        "UPDATE outbox SET state = 0, tries = 0, due = :now WHERE seq = :seq"},
    [STMT_JOB_LIST] = {MAIL, CLI,
        "SELECT seq, id, kind, target, subject, tries, due, state FROM outbox WHERE state <> 2 AND id > :after"
        " ORDER BY id LIMIT :most"},

    [STMT_HELD_DUE] = {MAIL, WRITER,
        "SELECT m.seq, m.message_uuid, m.organisation, s.system, m.folder FROM message m"
        " JOIN sender s ON s.seq = m.sender WHERE m.state = 2 AND m.available <= :now"
        " ORDER BY m.available LIMIT :most"},
    [STMT_HELD_RELEASE] = {MAIL, WRITER,
        "UPDATE message SET state = 1, version = version + 1 WHERE seq = :seq AND state = 2"},

    [STMT_RECEIPT_LIST] = {MAIL, RECEIPT,
        "SELECT " RECEIPT_COLUMNS " FROM (SELECT seq FROM receipt WHERE sender = :sender"
        " AND deleted IS NULL ORDER BY seq LIMIT :size OFFSET :skip) l"
        " CROSS JOIN receipt r ON r.seq = l.seq CROSS JOIN message m ON m.seq = r.message ORDER BY r.seq"},
    [STMT_RECEIPT_FETCH] = {MAIL, RECEIPT | DISPATCHER,
        "SELECT " RECEIPT_COLUMNS ", r.deleted FROM receipt r JOIN sender s ON s.seq = r.sender"
        " JOIN message m ON m.seq = r.message WHERE r.id = :id AND s.system = :system"},
    [STMT_RECEIPT_FIND] = {MAIL, WRITER,
        "SELECT r.seq, r.sender, r.deleted IS NULL FROM receipt r JOIN sender s ON s.seq = r.sender"
        " WHERE r.id = :id AND s.system = :system"},
    [STMT_RECEIPT_DELETE] = {MAIL, WRITER,
        "UPDATE receipt SET deleted = :now WHERE seq = :seq AND deleted IS NULL"},

    [STMT_MAILBOX_LIST] = {MAIL, CLI,
        "SELECT m.message_uuid, m.label, m.sender_label, m.received, m.available, m.state = 2,"
        " m.content_size FROM mailbox b JOIN folder f ON f.mailbox = b.seq"
        " JOIN message m ON m.folder = f.seq AND m.state < 3 WHERE b.number = :number"
        " ORDER BY m.available, m.seq"},
    [STMT_MAILBOX_OF] = {MAIL, READER,
        "SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE number = :owner"},
    [STMT_MAILBOX_FETCH] = {MAIL, READER,
        "SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE id = :mailbox AND number = :owner"},
    [STMT_FOLDER_LIST] = {MAIL, READER,
        "SELECT f.seq, f.id, p.id, f.type, f.name, f.total, f.unread, f.created, f.version FROM mailbox b"
        " JOIN folder f ON f.mailbox = b.seq LEFT JOIN folder p ON p.seq = f.parent"
        " WHERE b.id = :mailbox AND b.number = :owner ORDER BY f.seq"},
    /* The folder is one of the owner's: its number comes from STMT_FOLDER_LIST in the same transaction. */
    [STMT_MESSAGE_NEWEST] = {MAIL, READER,
        "SELECT available, seq FROM message WHERE folder = :folder AND state = 1 AND state < 3 AND read = :read"
        " AND (available, seq) < (:available, :seq) ORDER BY available DESC, seq DESC LIMIT :most"},
    [STMT_MESSAGE_OLDEST] = {MAIL, READER,
        "SELECT available, seq FROM message WHERE folder = :folder AND state = 1 AND state < 3 AND read = :read"
        " AND (available, seq) > (:available, :seq) ORDER BY available, seq LIMIT :most"},
    /* The mailbox comes first (CROSS JOIN keeps the order): where it is not the owner's nothing else is looked at, so that
     * another's letter takes as long as none. */
    [STMT_MESSAGE_POSITION] = {MAIL, READER,
        "SELECT m.seq FROM mailbox b CROSS JOIN message m ON m.mailbox = b.seq WHERE m.message_uuid = :message"
        " AND m.available = :available AND m.state = 1 AND b.id = :mailbox AND b.number = :owner"},
    [STMT_MESSAGE_SHOW] = {MAIL, READER,
        "SELECT " MESSAGE_COLUMNS " FROM message m JOIN folder f ON f.seq = m.folder WHERE m.seq = :seq"},
    [STMT_MESSAGE_FETCH] = {MAIL, READER,
        "SELECT " MESSAGE_COLUMNS " FROM mailbox b CROSS JOIN message m ON m.mailbox = b.seq"
        " CROSS JOIN folder f ON f.seq = m.folder"
        " WHERE m.message_uuid = :message AND m.state = 1 AND b.id = :mailbox AND b.number = :owner"},
    [STMT_MESSAGE_FILE] = {MAIL, READER,
        "SELECT i.digest, c.size, i.filename, i.format, c.bytes, o.last FROM mailbox b CROSS JOIN message m"
        " ON m.mailbox = b.seq JOIN file i ON i.message = m.seq"
        " JOIN document d ON d.message = m.seq AND d.number = i.document"
        " JOIN content c ON c.digest = i.digest LEFT JOIN opening o ON o.message = m.seq AND o.identity = :identity"
        " WHERE m.message_uuid = :message AND m.state = 1"
        " AND b.id = :mailbox AND b.number = :owner AND d.id = :document AND i.id = :file"},
    /* The number comes from STMT_MESSAGE_FILE, or from STMT_VERIFY_PARTS. */
    [STMT_CONTENT_BYTES] = {MAIL, READER | CLI,
        "SELECT bytes FROM content_bytes WHERE seq = :seq"},

    [STMT_MESSAGE_OWN] = {MAIL, WRITER,
        "SELECT m.seq, m.mailbox, m.folder, m.read, m.version, m.changed, m.organisation FROM mailbox b"
        " CROSS JOIN message m ON m.mailbox = b.seq WHERE m.message_uuid = :message AND m.state = 1"
        " AND b.id = :mailbox AND b.number = :owner"},
    [STMT_FOLDER_OWN] = {MAIL, WRITER,
        "SELECT seq FROM folder WHERE id = :folder AND mailbox = :mailbox"},
    [STMT_MESSAGE_CHANGE] = {MAIL, WRITER,
        "UPDATE message SET folder = :folder, read = :read, version = version + 1, changed = :changed WHERE seq = :seq"},
    [STMT_FOLDER_COUNT] = {MAIL, WRITER,
        "UPDATE folder SET total = total + :total, unread = unread + :unread WHERE seq = :seq"},
    [STMT_OPENING_FIND] = {MAIL, WRITER,
        "SELECT last FROM opening WHERE message = :message AND identity = :identity"},
    [STMT_OPENING_ADD] = {MAIL, WRITER,
        "INSERT INTO opening (message, identity, first, last) VALUES (:message, :identity, :now, :now)"},
    [STMT_OPENING_AGAIN] = {MAIL, WRITER,
        "UPDATE opening SET last = :now, again = again + 1 WHERE message = :message AND identity = :identity"},

    [STMT_ORGANISATION_ADD] = {REGISTRY, WRITER,
        "INSERT INTO organisation (id, cvr, name, type, mandatory_allowed, legal_notification_allowed, created)"
        " VALUES (:id, :cvr, :name, :type, :mandatory_allowed, :legal_notification_allowed, :created)"},
    [STMT_ORGANISATION_SAME] = {REGISTRY, WRITER,
        "SELECT version FROM organisation WHERE id = :id AND created = :asked"},
    [STMT_ORGANISATION_FIND] = {REGISTRY, WRITER,
        "SELECT seq, cvr FROM organisation WHERE id = :id"},
    [STMT_ORGANISATION_TYPE] = {REGISTRY, SENDER,
        "SELECT type FROM organisation WHERE cvr = :cvr"},
    [STMT_ORGANISATION_LIST] = {REGISTRY, CLI,
        "SELECT o.seq, " ORGANISATION_COLUMNS " FROM organisation o WHERE o.seq > :after ORDER BY o.seq LIMIT :most"},
    [STMT_SYSTEM_ADD] = {REGISTRY, WRITER,
        "INSERT INTO system (id, organisation, name, types, protocol, certificate_cvr, certificate_subject,"
        " token_digest, delegated_cvr, allowed_addresses, receipt_endpoint, endpoint, active_from, active_to, created)"
        " VALUES (:id, :organisation, :name, :types, :protocol, :certificate_cvr, :certificate_subject,"
        " :token_digest, :delegated_cvr, :allowed_addresses, :receipt_endpoint, :endpoint, :active_from, :active_to,"
        " :created)"},
    [STMT_SYSTEM_SAME] = {REGISTRY, WRITER,
        "SELECT version FROM system WHERE id = :id AND created = :asked"},
    [STMT_SYSTEM_FIND] = {REGISTRY, SENDER | RECEIPT | CLI,
        "SELECT " SYSTEM_COLUMNS " FROM system s JOIN organisation o ON o.seq = s.organisation"
        " WHERE s.id = :id AND s.certificate_cvr = :cvr AND s.certificate_subject = :subject"},
    [STMT_SYSTEM_ENDPOINT] = {REGISTRY, DISPATCHER,
        "SELECT receipt_endpoint FROM system WHERE id = :id AND active_from <= :now"
        " AND (active_to = 0 OR active_to > :now)"},
    [STMT_SYSTEM_OTHER] = {REGISTRY, SENDER | RECEIPT | CLI,
        "SELECT 1 FROM system WHERE certificate_cvr = :cvr AND certificate_subject = :subject LIMIT 1"},
    [STMT_SYSTEM_LIST] = {REGISTRY, CLI,
        "SELECT " SYSTEM_COLUMNS " FROM system s JOIN organisation o ON o.seq = s.organisation"
        " WHERE s.seq > :after ORDER BY s.seq LIMIT :most"},
    [STMT_CONTACT_ADD] = {REGISTRY, WRITER,
        "INSERT INTO contact (id, number, company, label, status, created)"
        " VALUES (:id, :number, :company, :label, :status, :created)"},
    [STMT_CONTACT_SAME] = {REGISTRY, WRITER,
        "SELECT version FROM contact WHERE id = :id AND created = :asked"},
    [STMT_CONTACT_FIND] = {REGISTRY, WRITER | SENDER | READER | CLI,
        "SELECT " CONTACT_COLUMNS " FROM contact WHERE number = :number"},
    [STMT_CONTACT_STATUS] = {REGISTRY, WRITER,
        "UPDATE contact SET status = :status, version = version + 1 WHERE id = :id"},
    [STMT_CONTACT_LIST] = {REGISTRY, CLI,
        "SELECT " CONTACT_COLUMNS " FROM contact WHERE seq > :after ORDER BY seq LIMIT :most"},
    [STMT_REVOKED_ADD] = {REGISTRY, WRITER,
        "INSERT INTO revoked_certificate (digest, reason, revoked) VALUES (:digest, :reason, :revoked)"},
    [STMT_REVOKED_SAME] = {REGISTRY, WRITER,
        "SELECT 1 FROM revoked_certificate WHERE digest = :digest AND revoked = :asked"},
    [STMT_REVOKED_FIND] = {REGISTRY, SENDER | RECEIPT | READER | CLI,
        "SELECT 1 FROM revoked_certificate WHERE digest = :digest"},

    [STMT_VERIFY_CONTENTS] = {MAIL, CLI,
        "SELECT c.digest, c.size, c.bytes, b.bytes FROM content c LEFT JOIN content_bytes b ON b.seq = c.bytes"
        " WHERE c.digest > :after ORDER BY c.digest LIMIT :most"},
    [STMT_VERIFY_LETTER] = {MAIL, CLI,
        "SELECT k.message, m.message_uuid, m.digest, m.size, k.bytes FROM skeleton k"
        " JOIN message m ON m.seq = k.message WHERE k.message > :after ORDER BY k.message LIMIT 1"},
    [STMT_VERIFY_PARTS] = {MAIL, CLI,
        "SELECT f.skeleton_offset, f.layout, f.digest, c.size, c.bytes, f.layout_digest, l.size, l.bytes FROM file f"
        " LEFT JOIN content c ON c.digest = f.digest LEFT JOIN content l ON l.digest = f.layout_digest"
        " WHERE f.message = :message ORDER BY f.number"},
    [STMT_VERIFY_MESSAGE] = {MAIL, CLI,
        "SELECT m.seq, m.digest, m.message_uuid, m.organisation, m.transmission_id, m.technical_id, m.digest, m.received,"
        " m.available, m.size, m.content_size, m.mandatory, m.legal_notification, m.reply, m.memo_version, m.message_id,"
        " m.label, m.message_code, m.message_type, m.post_type, m.reply_by, m.notification, m.additional_notification,"
        " m.created, m.case_id, m.sender_label, m.recipient_label, m.contact_point_id, m.view, b.number"
        " FROM message m LEFT JOIN mailbox b ON b.seq = m.mailbox WHERE m.message_uuid = :message"},
    [STMT_VERIFY_DOCUMENTS] = {MAIL, CLI,
        "SELECT number, id, kind, label, document_id, actions FROM document WHERE message = :message ORDER BY number"},
    [STMT_VERIFY_FILES] = {MAIL, CLI,
        "SELECT number, id, document, digest, filename, format, language FROM file WHERE message = :message"
        " ORDER BY number"},
    [STMT_VERIFY_REGISTRY_TOTALS] = {REGISTRY, CLI,
        "WITH there (name, n) AS (VALUES ('jobs', (SELECT count(*) FROM outbox WHERE state < 2)))" UNLIKE_COUNTER},
    [STMT_VERIFY_MAIL_TOTALS] = {MAIL, CLI,
        "WITH there (name, n) AS (VALUES ('jobs', (SELECT count(*) FROM outbox WHERE state < 2)),"
        " ('jobs_put_aside', (SELECT count(*) FROM outbox WHERE state = 3)),"
        " ('messages', (SELECT count(*) FROM message)),"
        " ('held', (SELECT count(*) FROM message WHERE state = 2)),"
        " ('contents', (SELECT count(*) FROM content)),"
        " ('content_bytes', (SELECT coalesce(sum(size), 0) FROM content)),"
        " ('receipts', (SELECT count(*) FROM receipt)))" UNLIKE_COUNTER},
    [STMT_VERIFY_PLACES] = {MAIL, CLI,
        "SELECT m.message_uuid, 0, 1 FROM message m JOIN folder f ON f.seq = m.folder WHERE f.mailbox <> m.mailbox"},
    [STMT_VERIFY_FOLDERS] = {MAIL, CLI,
        "WITH there AS (SELECT folder, count(*) AS n, sum(read = 0) AS unread FROM message WHERE state = 1"
        " GROUP BY folder) SELECT f.id, coalesce(t.n, 0), f.total FROM folder f LEFT JOIN there t"
        " ON t.folder = f.seq WHERE coalesce(t.n, 0) <> f.total"
        " UNION ALL SELECT f.id, coalesce(t.unread, 0), f.unread FROM folder f LEFT JOIN there t"
        " ON t.folder = f.seq WHERE coalesce(t.unread, 0) <> f.unread"},
    [STMT_VERIFY_SENDERS] = {MAIL, CLI,
        "WITH there AS (SELECT sender, count(*) AS n FROM receipt WHERE deleted IS NULL GROUP BY sender)"
        " SELECT s.system, coalesce(t.n, 0), s.receipts FROM sender s LEFT JOIN there t ON t.sender = s.seq"
        " WHERE coalesce(t.n, 0) <> s.receipts"},
    [STMT_VERIFY_REFERENCES] = {MAIL, CLI,
        "WITH named (digest, n) AS (SELECT digest, count(*) FROM (SELECT digest FROM file UNION ALL"
        " SELECT layout_digest FROM file WHERE layout_digest IS NOT NULL) GROUP BY digest)"
        " SELECT c.digest, coalesce(n.n, 0), c.refs FROM content c LEFT JOIN named n ON n.digest = c.digest"
        " WHERE c.refs <> coalesce(n.n, 0)"},
    [STMT_VERIFY_BYTES] = {MAIL, CLI,
        "WITH owned (seq, n) AS (SELECT bytes, count(*) FROM content WHERE bytes IS NOT NULL GROUP BY bytes)"
        " SELECT CAST(b.seq AS TEXT), coalesce(o.n, 0), 1 FROM content_bytes b LEFT JOIN owned o ON o.seq = b.seq"
        " WHERE coalesce(o.n, 0) <> 1"},
    [STMT_VERIFY_SKELETONS] = {MAIL, CLI,
        "SELECT m.message_uuid, 0, 1 FROM message m LEFT JOIN skeleton k ON k.message = m.seq"
        " WHERE k.message IS NULL"},
    [STMT_VERIFY_RECEIPTS] = {MAIL, CLI,
        "WITH there AS (SELECT r.message, count(*) AS n, sum(r.sender = m.sender AND (r.status = 1) = (m.state < 3))"
        " AS fitting FROM receipt r JOIN message m ON m.seq = r.message GROUP BY r.message)"
        " SELECT m.message_uuid, iif(t.fitting = 1, t.n, coalesce(t.fitting, 0)), 1 FROM message m"
        " LEFT JOIN there t ON t.message = m.seq WHERE coalesce(t.fitting, 0) <> 1 OR t.n <> 1"},
    [STMT_VERIFY_RECEIVED] = {MAIL, CLI,
        "WITH there AS (SELECT message, count(*) AS n FROM event WHERE tag = '" EVENT_RECEIVED "'"
        " AND detail IS NOT '" EVENT_REPEATED "' GROUP BY message) SELECT m.message_uuid, coalesce(t.n, 0), 1 FROM message m LEFT JOIN there t"
        " ON t.message = m.message_uuid WHERE coalesce(t.n, 0) <> 1"},
    [STMT_VERIFY_JOBS] = {MAIL, CLI,
        "WITH there AS (SELECT subject, count(*) AS n, max(target) AS target FROM outbox WHERE kind = 'RECEIPT_PUSH'"
        " GROUP BY subject) SELECT t.subject, t.n, s.seq IS NOT NULL FROM there t LEFT JOIN receipt r"
        " ON r.id = t.subject LEFT JOIN sender s ON s.seq = r.sender AND s.system = t.target"
        " WHERE t.n <> 1 OR s.seq IS NULL"},
    [STMT_VERIFY_OPENINGS] = {MAIL, CLI,
        "WITH told AS (SELECT message, replace(actor, '-', '') AS who, count(*) AS n FROM event"
        " WHERE tag = 'MESSAGE_READ' GROUP BY message, actor),"
        " kept AS (SELECT m.message_uuid AS message, lower(hex(o.identity)) AS who FROM opening o"
        " JOIN message m ON m.seq = o.message)"
        " SELECT k.message, coalesce(t.n, 0), 1 FROM kept k LEFT JOIN told t ON t.message = k.message"
        " AND t.who = k.who WHERE coalesce(t.n, 0) <> 1"
        " UNION ALL SELECT t.message, t.n, 0 FROM told t LEFT JOIN kept k ON k.message = t.message"
        " AND k.who = t.who WHERE k.message IS NULL"},
    [STMT_VERIFY_MISSING] = {MAIL, CLI,
        "SELECT n.digest, 0, 1 FROM (SELECT digest FROM file UNION SELECT layout_digest FROM file"
        " WHERE layout_digest IS NOT NULL) n LEFT JOIN content c ON c.digest = n.digest WHERE c.digest IS NULL"},
};
/* clang-format on */

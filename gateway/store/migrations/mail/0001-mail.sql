-- 0001: mail begins.
-- Before  Nothing.
-- After   Messages and their contents, mailboxes with their folders, receipts, the event log, the outbox, counters.
-- While   There is no older build.
--
-- seq is the order in which rows came to be and never leaves the gateway; ids are the UUIDs that the world knows.
-- Times are milliseconds since 1970, UTC.

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    name    TEXT    NOT NULL,
    applied INTEGER NOT NULL
) STRICT;

-- A system that has submitted something, and how many receipts wait for it.
CREATE TABLE sender (
    seq      INTEGER PRIMARY KEY,
    system   BLOB    NOT NULL UNIQUE CHECK (length(system) = 16),
    receipts INTEGER NOT NULL DEFAULT 0 CHECK (receipts >= 0) -- business receipts that are not deleted
) STRICT;

-- One for each person (CPR) or company (CVR) that ever got a letter. Letters count from the day they are available.
CREATE TABLE mailbox (
    seq     INTEGER PRIMARY KEY,
    id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    number  TEXT    NOT NULL UNIQUE CHECK (length(number) IN (8, 10)),
    company INTEGER NOT NULL CHECK (company IN (0, 1)),
    total   INTEGER NOT NULL DEFAULT 0 CHECK (total >= 0),
    unread  INTEGER NOT NULL DEFAULT 0 CHECK (unread BETWEEN 0 AND total),
    created INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0)
) STRICT;

-- type: 0 user defined, 1 INBOX, 2 DRAFTS, 3 SENT, 4 DELETED; the last four come with the mailbox.
CREATE TABLE folder (
    seq     INTEGER PRIMARY KEY,
    id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    mailbox INTEGER NOT NULL REFERENCES mailbox (seq),
    parent  INTEGER REFERENCES folder (seq),
    type    INTEGER NOT NULL CHECK (type BETWEEN 0 AND 4),
    name    TEXT    NOT NULL,
    total   INTEGER NOT NULL DEFAULT 0 CHECK (total >= 0),
    unread  INTEGER NOT NULL DEFAULT 0 CHECK (unread BETWEEN 0 AND total),
    created INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0)
) STRICT;
CREATE INDEX folder_of_mailbox ON folder (mailbox, type);

-- An accepted message. message_uuid is the sender's and unique over the whole store; with organisation and digest it
-- decides whether a submission is a repeat, which then gets the technical receipt that stands here.
-- state: 1 placed, 2 held until `available`, 3 never placed (its business receipt says why; mailbox is NULL).
-- view holds the members that a portal shows and that never change, as JSON without braces, ready to be sent.
CREATE TABLE message (
    seq                     INTEGER PRIMARY KEY,
    message_uuid            BLOB    NOT NULL UNIQUE CHECK (length(message_uuid) = 16),
    organisation            BLOB    NOT NULL CHECK (length(organisation) = 16),
    sender                  INTEGER NOT NULL REFERENCES sender (seq),
    transmission_id         BLOB    NOT NULL CHECK (length(transmission_id) = 16),
    technical_id            BLOB    NOT NULL CHECK (length(technical_id) = 16),
    received                INTEGER NOT NULL,
    digest                  BLOB    NOT NULL CHECK (length(digest) = 32),
    size                    INTEGER NOT NULL CHECK (size >= 0),
    content_size            INTEGER NOT NULL CHECK (content_size >= 0),
    mailbox                 INTEGER REFERENCES mailbox (seq),
    folder                  INTEGER REFERENCES folder (seq),
    state                   INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    available               INTEGER NOT NULL,
    read                    INTEGER NOT NULL DEFAULT 0 CHECK (read IN (0, 1)),
    version                 INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
    memo_version            TEXT    NOT NULL,
    message_id              TEXT,
    label                   TEXT,
    message_code            TEXT,
    message_type            TEXT,
    post_type               TEXT,
    mandatory               INTEGER NOT NULL CHECK (mandatory IN (0, 1)),
    legal_notification      INTEGER NOT NULL CHECK (legal_notification IN (0, 1)),
    reply                   INTEGER NOT NULL CHECK (reply IN (0, 1)),
    reply_by                TEXT,
    notification            TEXT,
    additional_notification TEXT,
    created                 TEXT,
    case_id                 TEXT,
    sender_label            TEXT,
    recipient_label         TEXT,
    contact_point_id        TEXT,
    view                    TEXT    NOT NULL,
    CHECK ((state = 3) = (folder IS NULL)),
    CHECK ((mailbox IS NULL) = (folder IS NULL))
) STRICT;
-- A page of a folder, newest first, and where the next page begins.
CREATE INDEX message_in_folder ON message (folder, state, available, seq) WHERE state < 3;
CREATE INDEX message_held ON message (available) WHERE state = 2;

-- What is left of the XML when the contents are taken out; gateway/store/skeleton.c tells how it is packed. Apart from
-- the message, so that marking a message as read does not write it again.
CREATE TABLE skeleton (
    message INTEGER PRIMARY KEY REFERENCES message (seq),
    bytes   BLOB    NOT NULL
) STRICT;

-- kind: 0 main, 1 additional, 2 technical.
CREATE TABLE document (
    message     INTEGER NOT NULL REFERENCES message (seq),
    number      INTEGER NOT NULL CHECK (number >= 0),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    label       TEXT,
    document_id TEXT,
    actions     TEXT,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- A content's place in its message: at skeleton_offset its base64 was taken out, laid out as `layout` says, or as the
-- content layout_digest says where that is long.
CREATE TABLE file (
    message         INTEGER NOT NULL REFERENCES message (seq),
    number          INTEGER NOT NULL CHECK (number >= 0),
    id              BLOB    NOT NULL CHECK (length(id) = 16),
    document        INTEGER NOT NULL CHECK (document >= 0),
    digest          BLOB    NOT NULL CHECK (length(digest) = 32),
    filename        TEXT,
    format          TEXT,
    language        TEXT,
    skeleton_offset INTEGER NOT NULL CHECK (skeleton_offset >= 0),
    layout          BLOB,
    layout_digest   BLOB    CHECK (length(layout_digest) = 32),
    PRIMARY KEY (message, number),
    FOREIGN KEY (message, document) REFERENCES document (message, number)
) STRICT, WITHOUT ROWID;

-- A content, kept once under the SHA-256 of its bytes however many letters have it: refs counts them, files and long
-- layouts. bytes NULL: it is the file contents/<first two hex digits>/<digest>.
CREATE TABLE content (
    digest BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    size   INTEGER NOT NULL CHECK (size >= 0),
    refs   INTEGER NOT NULL CHECK (refs >= 0),
    since  INTEGER NOT NULL,
    bytes  INTEGER REFERENCES content_bytes (seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE content_bytes (
    seq   INTEGER PRIMARY KEY,
    bytes BLOB    NOT NULL
) STRICT;

-- Business receipts. status: 1 COMPLETED, 2 INVALID, 3 NOT_ALLOWED.
CREATE TABLE receipt (
    seq           INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    sender        INTEGER NOT NULL REFERENCES sender (seq),
    message       INTEGER NOT NULL REFERENCES message (seq),
    status        INTEGER NOT NULL CHECK (status BETWEEN 1 AND 3),
    time          INTEGER NOT NULL,
    error_code    TEXT,
    error_message TEXT,
    deleted       INTEGER
) STRICT;
CREATE INDEX receipt_waiting ON receipt (sender, seq) WHERE deleted IS NULL;

-- What happened, in order, for good: no row is ever changed. hash is SHA-256 over the hash of the row before and this
-- row's fields, so that nothing can be taken out, put in or altered unseen (dpctl verify).
CREATE TABLE event (
    seq          INTEGER PRIMARY KEY,
    time         INTEGER NOT NULL,
    tag          TEXT    NOT NULL,
    message      BLOB    CHECK (length(message) = 16),
    organisation BLOB    CHECK (length(organisation) = 16),
    system       BLOB    CHECK (length(system) = 16),
    actor        TEXT,
    detail       TEXT,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Work for the dispatcher, written in the same change as its cause. state: 0 waiting, 1 leased until lease_until,
-- 2 done, 3 put aside after its last try.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    kind        TEXT    NOT NULL,
    target      BLOB    NOT NULL CHECK (length(target) = 16), -- the system it goes to
    subject     BLOB    CHECK (length(subject) = 16),         -- what it is about: a receipt, a message
    due         INTEGER NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    lease_until INTEGER NOT NULL DEFAULT 0,
    state       INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3)
) STRICT;
CREATE INDEX outbox_due ON outbox (due) WHERE state < 2;

-- How many there are of what, so that nobody counts rows while somebody waits.
CREATE TABLE counter (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

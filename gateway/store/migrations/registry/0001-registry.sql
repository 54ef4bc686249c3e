-- 0001: the registry begins.
-- Before  Nothing.
-- After   Who may send and who can be sent to: organisations, their systems, contacts, revoked certificates. With the
--         event log, the outbox and the counters that go with every database of the gateway.
-- While   There is no older build.
--
-- seq is the order in which rows came to be; ids are the random UUIDs that the world knows. Times are milliseconds
-- since 1970, UTC. A set of system types is a sum: 1 sender, 2 recipient, 4 the organisation's default recipient.

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    name    TEXT    NOT NULL,
    applied INTEGER NOT NULL
) STRICT;

CREATE TABLE organisation (
    seq                        INTEGER PRIMARY KEY,
    id                         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    cvr                        TEXT    NOT NULL UNIQUE CHECK (length(cvr) = 8),
    name                       TEXT    NOT NULL,
    type                       INTEGER NOT NULL CHECK (type IN (0, 1)), -- 0 authority, 1 company
    mandatory_allowed          INTEGER NOT NULL CHECK (mandatory_allowed IN (0, 1)),
    legal_notification_allowed INTEGER NOT NULL CHECK (legal_notification_allowed IN (0, 1)),
    created                    INTEGER NOT NULL,
    version                    INTEGER NOT NULL DEFAULT 1 CHECK (version > 0)
) STRICT;

-- A system may be used with certificates of certificate_cvr and certificate_subject alone, with the token whose digest
-- is here: SHA-256 of "<id in lower case>:<token>". The token itself is nowhere.
CREATE TABLE system (
    seq                 INTEGER PRIMARY KEY,
    id                  BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organisation        INTEGER NOT NULL REFERENCES organisation (seq),
    name                TEXT    NOT NULL,
    types               INTEGER NOT NULL CHECK (types BETWEEN 1 AND 7),
    protocol            TEXT    NOT NULL,
    certificate_cvr     TEXT    NOT NULL CHECK (length(certificate_cvr) = 8),
    certificate_subject BLOB    NOT NULL CHECK (length(certificate_subject) = 16),
    token_digest        BLOB    NOT NULL CHECK (length(token_digest) = 32),
    delegated_cvr       TEXT    CHECK (length(delegated_cvr) = 8),
    allowed_addresses   TEXT,
    receipt_endpoint    TEXT,
    endpoint            TEXT,
    active_from         INTEGER NOT NULL DEFAULT 0,
    active_to           INTEGER NOT NULL DEFAULT 0, -- 0: without end
    created             INTEGER NOT NULL,
    version             INTEGER NOT NULL DEFAULT 1 CHECK (version > 0)
) STRICT;
CREATE INDEX system_by_certificate ON system (certificate_cvr, certificate_subject);
CREATE INDEX system_by_organisation ON system (organisation);

-- A person (CPR, ten digits) or a company (CVR, eight) that mail can be addressed to.
CREATE TABLE contact (
    seq     INTEGER PRIMARY KEY,
    id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    number  TEXT    NOT NULL UNIQUE CHECK (length(number) = CASE company WHEN 1 THEN 8 ELSE 10 END),
    company INTEGER NOT NULL CHECK (company IN (0, 1)),
    label   TEXT    NOT NULL,
    status  INTEGER NOT NULL CHECK (status IN (0, 1, 2)), -- 0 registered, 1 exempt, 2 closed
    created INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0)
) STRICT;

-- Client certificates that are turned away, by SHA-256 of their DER.
CREATE TABLE revoked_certificate (
    digest  BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    reason  TEXT,
    revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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
    state       INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3))
) STRICT;
CREATE INDEX outbox_due ON outbox (due) WHERE state < 2;

-- How many there are of what, so that nobody counts rows while somebody waits.
CREATE TABLE counter (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

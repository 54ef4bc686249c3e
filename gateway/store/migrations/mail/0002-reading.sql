-- 0002: mailboxes are read by portals.
-- Before  A folder's letters could be listed by time alone; nothing told who had opened a letter.
-- After   Read and unread letters of a folder are two runs of one index, so a page of either is found without looking at
--         the others. opening remembers who opened which letter, and when first and last. message.changed is the change
--         that made the current version, so that one sent again after the writer died is recognised.
-- While   Older workers may still run: they read by folder and state, which the new index has first as well. Building
--         it reads every message once, some seconds a million.
DROP INDEX message_in_folder;
CREATE INDEX message_in_folder ON message (folder, state, read, available, seq) WHERE state < 3;

ALTER TABLE message ADD COLUMN changed BLOB CHECK (length(changed) = 16);

-- A person's openings of a letter. again counts the later ones, those within an hour as one.
CREATE TABLE opening (
    message  INTEGER NOT NULL REFERENCES message (seq),
    identity BLOB    NOT NULL CHECK (length(identity) = 16),
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL CHECK (last >= first),
    again    INTEGER NOT NULL DEFAULT 0 CHECK (again >= 0),
    PRIMARY KEY (message, identity)
) STRICT, WITHOUT ROWID;

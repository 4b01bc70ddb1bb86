"""The archive's tables, and the number of their format."""

APPLICATION_ID = 0x476F7267  # "Gorg", so that `file` and we know an archive
FORMAT = 2

SCHEMA = f"""
BEGIN;
CREATE TABLE fact (name TEXT PRIMARY KEY, value);
CREATE TABLE walk (
    name TEXT PRIMARY KEY,
    cursor TEXT,                 -- of the next page; null at the head
    at_us INTEGER,               -- the furthest row yet: its instant ...
    at_id INTEGER,               -- ... and its id
    date_us INTEGER,             -- the server's clock when the first page was made
    done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    updated_us INTEGER NOT NULL,
    messages_count INTEGER,      -- as the listing says; null is unknown
    answered INTEGER,            -- as its own message URL said since; null: not asked
    due INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0,      -- its message URL says 404
    listed INTEGER NOT NULL,     -- the listing that saw it last; -1: only its messages
    raw BLOB NOT NULL            -- empty where no listing has shown it
);
CREATE INDEX ticket_due ON ticket (id, due) WHERE due > 0;
CREATE INDEX ticket_listed ON ticket (listed);
-- All that is counted over tickets, so that no count reads their JSON.
CREATE INDEX ticket_counts ON ticket (due, messages_count, answered, gone);
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX message_in_order ON message (ticket_id, created_us, id);
CREATE INDEX message_unsent ON message (created_us, ticket_id) WHERE unsent;
CREATE TABLE staged (            -- pages of a ticket whose last page is not here yet
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    raw BLOB NOT NULL,
    asked_ticket_id INTEGER NOT NULL
);
CREATE INDEX staged_of_ticket ON staged (asked_ticket_id);
CREATE TABLE failure (
    ticket_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, run INTEGER NOT NULL
);
CREATE TABLE run (id INTEGER PRIMARY KEY, manifest TEXT);
CREATE TABLE feed (              -- a file that this job has written
    path TEXT NOT NULL,
    sha256 TEXT                  -- null: unfinished, it is still being written
);
CREATE UNIQUE INDEX feed_content ON feed (path, sha256);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
"""

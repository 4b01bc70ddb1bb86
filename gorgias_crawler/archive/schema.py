"""The archive's tables, and the number of their format.

A table is made by the same statement for a new archive and, where it is new to an
older one, by `migrations`.
"""

APPLICATION_ID = 0x476F7267  # "Gorg", so that `file` and we know an archive
FORMAT = 3

TABLES_OF_3 = """
CREATE TABLE doubt (             -- an answer that took something away: ask again
    ticket_id INTEGER PRIMARY KEY,
    shown TEXT NOT NULL,         -- the message ids that it showed, in JSON
    ready_us INTEGER NOT NULL    -- when a second answer counts as another one
);
CREATE INDEX doubt_ready ON doubt (ready_us);
CREATE TABLE kind (              -- how far each kind of object is, see `objects`
    name TEXT PRIMARY KEY,
    listing INTEGER NOT NULL,    -- the whole listing that began last
    listed_us INTEGER,           -- when one last ended; null before the first
    newest_first INTEGER NOT NULL,        -- whether it came in that order
    watermark_us INTEGER,        -- all that changed before is archived
    oldest_us INTEGER            -- Gorgias has nothing that is older
);
CREATE TABLE object (            -- of every kind beside tickets and messages
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    open_until_us INTEGER,       -- until then it may change without a sign
    listed INTEGER NOT NULL,     -- the listing that showed it last, see `objects`
    changed_run INTEGER NOT NULL,         -- the run that saw it change last
    raw BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX object_changed ON object (kind, changed_run, listed);
CREATE INDEX object_open ON object (kind, open_until_us, created_us)
    WHERE open_until_us IS NOT NULL;
CREATE TABLE staged_object (     -- pages of a list whose last page is not here yet
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    open_until_us INTEGER,
    raw BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE deleted (           -- what Gorgias does not have any more
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    run INTEGER NOT NULL,        -- the run that found it missing
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE file (              -- attachments, images in mails, recordings of calls
    path TEXT PRIMARY KEY,       -- of its address, as it is asked for
    stored_as TEXT NOT NULL,     -- where it is to stand, below the files' root
    bytes INTEGER,               -- null until it is stored, ...
    sha256 TEXT,                 -- ... as are its hash ...
    content_type TEXT,           -- ... and its type
    misses INTEGER NOT NULL DEFAULT 0,    -- runs in a row in which Gorgias had it not
    reason TEXT,                 -- why the run that asked last could not fetch it
    asked_run INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX file_to_fetch ON file (path) WHERE sha256 IS NULL;
CREATE TABLE file_of (           -- which objects refer to a file
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    position INTEGER NOT NULL,   -- in the object
    path TEXT NOT NULL,
    PRIMARY KEY (kind, id, position)
) WITHOUT ROWID;
CREATE INDEX file_of_path ON file_of (path);
"""

# All that is counted over tickets, so that no count reads their JSON.
TICKET_COUNTS = (
    "CREATE INDEX ticket_counts ON ticket "
    "(due, messages_count, settled_count, settled_rows, gone);"
)

SCHEMA = f"""
BEGIN;
CREATE TABLE fact (name TEXT PRIMARY KEY, value);
CREATE TABLE walk (
    name TEXT PRIMARY KEY,
    cursor TEXT,                 -- of the next page; null at the head
    at_us INTEGER,               -- the furthest object yet: its instant ...
    at_id INTEGER,               -- ... and its id
    date_us INTEGER,             -- when the first page was made, at the latest
    done INTEGER NOT NULL DEFAULT 0,
    run INTEGER NOT NULL DEFAULT 0,       -- the run that began it
    unordered INTEGER NOT NULL DEFAULT 0  -- a page came in another order than asked
);
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    updated_us INTEGER NOT NULL,
    messages_count INTEGER,      -- as the listing says; null is unknown
    settled_rows INTEGER,        -- messages that its own answers agree on ...
    due INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0,      -- its message URL says 404
    listed INTEGER NOT NULL,     -- the listing that saw it last; -1: only its messages
    raw BLOB NOT NULL,           -- empty where no listing has shown it
    settled_count INTEGER,       -- ... while its listing counts so many
    changed_run INTEGER NOT NULL DEFAULT 0,  -- the run that saw it change last
    asked_run INTEGER NOT NULL DEFAULT 0,    -- the run that asked for its messages ...
    asks INTEGER NOT NULL DEFAULT 0          -- ... so many times
);
CREATE INDEX ticket_due ON ticket (id, due) WHERE due > 0;
CREATE INDEX ticket_listed ON ticket (listed);
CREATE INDEX ticket_changed ON ticket (changed_run);
{TICKET_COUNTS}
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    raw BLOB NOT NULL,
    read_run INTEGER NOT NULL DEFAULT 0   -- the run that read it last
);
CREATE INDEX message_in_order ON message (ticket_id, created_us, id);
CREATE INDEX message_unsent ON message (read_run, created_us, ticket_id) WHERE unsent;
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
CREATE TABLE run (id INTEGER PRIMARY KEY, manifest TEXT, began_us INTEGER);
CREATE TABLE feed (              -- a file that this job has written
    path TEXT NOT NULL,
    sha256 TEXT                  -- null: unfinished, it is still being written
);
CREATE UNIQUE INDEX feed_content ON feed (path, sha256);
{TABLES_OF_3}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
"""

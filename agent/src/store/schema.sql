-- The agent's store: the journal, and the requests and uses in hand. Schema 1; PRAGMA user_version tells it.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal. `bytes` are authoritative; rows are never changed or deleted.
CREATE TABLE records (
    seq       INTEGER PRIMARY KEY,
    type      TEXT NOT NULL,
    bytes     BLOB NOT NULL,
    leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32)
) STRICT;
CREATE TRIGGER records_are_never_changed BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER records_are_never_deleted BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;

-- What opens the records' commitments; may be erased after the retention the policy sets.
CREATE TABLE disclosures (
    seq   INTEGER NOT NULL REFERENCES records (seq),
    field TEXT NOT NULL,
    salt  BLOB NOT NULL CHECK (length(salt) = 32),
    value TEXT NOT NULL,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- Lists the records hold only digest and count of; never erased.
CREATE TABLE lists (
    seq   INTEGER NOT NULL REFERENCES records (seq),
    field TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- Requests in hand, as asked. Times in µs since the Unix epoch.
CREATE TABLE requests (
    request_id      TEXT PRIMARY KEY NOT NULL,
    seal            TEXT NOT NULL,
    applicant       TEXT NOT NULL,
    file_name       TEXT NOT NULL,
    size            INTEGER NOT NULL,
    sha256          BLOB NOT NULL CHECK (length(sha256) = 32),
    reason          TEXT NOT NULL,
    document_class  TEXT NOT NULL,
    copies          INTEGER NOT NULL CHECK (copies >= 1),
    page            INTEGER,            -- page number from 1; NULL: the last
    x_um            INTEGER NOT NULL,
    y_um            INTEGER NOT NULL,
    created_us      INTEGER NOT NULL,
    expires_us      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Uses: one row from the intent on. `open` ends as `complete`, `failed` (copy given back) or `abandoned`.
CREATE TABLE uses (
    use_id       TEXT PRIMARY KEY NOT NULL,
    request_id   TEXT NOT NULL,
    copy         INTEGER NOT NULL CHECK (copy >= 1),
    state        TEXT NOT NULL CHECK (state IN ('open', 'complete', 'failed', 'abandoned')),
    intent_seq   INTEGER NOT NULL REFERENCES records (seq),
    outcome_seq  INTEGER REFERENCES records (seq),
    reason       TEXT,                  -- reason code of a failed or abandoned use
    receipt      TEXT,                  -- JSON, of a complete use
    appended     BLOB,                  -- the bytes to append, until acknowledged
    CHECK ((state = 'open') = (outcome_seq IS NULL)),
    CHECK ((state = 'complete') = (receipt IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX uses_by_request ON uses (request_id);

-- The agent's store: the journal, the office, and the requests and uses in hand. Schema 4; PRAGMA user_version tells it.
-- What earlier schemas lack is in `schema-3.sql` and `schema-4.sql`: they say the same.
-- Entities are JSON of the rules' own types as of this schema: a change of theirs is a new schema.
-- What the journal is, written once: origin, mode, person_* or office_*. And `policy`: the text of the policy that came into force last.
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
CREATE INDEX records_by_type ON records (type, seq);
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

-- Acts: each id is taken once, for good. The text is a disclosure of the record and goes with it.
CREATE TABLE acts (
    act      TEXT PRIMARY KEY NOT NULL,
    typ      TEXT NOT NULL,
    signer   TEXT NOT NULL,
    seal     TEXT,
    person   TEXT,
    request  TEXT,
    time_us  INTEGER NOT NULL,
    seq      INTEGER NOT NULL UNIQUE REFERENCES records (seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX acts_by_seal ON acts (seal, seq) WHERE seal IS NOT NULL;
CREATE INDEX acts_by_request ON acts (request, seq) WHERE request IS NOT NULL;
CREATE INDEX acts_by_signer ON acts (signer, seq);
CREATE INDEX acts_by_person ON acts (person, seq) WHERE person IS NOT NULL;
CREATE TRIGGER acts_are_never_changed BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
CREATE TRIGGER acts_are_never_deleted BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;

-- What was filed with acts: seal objects and pictures, by SHA-256.
CREATE TABLE attachments (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    bytes  BLOB NOT NULL CHECK (length(bytes) <= 4194304)
) STRICT;
CREATE TRIGGER attachments_are_never_changed BEFORE UPDATE ON attachments BEGIN SELECT RAISE(ABORT, 'attachments are never changed'); END;

-- The office, as acts have made it: each row whole, written over by the act that changes it.
CREATE TABLE people (
    id     TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE seals (
    id     TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
    person TEXT NOT NULL,
    seal   TEXT NOT NULL,
    entity TEXT NOT NULL,
    PRIMARY KEY (person, seal)
) STRICT, WITHOUT ROWID;
CREATE TABLE notices (
    act    TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
    act    TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE trainings (
    act    TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Whose PIN a token has (C2), written with the record that says so. No row: nothing is known of it, and nothing asked.
CREATE TABLE token_pins (
    serial   TEXT PRIMARY KEY NOT NULL,
    person   TEXT NOT NULL,             -- whose own it is; of a one-time PIN, who had it set
    one_time INTEGER NOT NULL CHECK (one_time IN (0, 1)),
    seq      INTEGER NOT NULL REFERENCES records (seq)
) STRICT, WITHOUT ROWID;
-- The policy file in force, by SHA-256: at most one row.
CREATE TABLE policy (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;

-- When the newest act was signed that says how a person, a grant or the policy is to be (`iat`), by what it is about.
CREATE TABLE said (
    subject  TEXT PRIMARY KEY NOT NULL,
    issued_s INTEGER NOT NULL
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
    expires_us      INTEGER NOT NULL,
    facts           TEXT,               -- JSON: what acts made of it; NULL in a solo journal
    ended           INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)), -- 1: rejected or withdrawn, as the facts say
    carried_by      TEXT NOT NULL DEFAULT '' -- who brought it
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_document ON requests (sha256);
CREATE INDEX requests_by_applicant ON requests (applicant, created_us, request_id);
CREATE INDEX requests_by_time ON requests (created_us, request_id);
CREATE INDEX requests_by_carrier ON requests (carried_by);

-- Uses: one row from the intent on. `open` ends as `complete`, `failed` (copy given back) or `abandoned`.
CREATE TABLE uses (
    use_id       TEXT PRIMARY KEY NOT NULL,
    request_id   TEXT NOT NULL,
    applicant    TEXT NOT NULL,         -- as the request says, whose row may be gone
    seal         TEXT NOT NULL,
    begun_us     INTEGER NOT NULL,
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
-- All that counting copies asks for: a request's rows are not read, which hold its results.
CREATE INDEX uses_by_request ON uses (request_id, state, copy);
CREATE INDEX uses_by_applicant ON uses (applicant, seal, begun_us, state);

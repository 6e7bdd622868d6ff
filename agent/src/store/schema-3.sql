-- From schema 2: trainings, whose PIN a token has, who brought a request, and what lists of requests and of a person's acts go by.
CREATE INDEX acts_by_signer ON acts (signer, seq);
CREATE INDEX acts_by_person ON acts (person, seq) WHERE person IS NOT NULL;
ALTER TABLE requests ADD COLUMN carried_by TEXT NOT NULL DEFAULT '';
-- It was not kept before; what was charged was the applicant's share.
UPDATE requests SET carried_by = applicant;
DROP INDEX requests_by_applicant;
CREATE INDEX requests_by_applicant ON requests (applicant, created_us, request_id);
CREATE INDEX requests_by_time ON requests (created_us, request_id);
CREATE INDEX requests_by_carrier ON requests (carried_by);
CREATE TABLE trainings (
    act    TEXT PRIMARY KEY NOT NULL,
    entity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE token_pins (
    serial   TEXT PRIMARY KEY NOT NULL,
    person   TEXT NOT NULL,
    one_time INTEGER NOT NULL CHECK (one_time IN (0, 1)),
    seq      INTEGER NOT NULL REFERENCES records (seq)
) STRICT, WITHOUT ROWID;

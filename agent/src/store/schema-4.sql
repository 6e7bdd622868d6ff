-- From schema 3: records are found by their type.
CREATE INDEX records_by_type ON records (type, seq);

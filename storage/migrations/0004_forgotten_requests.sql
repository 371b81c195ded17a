-- Answers to repeats are kept for a day. Of a client whose older ones went, this says which it cannot ask
-- for again: nothing is done twice because it was forgotten.
CREATE INDEX request_by_time ON request (time);

CREATE TABLE forgotten_request (
  client_id TEXT PRIMARY KEY CHECK (client_id <> ''),
  sequence INTEGER NOT NULL,  -- the largest one that was forgotten
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a study was defined as at each of its revisions: 1 is its creation, and each change is one
-- more. Trials from number `first_trial` on, up to the next revision's, were made under it;
-- `position`: in its commit, as what pruners decided before and after it tells. The newest is also
-- study.definition. The migration writes revision 1 of the studies that there are (migration.cc),
-- as of the time when they were created.
CREATE TABLE study_revision (
  study_id INTEGER NOT NULL REFERENCES study (id),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  definition TEXT NOT NULL,
  first_trial INTEGER NOT NULL CHECK (first_trial >= 0),
  time INTEGER,
  position INTEGER NOT NULL CHECK (position >= 0),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (study_id, revision)
) STRICT, WITHOUT ROWID;

-- Ends of studies that --on-study-end was not told of yet. `outcome`: a StudyEnd of
-- caviar/v1/study_end.proto as JSON. It outlives its study.
CREATE TABLE study_end (
  study_id INTEGER NOT NULL CHECK (study_id >= 1),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  outcome TEXT NOT NULL,
  time INTEGER,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (study_id, revision)
) STRICT, WITHOUT ROWID;

-- For people: which revision a study is at, and under which one each trial was made.
CREATE VIEW revisions AS
SELECT study.name AS study, revision.revision, revision.first_trial,
  strftime('%Y-%m-%d %H:%M:%S', revision.time / 1e6, 'unixepoch') AS time,
  revision.commit_number AS commit_number, revision.definition
FROM study JOIN study_revision AS revision ON revision.study_id = study.id
WHERE study.deleted = 0;

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

-- For people: with the revision under which each was made.
DROP VIEW trials;
CREATE VIEW trials AS
SELECT study.name AS study, trial.number, trial.state, trial.origin, trial.objective,
  trial.objective_step,
  (SELECT attempt.worker FROM attempt WHERE attempt.trial_id = trial.id
   ORDER BY attempt.number DESC LIMIT 1) AS worker,
  (SELECT json_group_object(name,
     CASE WHEN type <> 'bool' THEN value WHEN value THEN json('true') ELSE json('false') END)
   FROM trial_parameter WHERE trial_id = trial.id) AS parameters,
  (SELECT json_group_object(metric, coalesce(value, not_finite))
   FROM trial_outcome WHERE trial_id = trial.id HAVING count(*) > 0) AS outcome,
  trial.feasible,
  trial.repeat_of, trial.repeats_mean AS mean, trial.repeats_standard_error AS standard_error,
  trial.lost_leases,
  strftime('%Y-%m-%d %H:%M:%S', trial.start_time / 1e6, 'unixepoch') AS started,
  strftime('%Y-%m-%d %H:%M:%S', trial.end_time / 1e6, 'unixepoch') AS ended,
  trial.message,
  -- Of two revisions that begin with the same trial, the later one made it.
  (SELECT max(revision) FROM study_revision
   WHERE study_id = trial.study_id AND first_trial <= trial.number) AS revision
FROM trial JOIN study ON study.id = trial.study_id WHERE study.deleted = 0;

-- For people.
CREATE VIEW revisions AS
SELECT study.name AS study, revision.revision, revision.first_trial,
  strftime('%Y-%m-%d %H:%M:%S', revision.time / 1e6, 'unixepoch') AS time,
  revision.commit_number AS commit_number, revision.definition
FROM study JOIN study_revision AS revision ON revision.study_id = study.id
WHERE study.deleted = 0;

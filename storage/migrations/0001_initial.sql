-- What a Caviar coordinator must not lose. Everything here may be read by hand while it runs:
--
--   sqlite3 -readonly caviar-data/caviar.db 'SELECT * FROM trials'
--
-- The views `studies`, `trials`, `curve` and `confusion` are made for people. Times are microseconds since the
-- Unix epoch, NULL: not yet. Every row remembers the number of the commit that wrote it. A column
-- declared ANY holds a REAL exactly as it was given (-0.0 too, which REAL affinity would lose).
-- `checksum`, always a table's last column, is a CRC-32 of those before it (storage/row_checksum.h says how):
-- a row that was damaged on the disk, or edited by hand, is refused.

-- The one row about the store itself. Nothing in it ever runs backwards.
CREATE TABLE store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  commit_number INTEGER NOT NULL CHECK (commit_number >= 0),
  next_study_id INTEGER NOT NULL CHECK (next_study_id >= 1),
  next_trial_id INTEGER NOT NULL CHECK (next_trial_id >= 1),
  next_token_counter INTEGER NOT NULL CHECK (next_token_counter >= 1),
  checksum INTEGER NOT NULL
) STRICT;

CREATE TRIGGER store_never_runs_backwards BEFORE UPDATE ON store
WHEN NEW.commit_number < OLD.commit_number OR NEW.next_study_id < OLD.next_study_id
  OR NEW.next_trial_id < OLD.next_trial_id OR NEW.next_token_counter < OLD.next_token_counter
BEGIN
  SELECT RAISE(ABORT, 'counters never run backwards');
END;

-- `definition` is what the study's creator said, as JSON with the names of caviar/v1/study.proto,
-- for json_extract(). The columns from name to max_attempts are written from it; NULL: no limit. Those
-- of the objective are of the first one where there are several.
CREATE TABLE study (
  id INTEGER PRIMARY KEY CHECK (id >= 1),
  name TEXT NOT NULL CHECK (name <> ''),
  state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'STOPPED', 'ENDED')),
  end_reason TEXT
    CHECK (end_reason IN ('MAX_TRIALS', 'MAX_FAILED', 'MAX_DURATION', 'TARGET', 'PERSON',
                          'EXHAUSTED', 'NO_GAIN', 'MAX_STEPS')),
  message TEXT NOT NULL,
  objective_metric TEXT NOT NULL CHECK (objective_metric <> ''),
  goal TEXT NOT NULL CHECK (goal IN ('MINIMIZE', 'MAXIMIZE')),
  objective_value TEXT NOT NULL CHECK (objective_value IN ('BEST', 'LAST')),
  target ANY CHECK (target IS NULL OR typeof(target) = 'real'),
  algorithm TEXT NOT NULL,
  seed INTEGER,
  max_trials INTEGER,
  parallel INTEGER,
  max_failed INTEGER,
  max_duration INTEGER,  -- microseconds
  max_attempts INTEGER,
  definition TEXT NOT NULL,
  create_time INTEGER,
  end_time INTEGER,
  active_time INTEGER NOT NULL,  -- microseconds it was ACTIVE before active_since
  active_since INTEGER,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),  -- 1: hidden, being erased
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX study_by_name ON study (name) WHERE deleted = 0;

CREATE TABLE trial (
  id INTEGER PRIMARY KEY CHECK (id >= 1),
  study_id INTEGER NOT NULL REFERENCES study (id),
  number INTEGER NOT NULL CHECK (number >= 0),
  state TEXT NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'PAUSED', 'COMPLETED', 'PRUNED',
                                       'FAILED', 'INFEASIBLE', 'CANCELLED')),
  objective ANY CHECK (objective IS NULL OR (typeof(objective) = 'real'
                       AND objective BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308)),
  objective_step INTEGER,
  last_step INTEGER,  -- of the curve; written when an attempt begins or ends
  message TEXT NOT NULL,
  create_time INTEGER,
  start_time INTEGER,
  end_time INTEGER,
  lost_leases INTEGER NOT NULL CHECK (lost_leases >= 0),
  suggestion_commit INTEGER NOT NULL,  -- the sampler saw the history up to this commit
  -- Its place among the study's trials in the order in which they became final, from 1; 0: it is not.
  final_order INTEGER NOT NULL CHECK (final_order >= 0),
  origin TEXT NOT NULL CHECK (origin IN ('SAMPLER', 'KNOWN', 'DEFAULT', 'ADDED', 'STAND_IN',
                                         'REPEAT')),  -- where its configuration comes from
  feasible INTEGER CHECK (feasible IN (0, 1)),  -- NULL: not COMPLETED, or the study has no constraints
  -- In studies with repeats: the number of the first trial with this configuration; and of that
  -- trial, what all trials with its configuration came to. repeats_state NULL: some are to come.
  repeat_of INTEGER CHECK (repeat_of BETWEEN 0 AND number),
  repeats_completed INTEGER CHECK (repeats_completed >= 0),
  repeats_mean ANY CHECK (repeats_mean IS NULL OR (typeof(repeats_mean) = 'real'
                          AND repeats_mean BETWEEN -1.7976931348623157e308
                                           AND 1.7976931348623157e308)),
  repeats_standard_error ANY CHECK (repeats_standard_error IS NULL
                                    OR (typeof(repeats_standard_error) = 'real'
                                        AND repeats_standard_error BETWEEN 0
                                                                   AND 1.7976931348623157e308)),
  repeats_state TEXT CHECK (repeats_state IN ('COMPLETED', 'FAILED', 'INFEASIBLE', 'CANCELLED')),
  repeats_feasible INTEGER CHECK (repeats_feasible IN (0, 1)),  -- NULL: none COMPLETED, or no constraints
  create_commit INTEGER NOT NULL CHECK (create_commit >= 0),    -- that wrote the row first
  final_commit INTEGER NOT NULL CHECK (final_commit >= 0),      -- with which it became final; 0: it is not
  final_position INTEGER NOT NULL CHECK (final_position >= 0),  -- of the change in that commit
  -- Of the coordinator that chose the configuration: what it depends on beside what is stored.
  sampler_version INTEGER NOT NULL CHECK (sampler_version >= 0),
  numerics_fingerprint TEXT NOT NULL,
  furthest_step INTEGER,  -- that any of its attempts that ended had measured
  -- How often in a row its program was given back without a step beyond that.
  fruitless INTEGER NOT NULL CHECK (fruitless >= 0),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  UNIQUE (study_id, number),
  CHECK (repeats_completed IS NULL OR (repeat_of IS NOT NULL AND repeat_of = number)),
  CHECK (repeats_completed IS NOT NULL
         OR coalesce(repeats_mean, repeats_standard_error, repeats_state, repeats_feasible) IS NULL),
  CHECK (repeats_state IS NOT 'COMPLETED' OR repeats_mean IS NOT NULL)
) STRICT;

CREATE INDEX trial_by_objective ON trial (study_id, objective)
  WHERE state = 'COMPLETED' AND feasible IS NOT 0;
CREATE INDEX trial_by_mean ON trial (study_id, repeats_completed, repeats_mean)
  WHERE repeats_state = 'COMPLETED' AND repeats_feasible IS NOT 0;
CREATE INDEX trial_by_repeat ON trial (study_id, repeat_of) WHERE repeat_of IS NOT NULL;
CREATE INDEX trial_by_commit ON trial (study_id, commit_number);

CREATE TRIGGER trial_keeps_its_place BEFORE UPDATE ON trial
WHEN NEW.study_id <> OLD.study_id OR NEW.number <> OLD.number
BEGIN
  SELECT RAISE(ABORT, 'a trial''s study and number never change');
END;

CREATE TRIGGER trial_stays_final BEFORE UPDATE ON trial
WHEN OLD.state IN ('COMPLETED', 'PRUNED', 'FAILED', 'INFEASIBLE', 'CANCELLED')
  AND (NEW.state <> OLD.state OR NEW.objective IS NOT OLD.objective
       OR NEW.objective_step IS NOT OLD.objective_step OR NEW.feasible IS NOT OLD.feasible)
BEGIN
  SELECT RAISE(ABORT, 'a final trial''s state, objective and feasibility never change');
END;

-- What a COMPLETED trial came to, in studies with several objectives or with constraints: the value
-- of each of their metrics at objective_step. Written before the trial's own row becomes final, never
-- changed, and erased only with its study.
CREATE TABLE trial_outcome (
  trial_id INTEGER NOT NULL REFERENCES trial (id) DEFERRABLE INITIALLY DEFERRED,
  metric TEXT NOT NULL CHECK (metric <> ''),
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  not_finite TEXT CHECK (not_finite IN ('nan', 'inf', '-inf')),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, metric),
  CHECK ((value IS NULL) <> (not_finite IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER trial_outcome_comes_in_time BEFORE INSERT ON trial_outcome
WHEN EXISTS (SELECT 1 FROM trial WHERE id = NEW.trial_id AND state IN
             ('COMPLETED', 'PRUNED', 'FAILED', 'INFEASIBLE', 'CANCELLED'))
BEGIN
  SELECT RAISE(ABORT, 'a final trial''s outcome never changes');
END;

CREATE TRIGGER trial_outcome_never_changes BEFORE UPDATE ON trial_outcome
BEGIN
  SELECT RAISE(ABORT, 'an outcome never changes');
END;

CREATE TRIGGER trial_outcome_stays BEFORE DELETE ON trial_outcome
WHEN EXISTS (SELECT 1 FROM trial JOIN study ON study.id = trial.study_id
             WHERE trial.id = OLD.trial_id AND study.deleted = 0)
BEGIN
  SELECT RAISE(ABORT, 'an outcome never changes');
END;

-- How many trials of a study are in each state, kept by the triggers below.
CREATE TABLE trial_count (
  study_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (study_id, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER trial_inserted AFTER INSERT ON trial
BEGIN
  INSERT INTO trial_count VALUES (NEW.study_id, NEW.state, 1)
    ON CONFLICT (study_id, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER trial_changed_state AFTER UPDATE ON trial WHEN NEW.state <> OLD.state
BEGIN
  UPDATE trial_count SET count = count - 1 WHERE study_id = OLD.study_id AND state = OLD.state;
  INSERT INTO trial_count VALUES (NEW.study_id, NEW.state, 1)
    ON CONFLICT (study_id, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER trial_deleted AFTER DELETE ON trial
BEGIN
  UPDATE trial_count SET count = count - 1 WHERE study_id = OLD.study_id AND state = OLD.state;
END;

-- A trial's configuration. `value` is of the type that `type` names; bool: 0 or 1.
CREATE TABLE trial_parameter (
  trial_id INTEGER NOT NULL REFERENCES trial (id),
  name TEXT NOT NULL CHECK (name <> ''),
  type TEXT NOT NULL CHECK (type IN ('double', 'int', 'bool', 'string')),
  value ANY NOT NULL CHECK (
    (type = 'double' AND typeof(value) = 'real'
     AND value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308)
    OR (type = 'int' AND typeof(value) = 'integer')
    OR (type = 'bool' AND typeof(value) = 'integer' AND value IN (0, 1))
    OR (type = 'string' AND typeof(value) = 'text')),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, name)
) STRICT, WITHOUT ROWID;

-- What earlier studies found out, copied for a study that learns from it (its warm_start, whose places
-- `source` counts from 0). `number` is the trial's in the earlier study. `parameters` is a KnownTrial
-- of caviar/v1/study.proto in protobuf's text format: a configuration of the study that learns. `value`: lower is better,
-- in standard deviations from the mean over the source; `variance`: of a mean over repeats.
CREATE TABLE warm_start_trial (
  study_id INTEGER NOT NULL REFERENCES study (id),
  source INTEGER NOT NULL CHECK (source >= 0),
  number INTEGER NOT NULL CHECK (number >= 0),
  parameters TEXT NOT NULL,
  value ANY NOT NULL CHECK (typeof(value) = 'real'
                            AND value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308),
  variance ANY CHECK (variance IS NULL OR (typeof(variance) = 'real'
                      AND variance BETWEEN 0 AND 1.7976931348623157e308)),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (study_id, source, number)
) STRICT, WITHOUT ROWID;

-- One try at a trial under one lease; outcome NULL: it runs. worker_id NULL: asked.
CREATE TABLE attempt (
  trial_id INTEGER NOT NULL REFERENCES trial (id),
  number INTEGER NOT NULL CHECK (number >= 1),
  worker TEXT NOT NULL,
  worker_id TEXT,
  token_epoch INTEGER NOT NULL CHECK (token_epoch >= 1),
  token_counter INTEGER NOT NULL CHECK (token_counter >= 1),
  request_client_id TEXT NOT NULL,
  request_sequence INTEGER NOT NULL,
  outcome TEXT CHECK (outcome IN ('COMPLETED', 'FAILED', 'INFEASIBLE', 'LEASE_EXPIRED',
                                  'GIVEN_BACK', 'CANCELLED', 'PRUNED', 'PAUSED', 'RUN_AGAIN')),
  message TEXT NOT NULL,
  start_time INTEGER,
  end_time INTEGER,
  parent_attempt INTEGER NOT NULL      -- whose checkpoint it went on from; 0: it started anew
    CHECK (parent_attempt >= 0 AND parent_attempt < number),
  resumed_from_step INTEGER NOT NULL CHECK (resumed_from_step >= 0),
  lease_duration INTEGER NOT NULL,     -- microseconds; 0: the coordinator's lease TTL
  numerics_fingerprint TEXT NOT NULL,  -- what its numbers depend on beside the configuration
  numerics_changed INTEGER NOT NULL CHECK (numerics_changed IN (0, 1)),  -- the parent's is another
  -- The commits with which it began and ended, 0: not yet, and the changes' places in them.
  start_commit INTEGER NOT NULL CHECK (start_commit >= 0),
  start_position INTEGER NOT NULL CHECK (start_position >= 0),
  end_commit INTEGER NOT NULL CHECK (end_commit >= 0),
  end_position INTEGER NOT NULL CHECK (end_position >= 0),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number),
  UNIQUE (token_epoch, token_counter)
) STRICT, WITHOUT ROWID;

-- Metric names, each stored once.
CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

-- One metric value. SQLite would make NaN a NULL and sort it first, so what is not finite stands
-- in a column of its own and is never anyone's best.
CREATE TABLE measurement (
  trial_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  metric_id INTEGER NOT NULL REFERENCES metric (id),
  step INTEGER NOT NULL CHECK (step >= 0),
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  not_finite TEXT CHECK (not_finite IN ('nan', 'inf', '-inf')),
  time INTEGER,
  position INTEGER NOT NULL CHECK (position >= 0),  -- in its commit: pruners read them in this order
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, attempt, metric_id, step),
  FOREIGN KEY (trial_id, attempt) REFERENCES attempt (trial_id, number),
  CHECK ((value IS NULL) <> (not_finite IS NULL))
) STRICT, WITHOUT ROWID;

-- What came under a stale token: kept apart, never counted.
CREATE TABLE late_measurement (
  trial_id INTEGER NOT NULL REFERENCES trial (id),
  token_counter INTEGER NOT NULL,
  metric_id INTEGER NOT NULL REFERENCES metric (id),
  step INTEGER NOT NULL CHECK (step >= 0),
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  not_finite TEXT CHECK (not_finite IN ('nan', 'inf', '-inf')),
  time INTEGER,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, token_counter, metric_id, step),
  CHECK ((value IS NULL) <> (not_finite IS NULL))
) STRICT, WITHOUT ROWID;

-- A file below the data directory: there before its row and gone after it. Of a trial's CHECKPOINTs
-- there is the newest until the trial is final, and more where its study's `checkpoints` say so.
CREATE TABLE artifact (
  trial_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('WEIGHTS', 'CHECKPOINT', 'MODEL')),
  step INTEGER NOT NULL CHECK (step >= 0),
  size INTEGER NOT NULL CHECK (size >= 0),
  crc32 INTEGER NOT NULL,
  file TEXT NOT NULL CHECK (file <> ''),
  time INTEGER,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, attempt, kind, step),
  FOREIGN KEY (trial_id, attempt) REFERENCES attempt (trial_id, number)
) STRICT, WITHOUT ROWID;

-- What the pruner made of a trial at one step, and why.
CREATE TABLE pruner_decision (
  trial_id INTEGER NOT NULL REFERENCES trial (id),
  step INTEGER NOT NULL CHECK (step >= 1),
  decision TEXT NOT NULL CHECK (decision IN ('CONTINUE', 'STOP', 'PAUSE', 'PROMOTE')),
  reason TEXT NOT NULL,
  time INTEGER,
  position INTEGER NOT NULL CHECK (position >= 0),  -- in its commit
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (trial_id, step, decision)
) STRICT, WITHOUT ROWID;

-- The evaluation of a study's best trial on the test set. Token 0, 0: not handed out yet.
CREATE TABLE evaluation (
  study_id INTEGER PRIMARY KEY REFERENCES study (id),
  trial_id INTEGER NOT NULL REFERENCES trial (id),
  state TEXT NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'COMPLETED', 'FAILED')),
  message TEXT NOT NULL,
  worker TEXT NOT NULL,
  worker_id TEXT,
  token_epoch INTEGER NOT NULL,
  token_counter INTEGER NOT NULL,
  request_client_id TEXT NOT NULL,
  request_sequence INTEGER NOT NULL,
  lost_leases INTEGER NOT NULL CHECK (lost_leases >= 0),
  time INTEGER,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

CREATE INDEX evaluation_by_trial ON evaluation (trial_id);

CREATE TRIGGER evaluation_is_of_its_study BEFORE INSERT ON evaluation
WHEN NOT EXISTS (SELECT 1 FROM trial WHERE id = NEW.trial_id AND study_id = NEW.study_id)
BEGIN
  SELECT RAISE(ABORT, 'an evaluation is of a trial of its study');
END;

CREATE TABLE evaluation_metric (
  study_id INTEGER NOT NULL REFERENCES evaluation (study_id),
  name TEXT NOT NULL,
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  not_finite TEXT CHECK (not_finite IN ('nan', 'inf', '-inf')),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (study_id, name),
  CHECK ((value IS NULL) <> (not_finite IS NULL))
) STRICT, WITHOUT ROWID;

-- How the test examples of one class did. `predicted_as` is a JSON array: how many of them were taken
-- for class 0, 1, ...: a row of the confusion matrix.
CREATE TABLE evaluation_class (
  study_id INTEGER NOT NULL REFERENCES evaluation (study_id),
  number INTEGER NOT NULL CHECK (number >= 0),
  name TEXT NOT NULL,
  precision ANY NOT NULL CHECK (typeof(precision) = 'real' AND precision BETWEEN 0 AND 1),
  recall ANY NOT NULL CHECK (typeof(recall) = 'real' AND recall BETWEEN 0 AND 1),
  f1 ANY NOT NULL CHECK (typeof(f1) = 'real' AND f1 BETWEEN 0 AND 1),
  examples INTEGER NOT NULL CHECK (examples >= 0),
  predicted_as TEXT NOT NULL CHECK (predicted_as LIKE '[%]'),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (study_id, number)
) STRICT, WITHOUT ROWID;

-- `features` is a JSON array of words, `labels` a JSON object of texts, `resources` a Resources of
-- caviar/v1/command.proto as JSON.
CREATE TABLE worker (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  slots INTEGER NOT NULL CHECK (slots >= 0),
  features TEXT NOT NULL,
  labels TEXT NOT NULL,
  register_time INTEGER,
  numerics_fingerprint TEXT NOT NULL,
  resources TEXT NOT NULL,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The answers that rare mutations got: a repeat gets the same one.
CREATE TABLE request (
  client_id TEXT NOT NULL CHECK (client_id <> ''),
  sequence INTEGER NOT NULL,
  method TEXT NOT NULL,
  body_crc32 INTEGER NOT NULL,
  response BLOB NOT NULL,  -- the serialized message
  time INTEGER,
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (client_id, sequence)
) STRICT, WITHOUT ROWID;

-- For people.
CREATE VIEW studies AS
SELECT study.name AS study, study.state, study.end_reason, study.objective_metric, study.goal,
  CASE  -- none where there are several: the trials' outcomes say more
    WHEN json_array_length(study.definition, '$.objectives') > 0 THEN NULL
    WHEN EXISTS (SELECT 1 FROM trial WHERE study_id = study.id AND repeat_of IS NOT NULL)
      THEN (SELECT iif(study.goal = 'MAXIMIZE', max(repeats_mean), min(repeats_mean)) FROM trial
            WHERE study_id = study.id AND repeats_state = 'COMPLETED'
              AND repeats_feasible IS NOT 0
              AND repeats_completed =
                (SELECT max(repeats_completed) FROM trial AS other
                 WHERE other.study_id = study.id AND other.repeats_state = 'COMPLETED'
                   AND other.repeats_feasible IS NOT 0))
    WHEN study.goal = 'MAXIMIZE'
      THEN (SELECT max(objective) FROM trial
            WHERE study_id = study.id AND state = 'COMPLETED' AND feasible IS NOT 0)
    ELSE (SELECT min(objective) FROM trial
          WHERE study_id = study.id AND state = 'COMPLETED' AND feasible IS NOT 0)
  END AS best_objective,
  (SELECT coalesce(sum(count), 0) FROM trial_count WHERE study_id = study.id) AS trials,
  (SELECT coalesce(sum(count), 0) FROM trial_count
   WHERE study_id = study.id AND state = 'COMPLETED') AS completed,
  study.max_trials,
  strftime('%Y-%m-%d %H:%M:%S', study.create_time / 1e6, 'unixepoch') AS created,
  strftime('%Y-%m-%d %H:%M:%S', study.end_time / 1e6, 'unixepoch') AS ended,
  study.message
FROM study WHERE study.deleted = 0;

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
  trial.message
FROM trial JOIN study ON study.id = trial.study_id WHERE study.deleted = 0;

-- A trial's curve: what its newest attempt measured, and up to the step that it resumed from the
-- curve of its parent. Measurements that were superseded are in the table only. `part`: the steps in
-- (after, up_to] of each attempt of the curve.
CREATE VIEW curve AS
WITH RECURSIVE part (trial_id, attempt, parent, after, up_to) AS (
  SELECT trial_id, number, parent_attempt, iif(parent_attempt > 0, resumed_from_step, -1),
    9223372036854775807
  FROM attempt AS newest
  WHERE number = (SELECT max(number) FROM attempt WHERE trial_id = newest.trial_id)
  UNION ALL
  SELECT earlier.trial_id, earlier.number, earlier.parent_attempt,
    iif(earlier.parent_attempt > 0, min(earlier.resumed_from_step, part.after), -1), part.after
  FROM part JOIN attempt AS earlier
    ON earlier.trial_id = part.trial_id AND earlier.number = part.parent
)
SELECT study.name AS study, trial.number AS trial, measurement.attempt, metric.name AS metric,
  measurement.step, coalesce(measurement.value, measurement.not_finite) AS value,
  strftime('%Y-%m-%d %H:%M:%f', measurement.time / 1e6, 'unixepoch') AS time
FROM study JOIN trial ON trial.study_id = study.id
  JOIN part ON part.trial_id = trial.id
  JOIN measurement ON measurement.trial_id = trial.id AND measurement.attempt = part.attempt
    AND measurement.step > part.after AND measurement.step <= part.up_to
  JOIN metric ON metric.id = measurement.metric_id
WHERE study.deleted = 0;

-- The confusion matrix of the test set, a row a cell that is not empty.
CREATE VIEW confusion AS
SELECT study.name AS study, class.name AS class, taken.name AS taken_for,
  cell.value AS count, class.examples
FROM study JOIN evaluation_class AS class ON class.study_id = study.id
  JOIN json_each(class.predicted_as) AS cell
  JOIN evaluation_class AS taken ON taken.study_id = study.id AND taken.number = cell.key
WHERE study.deleted = 0 AND cell.value > 0;

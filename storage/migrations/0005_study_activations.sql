-- When a study became ACTIVE, by its creation or a person, the last time: `final_trials` of its trials
-- were final by then. What failed since is counted from there, whatever becomes of study.active_since,
-- which moves on while the study is ACTIVE. The migration writes those of the studies that there are
-- (migration.cc), and what they were ACTIVE until the last that is known of them, which nobody had noted.
CREATE TABLE study_activation (
  study_id INTEGER PRIMARY KEY REFERENCES study (id),
  final_trials INTEGER NOT NULL CHECK (final_trials >= 0),
  commit_number INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

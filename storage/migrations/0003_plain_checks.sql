-- For an IN of three or more values SQLite makes a table of them, each time a statement runs: seven
-- for a trial with three parameters and its attempt. Comparisons do without. What the checks allow is
-- as before, and so only their text changes, in the way of
-- https://www.sqlite.org/lang_altertable.html ("Making Other Kinds Of Table Schema Changes").
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(sql,
  'state IN (''WAITING'', ''RUNNING'', ''PAUSED'', ''COMPLETED'', ''PRUNED'',
                                       ''FAILED'', ''INFEASIBLE'', ''CANCELLED'')',
  'state = ''WAITING'' OR state = ''RUNNING'' OR state = ''PAUSED''
    OR state = ''COMPLETED'' OR state = ''PRUNED'' OR state = ''FAILED''
    OR state = ''INFEASIBLE'' OR state = ''CANCELLED''')
WHERE name = 'trial';
UPDATE sqlite_schema SET sql = replace(sql,
  'origin IN (''SAMPLER'', ''KNOWN'', ''DEFAULT'', ''ADDED'', ''STAND_IN'',
                                         ''REPEAT'')',
  'origin = ''SAMPLER'' OR origin = ''KNOWN'' OR origin = ''DEFAULT''
    OR origin = ''ADDED'' OR origin = ''STAND_IN'' OR origin = ''REPEAT''')
WHERE name = 'trial';
UPDATE sqlite_schema SET sql = replace(sql,
  'repeats_state IN (''COMPLETED'', ''FAILED'', ''INFEASIBLE'', ''CANCELLED'')',
  'repeats_state = ''COMPLETED'' OR repeats_state = ''FAILED''
    OR repeats_state = ''INFEASIBLE'' OR repeats_state = ''CANCELLED''')
WHERE name = 'trial';
UPDATE sqlite_schema SET sql = replace(sql,
  'type IN (''double'', ''int'', ''bool'', ''string'')',
  'type = ''double'' OR type = ''int'' OR type = ''bool'' OR type = ''string''')
WHERE name = 'trial_parameter';
UPDATE sqlite_schema SET sql = replace(sql,
  'outcome IN (''COMPLETED'', ''FAILED'', ''INFEASIBLE'', ''LEASE_EXPIRED'',
                                  ''GIVEN_BACK'', ''CANCELLED'', ''PRUNED'', ''PAUSED'', ''RUN_AGAIN'')',
  'outcome = ''COMPLETED'' OR outcome = ''FAILED'' OR outcome = ''INFEASIBLE''
    OR outcome = ''LEASE_EXPIRED'' OR outcome = ''GIVEN_BACK'' OR outcome = ''CANCELLED''
    OR outcome = ''PRUNED'' OR outcome = ''PAUSED'' OR outcome = ''RUN_AGAIN''')
WHERE name = 'attempt';
UPDATE sqlite_schema SET sql = replace(sql,
  'not_finite IN (''nan'', ''inf'', ''-inf'')',
  'not_finite = ''nan'' OR not_finite = ''inf'' OR not_finite = ''-inf''')
WHERE name IN ('measurement', 'late_measurement', 'trial_outcome');
UPDATE sqlite_schema SET sql = replace(sql,
  'decision IN (''CONTINUE'', ''STOP'', ''PAUSE'', ''PROMOTE'')',
  'decision = ''CONTINUE'' OR decision = ''STOP'' OR decision = ''PAUSE'' OR decision = ''PROMOTE''')
WHERE name = 'pruner_decision';
UPDATE sqlite_schema SET sql = replace(sql,
  'OLD.state IN (''COMPLETED'', ''PRUNED'', ''FAILED'', ''INFEASIBLE'', ''CANCELLED'')',
  '(OLD.state = ''COMPLETED'' OR OLD.state = ''PRUNED'' OR OLD.state = ''FAILED''
  OR OLD.state = ''INFEASIBLE'' OR OLD.state = ''CANCELLED'')')
WHERE name = 'trial_stays_final';

-- Which reads the schema again.
PRAGMA writable_schema = RESET;

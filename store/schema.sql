-- Physical tables of a keymeter database. The contract that analyses read is in relations.ts.

CREATE TABLE keymeter_schema (version INTEGER NOT NULL, created_at TIMESTAMP NOT NULL);

-- What differs from call to call. No primary key: uniqueness of (event_id, event_time) is kept by the
-- one writer with an anti-join, which costs a tenth of an index.
CREATE TABLE events (
  event_id_uuid UUID NOT NULL,
  event_id_text VARCHAR,
  shared_event_id_uuid UUID,
  shared_event_id_text VARCHAR,
  request_id_uuid UUID,
  request_id_text VARCHAR,
  event_time TIMESTAMP NOT NULL,
  call_no INTEGER NOT NULL,
  identity_no INTEGER NOT NULL,
  client_no INTEGER NOT NULL,
  key_no INTEGER NOT NULL,
  error_message VARCHAR,
  encryption_context VARCHAR,
  resource_arn VARCHAR,
  request_parameters VARCHAR,
  response_elements VARCHAR,
  counted BOOLEAN NOT NULL,
  object_no INTEGER NOT NULL,
  record_index INTEGER NOT NULL
);

-- Dimensions: columns in the order of relations.ts, then the facts that they were derived from (JSON), so
-- that a corrected rule reaches what is stored; null in rows of before schema 2.
CREATE TABLE calls (
  call_no INTEGER NOT NULL,
  region VARCHAR, operation VARCHAR, operation_class VARCHAR, event_type VARCHAR, read_only BOOLEAN,
  quota_id VARCHAR, quota_assumed BOOLEAN, second_region VARCHAR, algorithm VARCHAR,
  data_key_spec VARCHAR, via_service VARCHAR, is_direct BOOLEAN, outcome VARCHAR, error_code VARCHAR,
  context_kind VARCHAR, s3_bucket VARCHAR, s3_context_is_bucket BOOLEAN,
  facts VARCHAR
);

CREATE TABLE identities (
  identity_no INTEGER NOT NULL,
  account_id VARCHAR, caller_account_id VARCHAR, caller_account_basis VARCHAR, principal_arn VARCHAR,
  principal_type VARCHAR, session_name VARCHAR, caller_arn VARCHAR, access_key_id VARCHAR,
  console_session BOOLEAN,
  facts VARCHAR
);

CREATE TABLE clients (
  client_no INTEGER NOT NULL,
  source_ip VARCHAR, caller_source VARCHAR, user_agent VARCHAR, vpc_endpoint_id VARCHAR,
  tls_version VARCHAR,
  facts VARCHAR
);

CREATE TABLE keys (
  key_no INTEGER NOT NULL,
  key_account_id VARCHAR, key_arn VARCHAR, key_ref VARCHAR, destination_key_arn VARCHAR,
  custom_key_store_id VARCHAR, store_quota_id VARCHAR, additional_event_data VARCHAR,
  facts VARCHAR
);

-- The copy of each shared action that counts now, so that a caller's copy that comes later can take over.
CREATE TABLE shared_actions (
  shared_event_id_uuid UUID PRIMARY KEY,
  event_id_uuid UUID NOT NULL,
  event_id VARCHAR NOT NULL,
  event_time TIMESTAMP NOT NULL,
  is_caller_copy BOOLEAN NOT NULL
);

-- Events that were delivered again with corrected data, under another id: the original does not count.
CREATE TABLE replaced_events (original_event_id_uuid UUID NOT NULL, event_id_uuid UUID NOT NULL);

-- Per-second counts, in the same transaction as the events. A key may stand in several rows (late
-- files, take-overs) until the writer folds them; readers go through the view calls_per_second.
CREATE TABLE quota_scopes (
  scope_no INTEGER NOT NULL, caller_account_id VARCHAR, region VARCHAR, quota_id VARCHAR NOT NULL,
  custom_key_store_id VARCHAR
);
CREATE TABLE call_seconds (
  second TIMESTAMP NOT NULL, scope_no INTEGER NOT NULL,
  offered INTEGER NOT NULL, throttled INTEGER NOT NULL, denied INTEGER NOT NULL, failed INTEGER NOT NULL,
  aws_service_offered INTEGER NOT NULL, aws_service_throttled INTEGER NOT NULL
);

-- The ledger: every object that was looked at, for ever.
CREATE TABLE ingest_objects (
  object_id UUID PRIMARY KEY,
  object_no INTEGER NOT NULL,
  source VARCHAR NOT NULL, bucket VARCHAR NOT NULL, key VARCHAR NOT NULL, version VARCHAR NOT NULL,
  size_bytes BIGINT, last_modified_at TIMESTAMP,
  content_sha256 VARCHAR, content_bytes BIGINT,
  status VARCHAR NOT NULL CHECK (status IN ('ok', 'empty', 'skipped', 'dead', 'gone')),
  attempts INTEGER NOT NULL,
  error_class VARCHAR, error_detail VARCHAR,
  account_id VARCHAR, region VARCHAR,
  records_total INTEGER NOT NULL, non_kms INTEGER NOT NULL, inserted INTEGER NOT NULL,
  duplicate INTEGER NOT NULL, rejected INTEGER NOT NULL, conflict INTEGER NOT NULL,
  event_time_min TIMESTAMP, event_time_max TIMESTAMP,
  record_time_min TIMESTAMP, record_time_max TIMESTAMP,
  reader_version INTEGER NOT NULL, run_id VARCHAR NOT NULL, committed_at TIMESTAMP NOT NULL,
  -- Values that are no CloudTrail records (not in records_total), and bytes that nothing read.
  foreign_values INTEGER, unread_bytes BIGINT
);

-- Transient failures wait here without a terminal status; the next run tries again.
CREATE TABLE ingest_retries (
  object_id UUID PRIMARY KEY, bucket VARCHAR NOT NULL, key VARCHAR NOT NULL,
  error_class VARCHAR NOT NULL, error_detail VARCHAR, attempts INTEGER NOT NULL, last_run_id VARCHAR NOT NULL
);

CREATE TABLE ingest_rejects (
  object_no INTEGER NOT NULL, record_index INTEGER NOT NULL,
  error_class VARCHAR NOT NULL, error_detail VARCHAR NOT NULL, record_start VARCHAR
);

CREATE TABLE ingest_runs (
  run_id VARCHAR PRIMARY KEY, source VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP, status VARCHAR NOT NULL, summary VARCHAR
);

-- Events of other services that explain KMS events (see reference/related-events.json): what differs
-- from one to the next, and who did what as a dimension. The view related_events joins them.
CREATE TABLE actions (
  action_no INTEGER NOT NULL,
  event_source VARCHAR, event_name VARCHAR, account_id VARCHAR, region VARCHAR,
  principal_arn VARCHAR, caller_arn VARCHAR, access_key_id VARCHAR, user_agent VARCHAR,
  error_code VARCHAR,
  facts VARCHAR
);
CREATE TABLE related (
  event_id_uuid UUID NOT NULL, event_id_text VARCHAR, event_time TIMESTAMP NOT NULL,
  action_no INTEGER NOT NULL, source_ip VARCHAR, caller_source VARCHAR, request_id VARCHAR,
  resource_arn VARCHAR, request_parameters VARCHAR, response_elements VARCHAR,
  record_index INTEGER NOT NULL, object_no INTEGER NOT NULL
);

-- What the digest chain proved when it was last verified: one row for each digest period, and for each
-- stretch without a digest, of an account, Region and trail. Written by the verification alone.
CREATE TABLE verified_hours (
  account_id VARCHAR NOT NULL, region VARCHAR NOT NULL, trail VARCHAR NOT NULL,
  chain VARCHAR NOT NULL CHECK (chain IN ('standard', 'backfill')),
  hour_from TIMESTAMP NOT NULL, hour_to TIMESTAMP NOT NULL,
  status VARCHAR NOT NULL
    CHECK (status IN ('whole', 'empty', 'broken', 'not_verifiable', 'no_digest')),
  log_files INTEGER NOT NULL, digest_key VARCHAR NOT NULL,
  verified_at TIMESTAMP NOT NULL, run_id VARCHAR NOT NULL
);

-- Marks that the writer keeps about the state of the data (folded: no key of call_seconds twice).
CREATE TABLE store_state (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
INSERT INTO store_state VALUES ('call_seconds_folded', 'true'), ('data_version', '0');

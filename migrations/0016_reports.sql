-- Reports and the cases that moderators decide, with the evidence that was frozen when the
-- first report came; and appeals against sanctions.
--
-- Cases refer to no canvas: whoever deletes a canvas does not delete what was reported
-- there, which admins still see. A server of the version before deletes guests without
-- looking here, so that references to users never stop it.

CREATE TABLE cases (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    canvas_id     BIGINT NOT NULL,
    -- What is reported: its wire form, of a person with `user_id` in place of the name.
    target        JSONB NOT NULL,
    -- Names the same thing by the same text.
    target_key    TEXT NOT NULL,
    -- Who painted, said or is what is reported.
    reported      BIGINT[] NOT NULL,
    -- Reports that were not withdrawn.
    reporters     BIGINT NOT NULL DEFAULT 0,
    -- Whether a guest made the first report.
    by_guest      BOOLEAN NOT NULL,
    claimed_by    BIGINT REFERENCES users ON DELETE SET NULL,
    claimed_until TIMESTAMPTZ,
    -- NULL until it is decided.
    outcome       TEXT,
    outcome_note  TEXT NOT NULL DEFAULT '',
    -- NULL also for a case that was decided because every report was withdrawn.
    decided_by    BIGINT REFERENCES users ON DELETE SET NULL,
    decided_at    TIMESTAMPTZ,
    -- JSON that names users by their ids; NULL once it was deleted.
    evidence      TEXT,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- Open reports of one thing are one case.
CREATE UNIQUE INDEX cases_open_key ON cases (canvas_id, target_key) WHERE outcome IS NULL;
-- Lists: most reporters first.
CREATE INDEX cases_canvas_id_idx ON cases (canvas_id, reporters DESC, id DESC);
CREATE INDEX cases_reporters_idx ON cases (reporters DESC, id DESC);
-- Finds evidence that is old enough to be deleted.
CREATE INDEX cases_evidence_idx ON cases (decided_at)
    WHERE evidence IS NOT NULL AND decided_at IS NOT NULL;
-- Deleting a user looks here.
CREATE INDEX cases_claimed_by_idx ON cases (claimed_by);
CREATE INDEX cases_decided_by_idx ON cases (decided_by);

CREATE TABLE reports (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id      BIGINT NOT NULL REFERENCES cases ON DELETE CASCADE,
    reporter_id  BIGINT REFERENCES users ON DELETE SET NULL,
    rule         TEXT NOT NULL,
    comment      TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    withdrawn_at TIMESTAMPTZ
);

-- One person reports one thing once.
CREATE UNIQUE INDEX reports_key ON reports (case_id, reporter_id) WHERE withdrawn_at IS NULL;
CREATE INDEX reports_case_id_idx ON reports (case_id, id);
CREATE INDEX reports_reporter_id_idx ON reports (reporter_id, id);

-- Appeals against sanctions: one for each.
CREATE TABLE appeals (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sanction_id BIGINT NOT NULL UNIQUE REFERENCES sanctions ON DELETE CASCADE,
    -- 'waiting', 'kept', 'shortened' or 'lifted'.
    state       TEXT NOT NULL DEFAULT 'waiting',
    created_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    decided_at  TIMESTAMPTZ,
    decided_by  BIGINT REFERENCES users ON DELETE SET NULL
);

CREATE INDEX appeals_waiting_idx ON appeals (id) WHERE state = 'waiting';
CREATE INDEX appeals_decided_by_idx ON appeals (decided_by);

CREATE TABLE appeal_messages (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appeal_id     BIGINT NOT NULL REFERENCES appeals ON DELETE CASCADE,
    author_id     BIGINT REFERENCES users ON DELETE SET NULL,
    -- Whether the sanctioned user wrote it, to whom the names of all others are not shown.
    by_sanctioned BOOLEAN NOT NULL,
    text          TEXT NOT NULL,
    at            TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX appeal_messages_appeal_id_idx ON appeal_messages (appeal_id, id);
CREATE INDEX appeal_messages_author_id_idx ON appeal_messages (author_id);

-- The evidence of a case is kept while there is an appeal against what followed from it.
CREATE INDEX sanctions_case_id_idx ON sanctions (case_id) WHERE case_id IS NOT NULL;

extension Schema {
    /// Leak responses: whose keys may be known, and what became of each volume.
    static let compromise = """
        CREATE TABLE compromise (
            id INTEGER PRIMARY KEY,
            compromise_id BLOB NOT NULL CHECK (length(compromise_id) = 16),
            target_kind TEXT NOT NULL CHECK (
                target_kind = 'device' OR target_kind = 'group' OR target_kind = 'disclosedTo'
            ),
            target TEXT NOT NULL,
            since INTEGER NOT NULL,
            per_minute INTEGER NOT NULL CHECK (per_minute > 0),
            started_by TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (
                state = 'collecting' OR state = 'running' OR state = 'ended' OR state = 'cancelled'
            ),
            at_cursor INTEGER,
            wave_left INTEGER NOT NULL CHECK (wave_left >= 0),
            next_wave_at INTEGER NOT NULL,
            finished_at INTEGER,
            CONSTRAINT compromise_compromise_id UNIQUE (compromise_id),
            CHECK ((finished_at IS NULL) = (state = 'collecting' OR state = 'running'))
        ) STRICT;
        -- The same one again joins the one that is open; and the sweep that goes on with those that are.
        CREATE UNIQUE INDEX compromise_one_open ON compromise (target_kind, target, since) WHERE finished_at IS NULL;

        CREATE TABLE compromised_volume (
            id INTEGER PRIMARY KEY,
            compromise INTEGER NOT NULL REFERENCES compromise (id),
            volume INTEGER NOT NULL REFERENCES volume (id),
            state TEXT NOT NULL CHECK (
                state = 'waiting' OR state = 'requested' OR state = 'completed' OR state = 'failed'
                OR state = 'notReachable'
            ),
            rotation_id BLOB CHECK (length(rotation_id) = 16),
            failures INTEGER NOT NULL CHECK (failures >= 0),
            CONSTRAINT compromised_volume_volume_compromise UNIQUE (volume, compromise)
        ) STRICT;
        -- The next wave, and progress.
        CREATE INDEX compromised_volume_state ON compromised_volume (compromise, state, +id);
        -- Whose rotation has just ended.
        CREATE INDEX compromised_volume_rotation_id ON compromised_volume (rotation_id) WHERE state = 'requested';

        ALTER TABLE escrowed_key ADD COLUMN compromised_at INTEGER;
        """
}

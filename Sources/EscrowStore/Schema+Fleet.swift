extension Schema {
    /// What the lists of devices are found and ordered by, counts of what fails and why, their history, saved views, and
    /// rotations of many devices at once.
    ///
    /// The day on which a device was last seen stands for the moment in indexes: they change once a day, not with each
    /// check-in. Every index begins with equals and ends with an order, so that a page is read from one place of it.
    static let fleet = """
        ALTER TABLE device ADD COLUMN seen_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE device ADD COLUMN is_unproven INTEGER NOT NULL DEFAULT 0 CHECK (is_unproven IN (0, 1));
        UPDATE device SET seen_day = last_seen_at / 86400000;
        UPDATE device SET is_unproven = 1 WHERE id IN (
            SELECT device FROM volume
            WHERE is_present = 1 AND (current_proof = 'unproven' OR current_proof = 'refuted')
        );
        CREATE INDEX device_by_name ON device (state, name_lower, +id);
        CREATE INDEX device_by_day ON device (state, seen_day, +id);
        CREATE INDEX device_reason_by_name ON device (state, status_reason, name_lower, +id);
        CREATE INDEX device_reason_by_day ON device (state, status_reason, seen_day, +id);
        CREATE INDEX device_group_by_name ON device (state, device_group, name_lower, +id);
        CREATE INDEX device_group_by_day ON device (state, device_group, seen_day, +id);
        CREATE INDEX device_group_reason_by_name ON device (state, device_group, status_reason, name_lower, +id);
        CREATE INDEX device_group_reason_by_day ON device (state, device_group, status_reason, seen_day, +id);
        CREATE INDEX device_hold_by_name ON device (is_on_legal_hold, state, name_lower, +id)
            WHERE is_on_legal_hold = 1;
        CREATE INDEX device_hold_by_day ON device (is_on_legal_hold, state, seen_day, +id) WHERE is_on_legal_hold = 1;
        CREATE INDEX device_unproven_by_name ON device (is_unproven, state, name_lower, +id) WHERE is_unproven = 1;
        CREATE INDEX device_unproven_by_day ON device (is_unproven, state, seen_day, +id) WHERE is_unproven = 1;

        -- How many devices in use have which reason, kept as devices change.
        CREATE TABLE device_reason_count (
            device_group TEXT NOT NULL,
            status_reason TEXT NOT NULL,
            devices INTEGER NOT NULL CHECK (devices >= 0),
            PRIMARY KEY (device_group, status_reason)
        ) STRICT;
        INSERT INTO device_reason_count (device_group, status_reason, devices)
            SELECT device_group, status_reason, count(*) FROM device WHERE state = 'active'
            GROUP BY device_group, status_reason;

        -- How many devices had which status at the end of each day; today's are those of the last look.
        CREATE TABLE status_history (
            day INTEGER NOT NULL,
            device_group TEXT NOT NULL,
            status TEXT NOT NULL CHECK (
                status = 'escrowed' OR status = 'pending' OR status = 'failed' OR status = 'notAvailable'
            ),
            devices INTEGER NOT NULL CHECK (devices >= 0),
            PRIMARY KEY (day, device_group, status)
        ) STRICT;

        -- Filters of the device list that people keep under a name.
        CREATE TABLE saved_view (
            id INTEGER PRIMARY KEY,
            principal TEXT NOT NULL,
            name TEXT NOT NULL,
            query TEXT NOT NULL,
            CONSTRAINT saved_view_name UNIQUE (principal, name)
        ) STRICT;

        -- Rotations that ended, the latest first.
        CREATE INDEX rotation_finished_at ON rotation (finished_at, +id) WHERE finished_at IS NOT NULL;
        """
}

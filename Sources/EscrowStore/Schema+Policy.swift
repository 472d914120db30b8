extension Schema {
    /// The policy in force, where devices belong, what was disclosed under which rule, and approvals.
    static let policy = """
        -- The policy file as it was taken up, so that commands on this machine know it too. `swept` is the last device
        -- whose group was checked since groups changed; NULL when all were.
        CREATE TABLE policy (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            digest TEXT NOT NULL,
            content TEXT NOT NULL,
            groups_digest TEXT NOT NULL,
            swept INTEGER
        ) STRICT;

        -- Devices whose group is not simply that of their enrolment token.
        CREATE TABLE device_placement (
            device INTEGER PRIMARY KEY REFERENCES device (id),
            enrolled_into TEXT NOT NULL,
            assigned TEXT
        ) STRICT;

        -- One row for each disclosure and each rule with limits that it counts towards, for a day.
        CREATE TABLE disclosure_count (
            id INTEGER PRIMARY KEY,
            rule TEXT NOT NULL,
            principal TEXT NOT NULL,
            disclosed_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX disclosure_count_caller ON disclosure_count (rule, principal, disclosed_at);
        CREATE INDEX disclosure_count_scope ON disclosure_count (rule, disclosed_at);
        CREATE INDEX disclosure_count_disclosed_at ON disclosure_count (disclosed_at);

        -- When somebody was last told that a limit is near; the principal is empty for a limit of all callers.
        CREATE TABLE disclosure_alarm (
            rule TEXT NOT NULL,
            principal TEXT NOT NULL,
            span TEXT NOT NULL CHECK (span = 'hour' OR span = 'day'),
            told_at INTEGER NOT NULL,
            PRIMARY KEY (rule, principal, span)
        ) STRICT;
        CREATE INDEX disclosure_alarm_told_at ON disclosure_alarm (told_at);

        CREATE TABLE approval (
            id INTEGER PRIMARY KEY,
            approval_id BLOB NOT NULL CHECK (length(approval_id) = 16),
            requester TEXT NOT NULL,
            requester_name TEXT NOT NULL,
            requester_role TEXT NOT NULL,
            escrowed_key INTEGER NOT NULL REFERENCES escrowed_key (id),
            reason TEXT NOT NULL,
            ticket TEXT,
            comment TEXT,
            requested_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (
                state = 'requested' OR state = 'approved' OR state = 'denied' OR state = 'expired'
                OR state = 'cancelled' OR state = 'used'
            ),
            decider TEXT,
            decider_name TEXT,
            decider_role TEXT,
            decided_at INTEGER,
            ended_at INTEGER,
            CONSTRAINT approval_approval_id UNIQUE (approval_id),
            CHECK ((decider IS NULL) = (decided_at IS NULL)),
            CHECK ((decider IS NULL) = (decider_name IS NULL)),
            CHECK ((decider IS NULL) = (decider_role IS NULL)),
            CHECK (state <> 'approved' OR decider IS NOT NULL)
        ) STRICT;
        -- What there is for a key; how many a requester has open; the list of those in a state; the sweep of what expires.
        CREATE INDEX approval_escrowed_key ON approval (escrowed_key, requester);
        CREATE INDEX approval_requester ON approval (requester) WHERE state = 'requested' OR state = 'approved';
        CREATE INDEX approval_state ON approval (state, +id);
        CREATE INDEX approval_expires_at ON approval (expires_at) WHERE state = 'requested' OR state = 'approved';
        """

    /// Somebody's own requests for approval, the newest first.
    static let ownApprovals = "CREATE INDEX approval_own ON approval (requester, +id);"
}

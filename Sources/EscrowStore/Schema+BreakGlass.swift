extension Schema {
    /// Emergency access: what tells whether shares are right, and what became of each setup.
    static let breakGlass = """
        CREATE TABLE break_glass (
            id INTEGER PRIMARY KEY,
            setup_id BLOB NOT NULL CHECK (length(setup_id) = 16),
            state TEXT NOT NULL CHECK (state = 'sealed' OR state = 'opened' OR state = 'revoked'),
            shares INTEGER NOT NULL,
            threshold INTEGER NOT NULL CHECK (threshold >= 2 AND threshold <= shares),
            role TEXT NOT NULL CHECK (role = 'helpdesk' OR role = 'administrator'),
            open_for INTEGER NOT NULL CHECK (open_for > 0),
            salt BLOB NOT NULL CHECK (length(salt) = 32),
            verifier BLOB NOT NULL CHECK (length(verifier) = 32),
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            opened_at INTEGER,
            ends_at INTEGER,
            token_id BLOB CHECK (length(token_id) = 16),
            revoked_at INTEGER,
            CONSTRAINT break_glass_setup_id UNIQUE (setup_id),
            CHECK ((opened_at IS NULL) = (ends_at IS NULL) AND (opened_at IS NULL) = (token_id IS NULL)),
            CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
            CHECK (state <> 'sealed' OR opened_at IS NULL),
            CHECK (state <> 'opened' OR opened_at IS NOT NULL)
        ) STRICT;
        -- One can be opened at a time.
        CREATE UNIQUE INDEX break_glass_sealed ON break_glass (state) WHERE state = 'sealed';
        -- What is open now.
        CREATE INDEX break_glass_ends_at ON break_glass (ends_at) WHERE state = 'opened';

        ALTER TABLE api_token ADD COLUMN break_glass BLOB CHECK (length(break_glass) = 16);
        """
}

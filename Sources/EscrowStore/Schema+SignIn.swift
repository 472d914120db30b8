extension Schema {
    /// People: accounts of our own, invitations to them, and the sessions of whoever signed in.
    static let signIn = """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            account_id BLOB NOT NULL CHECK (length(account_id) = 16),
            user_name TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (
                role = 'reader' OR role = 'helpdesk' OR role = 'administrator' OR role = 'auditor'
                OR role = 'owner'
            ),
            scope TEXT,
            password BLOB,
            code_seed BLOB CHECK (length(code_seed) = 32),
            code_step INTEGER,
            created_at INTEGER NOT NULL,
            disabled_at INTEGER,
            signed_in_at INTEGER,
            CONSTRAINT account_account_id UNIQUE (account_id),
            CONSTRAINT account_user_name UNIQUE (user_name),
            CHECK ((password IS NULL) = (code_seed IS NULL))
        ) STRICT;

        CREATE TABLE recovery_code (
            account BLOB NOT NULL REFERENCES account (account_id),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (account, hash)
        ) STRICT;

        -- The one for the first administrator has no account, and stays when it has expired: it is made once.
        CREATE TABLE invitation (
            id INTEGER PRIMARY KEY,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            account BLOB REFERENCES account (account_id),
            code_seed BLOB NOT NULL CHECK (length(code_seed) = 32),
            expires_at INTEGER NOT NULL,
            CONSTRAINT invitation_hash UNIQUE (hash),
            CONSTRAINT invitation_account UNIQUE (account)
        ) STRICT;

        CREATE TABLE session (
            id INTEGER PRIMARY KEY,
            session_id BLOB NOT NULL CHECK (length(session_id) = 16),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            name TEXT NOT NULL,
            user_name TEXT,
            role TEXT NOT NULL CHECK (
                role = 'reader' OR role = 'helpdesk' OR role = 'administrator' OR role = 'auditor'
                OR role = 'owner'
            ),
            scope TEXT,
            authenticated_at INTEGER NOT NULL,
            methods TEXT NOT NULL,
            context TEXT,
            provider_session TEXT,
            address TEXT NOT NULL,
            agent TEXT,
            created_at INTEGER NOT NULL,
            last_used_at INTEGER NOT NULL,
            ends_at INTEGER NOT NULL,
            CONSTRAINT session_session_id UNIQUE (session_id),
            CONSTRAINT session_hash UNIQUE (hash)
        ) STRICT;
        -- Somebody's own sessions, and the end of all of them.
        CREATE INDEX session_person ON session (issuer, subject);
        -- A provider ends a session of its own.
        CREATE INDEX session_provider ON session (issuer, provider_session) WHERE provider_session IS NOT NULL;
        -- The sweep of those that have ended.
        CREATE INDEX session_end ON session (ends_at);
        """
}

/// The tables, in words that `Dialect` turns into an engine's own.
///
/// The schema refuses what must not be: closed sets are checked, what must stand once is unique, what is referred
/// to exists. Rows are numbered in the order they come, so that tables grow at their end; GUIDs, which come in no
/// order, are in as few indexes as can be. Each index is there for a look-up, a list's filter or a sweep, named
/// beside it. Closed sets are written with OR: for `IN` with more than two words SQLite builds a table of them each
/// time a row is checked.
enum Schema {
    /// Every step from nothing to now, in order. A step that was released is never changed.
    static let migrations: [String] = [
        Self.version1, Self.logTiles, Self.breakGlass, Self.keyringWork, Self.compromise, Self.cosignatures,
        Self.policy, Self.auditSinks, Self.retention, Self.signIn, Self.ownApprovals, Self.fleet,
    ]

    private static let version1 = """
        CREATE TABLE device (
            id INTEGER PRIMARY KEY,
            device_id BLOB NOT NULL CHECK (length(device_id) = 16),
            name TEXT NOT NULL,
            name_lower TEXT NOT NULL,
            serial TEXT,
            owner TEXT,
            owner_lower TEXT,
            operating_system TEXT,
            device_group TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
            credential BLOB NOT NULL,
            enrolled_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (
                status = 'escrowed' OR status = 'pending' OR status = 'failed' OR status = 'notAvailable'
            ),
            status_reason TEXT NOT NULL CHECK (
                status_reason = 'none' OR status_reason = 'awaitingDeposit' OR status_reason = 'awaitingProof'
                OR status_reason = 'noRecoveryProtector' OR status_reason = 'rotationUnderWay'
                OR status_reason = 'deviceReported' OR status_reason = 'proofRefuted'
                OR status_reason = 'deadlinePassed' OR status_reason = 'protectorMismatch'
                OR status_reason = 'bitLockerOff' OR status_reason = 'noVolume'
            ),
            status_since INTEGER NOT NULL,
            is_on_legal_hold INTEGER NOT NULL CHECK (is_on_legal_hold IN (0, 1)),
            CONSTRAINT device_device_id UNIQUE (device_id),
            CONSTRAINT device_group_id UNIQUE (device_group, id),
            CHECK ((owner IS NULL) = (owner_lower IS NULL))
        ) STRICT;
        -- Filters of the lists: by name's beginning, serial number, owner.
        CREATE INDEX device_name ON device (name_lower);
        CREATE INDEX device_serial ON device (serial) WHERE serial IS NOT NULL;
        CREATE INDEX device_owner ON device (owner_lower) WHERE owner_lower IS NOT NULL;

        -- How many devices in use have which status, kept as devices change: counting ten million takes a second.
        CREATE TABLE device_count (
            device_group TEXT NOT NULL,
            status TEXT NOT NULL CHECK (
                status = 'escrowed' OR status = 'pending' OR status = 'failed' OR status = 'notAvailable'
            ),
            devices INTEGER NOT NULL CHECK (devices >= 0),
            PRIMARY KEY (device_group, status)
        ) STRICT;

        -- The group is its device's, kept here for lists of a scope: the foreign key keeps it true.
        -- The current key, its proof and its age are kept here for lists too; `Transaction` keeps them true.
        CREATE TABLE volume (
            id INTEGER PRIMARY KEY,
            device INTEGER NOT NULL,
            device_group TEXT NOT NULL,
            volume_id BLOB NOT NULL CHECK (length(volume_id) = 16),
            kind TEXT NOT NULL CHECK (kind = 'operatingSystem' OR kind = 'fixedData' OR kind = 'removableData'),
            label TEXT,
            protection TEXT NOT NULL CHECK (protection = 'on' OR protection = 'suspended' OR protection = 'off'),
            encrypted_percentage INTEGER NOT NULL CHECK (encrypted_percentage BETWEEN 0 AND 100),
            protectors BLOB NOT NULL,
            is_present INTEGER NOT NULL CHECK (is_present IN (0, 1)),
            status TEXT NOT NULL CHECK (
                status = 'escrowed' OR status = 'pending' OR status = 'failed' OR status = 'notAvailable'
            ),
            status_reason TEXT NOT NULL CHECK (
                status_reason = 'none' OR status_reason = 'awaitingDeposit' OR status_reason = 'awaitingProof'
                OR status_reason = 'noRecoveryProtector' OR status_reason = 'rotationUnderWay'
                OR status_reason = 'deviceReported' OR status_reason = 'proofRefuted'
                OR status_reason = 'deadlinePassed' OR status_reason = 'protectorMismatch'
                OR status_reason = 'bitLockerOff' OR status_reason = 'noVolume'
            ),
            status_since INTEGER NOT NULL,
            deadline INTEGER,
            failure_reason TEXT CHECK (
                failure_reason = 'none' OR failure_reason = 'awaitingDeposit' OR failure_reason = 'awaitingProof'
                OR failure_reason = 'noRecoveryProtector' OR failure_reason = 'rotationUnderWay'
                OR failure_reason = 'deviceReported' OR failure_reason = 'proofRefuted'
                OR failure_reason = 'deadlinePassed' OR failure_reason = 'protectorMismatch'
                OR failure_reason = 'bitLockerOff' OR failure_reason = 'noVolume'
            ),
            failure_at INTEGER,
            failure_detail TEXT,
            highest_nonce INTEGER NOT NULL CHECK (highest_nonce BETWEEN 0 AND 4294967295),
            current_key INTEGER,
            current_proof TEXT CHECK (
                current_proof = 'unproven' OR current_proof = 'proven' OR current_proof = 'refuted'
            ),
            current_deposited_at INTEGER,
            CONSTRAINT volume_device_volume_id UNIQUE (device, volume_id),
            FOREIGN KEY (device_group, device) REFERENCES device (device_group, id) ON UPDATE CASCADE,
            CHECK ((failure_reason IS NULL) = (failure_at IS NULL)),
            CHECK ((failure_reason IS NULL) = (failure_detail IS NULL)),
            CHECK ((current_key IS NULL) = (current_proof IS NULL)),
            CHECK ((current_key IS NULL) = (current_deposited_at IS NULL))
        ) STRICT;
        -- Filters of the list of keys.
        CREATE INDEX volume_device_group ON volume (device_group, +id);
        CREATE INDEX volume_status ON volume (status, +id);
        CREATE INDEX volume_status_reason ON volume (status_reason, +id);
        CREATE INDEX volume_kind ON volume (kind, +id);
        CREATE INDEX volume_current_proof ON volume (current_proof, +id);
        CREATE INDEX volume_current_deposited_at ON volume (current_deposited_at)
            WHERE current_deposited_at IS NOT NULL;
        -- The sweep that turns pending into failed.
        CREATE INDEX volume_deadline ON volume (deadline) WHERE status = 'pending';

        -- What a device uploaded of a volume for proof. By itself, since it is large and seldom read.
        CREATE TABLE volume_metadata (
            volume INTEGER PRIMARY KEY REFERENCES volume (id),
            metadata BLOB NOT NULL
        ) STRICT;

        CREATE TABLE escrowed_key (
            id INTEGER PRIMARY KEY,
            volume INTEGER NOT NULL REFERENCES volume (id),
            protector_id BLOB NOT NULL CHECK (length(protector_id) = 16),
            key_id_prefix INTEGER NOT NULL CHECK (key_id_prefix BETWEEN 0 AND 4294967295),
            kind TEXT NOT NULL CHECK (kind IN ('recoveryPassword', 'recoveryKey')),
            version INTEGER NOT NULL CHECK (version >= 1),
            state TEXT NOT NULL CHECK (state = 'active' OR state = 'superseded' OR state = 'purged'),
            proof TEXT NOT NULL CHECK (proof = 'unproven' OR proof = 'proven' OR proof = 'refuted'),
            proof_reason TEXT,
            deposited_at INTEGER NOT NULL,
            proven_at INTEGER,
            disclosed_at INTEGER,
            superseded_at INTEGER,
            purge_after INTEGER,
            fingerprint BLOB NOT NULL,
            sealed BLOB,
            CONSTRAINT escrowed_key_volume_protector_version UNIQUE (volume, protector_id, version),
            CHECK ((sealed IS NULL) = (state = 'purged'))
        ) STRICT;
        -- Look-up by Key ID, in the order of the list.
        CREATE INDEX escrowed_key_key_id_prefix ON escrowed_key (key_id_prefix, volume);
        -- The sweep that ends retention.
        CREATE INDEX escrowed_key_purge_after ON escrowed_key (purge_after) WHERE state = 'superseded';

        CREATE TABLE rotation (
            id INTEGER PRIMARY KEY,
            rotation_id BLOB NOT NULL CHECK (length(rotation_id) = 16),
            volume INTEGER NOT NULL REFERENCES volume (id),
            cause TEXT NOT NULL CHECK (
                cause = 'manual' OR cause = 'recoveryUsed' OR cause = 'disclosed' OR cause = 'age'
                OR cause = 'compromised'
            ),
            kind TEXT NOT NULL CHECK (kind IN ('recoveryPassword', 'recoveryKey')),
            replaces BLOB NOT NULL CHECK (length(replaces) % 16 = 0),
            requested_by TEXT NOT NULL,
            idempotency_key TEXT,
            requested_at INTEGER NOT NULL,
            not_before INTEGER NOT NULL,
            deadline INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (
                state = 'requested' OR state = 'delivered' OR state = 'escrowed' OR state = 'completed'
                OR state = 'failed' OR state = 'expired' OR state = 'cancelled'
            ),
            new_protector BLOB CHECK (length(new_protector) = 16),
            delivered_at INTEGER,
            escrowed_at INTEGER,
            finished_at INTEGER,
            failure TEXT,
            CONSTRAINT rotation_rotation_id UNIQUE (rotation_id),
            CHECK ((finished_at IS NULL) = (state = 'requested' OR state = 'delivered' OR state = 'escrowed'))
        ) STRICT;
        CREATE INDEX rotation_volume ON rotation (volume, +id);
        CREATE UNIQUE INDEX rotation_one_open ON rotation (volume) WHERE finished_at IS NULL;
        CREATE UNIQUE INDEX rotation_idempotency_key ON rotation (volume, requested_by, idempotency_key)
            WHERE idempotency_key IS NOT NULL;
        -- The sweep that ends what nobody answers.
        CREATE INDEX rotation_deadline ON rotation (deadline) WHERE finished_at IS NULL;

        CREATE TABLE api_token (
            id INTEGER PRIMARY KEY,
            token_id BLOB NOT NULL CHECK (length(token_id) = 16),
            name TEXT NOT NULL,
            hash BLOB NOT NULL,
            role TEXT NOT NULL CHECK (
                role = 'reader' OR role = 'helpdesk' OR role = 'administrator' OR role = 'auditor'
                OR role = 'owner' OR role = 'device' OR role = 'system'
            ),
            scope TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            CONSTRAINT api_token_token_id UNIQUE (token_id)
        ) STRICT;

        CREATE TABLE enrolment_token (
            id INTEGER PRIMARY KEY,
            token_id BLOB NOT NULL CHECK (length(token_id) = 16),
            name TEXT NOT NULL,
            hash BLOB NOT NULL,
            device_group TEXT NOT NULL,
            maximum_uses INTEGER CHECK (maximum_uses >= 1),
            uses INTEGER NOT NULL CHECK (uses >= 0),
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            CONSTRAINT enrolment_token_token_id UNIQUE (token_id),
            CHECK (maximum_uses IS NULL OR uses <= maximum_uses)
        ) STRICT;

        CREATE TABLE keyring (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            generation INTEGER NOT NULL,
            document BLOB NOT NULL
        ) STRICT;

        -- The log: what a leaf is made of (kind, time, commitment), its content until that is erased, and what is
        -- filtered by.
        CREATE TABLE audit_entry (
            id INTEGER PRIMARY KEY CHECK (id >= 0),
            time INTEGER NOT NULL,
            kind TEXT NOT NULL,
            commitment BLOB NOT NULL CHECK (length(commitment) = 32),
            principal TEXT,
            name TEXT,
            device BLOB CHECK (length(device) = 16),
            device_group TEXT,
            source TEXT,
            outcome TEXT NOT NULL CHECK (outcome = 'success' OR outcome = 'denied' OR outcome = 'failure'),
            salt BLOB CHECK (length(salt) = 32),
            record BLOB,
            CHECK ((salt IS NULL) = (record IS NULL))
        ) STRICT;
        -- Filters of the log.
        CREATE INDEX audit_entry_principal ON audit_entry (principal, +id) WHERE principal IS NOT NULL;
        CREATE INDEX audit_entry_name ON audit_entry (name, +id) WHERE name IS NOT NULL;
        CREATE INDEX audit_entry_device ON audit_entry (device, +id) WHERE device IS NOT NULL;
        CREATE INDEX audit_entry_device_group ON audit_entry (device_group, +id) WHERE device_group IS NOT NULL;
        CREATE INDEX audit_entry_kind ON audit_entry (kind, +id);
        CREATE INDEX audit_entry_source ON audit_entry (source, +id);
        -- Most succeed, and are found by walking the log.
        CREATE INDEX audit_entry_outcome ON audit_entry (outcome, +id) WHERE outcome <> 'success';

        -- Signed heads that are kept, with the edge of the tree at each: a proof or a check starts at one, not at
        -- the beginning.
        CREATE TABLE audit_checkpoint (
            size INTEGER PRIMARY KEY CHECK (size >= 1),
            edge BLOB NOT NULL,
            note BLOB NOT NULL
        ) STRICT;

        CREATE TABLE audit_head (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            origin TEXT NOT NULL,
            size INTEGER NOT NULL CHECK (size >= 0),
            root BLOB NOT NULL CHECK (length(root) = 32),
            edge BLOB NOT NULL,
            note BLOB NOT NULL,
            last_time INTEGER NOT NULL
        ) STRICT;
        """
}

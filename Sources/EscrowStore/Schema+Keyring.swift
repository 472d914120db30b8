extension Schema {
    /// Which keys of the keyring a secret is sealed to, the work of sealing it to others, and proofs that were put off.
    ///
    /// The seal epoch is the keyring's when the secret was last sealed, and 0 once it is purged. What is of an earlier one is to be rewrapped, which
    /// is what the index is for; what is of a version's epochs keeps that version from being destroyed.
    static let keyringWork = """
        ALTER TABLE keyring ADD COLUMN seal_epoch INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE escrowed_key ADD COLUMN seal_epoch INTEGER NOT NULL DEFAULT 1;
        UPDATE escrowed_key SET seal_epoch = 0 WHERE sealed IS NULL;
        CREATE INDEX escrowed_key_seal_epoch ON escrowed_key (seal_epoch, +id);

        -- How far sealing anew has come. One row, of the last time.
        CREATE TABLE keyring_rewrap (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            seal_epoch INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            total INTEGER NOT NULL CHECK (total >= 0),
            rewrapped INTEGER NOT NULL CHECK (rewrapped >= 0),
            failed INTEGER NOT NULL CHECK (failed >= 0),
            after_epoch INTEGER NOT NULL,
            after_key INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;

        -- Metadata of secrets that were deposited unproven and are proven later, in the order of deposit.
        CREATE TABLE proof_backlog (
            escrowed_key INTEGER PRIMARY KEY REFERENCES escrowed_key (id),
            metadata BLOB NOT NULL
        ) STRICT;
        """
}

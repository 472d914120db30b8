package import BitLocker
package import EscrowModel

extension Reader {
    /// The leak response with an ID.
    package func compromise(_ id: GUID) throws(StoreError) -> Compromise? {
        try self.connection.first(CompromiseColumns.byID, .guid(id), read: CompromiseColumns.read)
    }

    /// The open leak response to a target.
    package func openCompromise(of target: Compromise.Target) throws(StoreError) -> Compromise? {
        let (kind, text, since) = CompromiseColumns.values(of: target)
        return try self.connection.first(CompromiseColumns.open, kind, text, since, read: CompromiseColumns.read)
    }

    /// The leak responses that are open.
    package func openCompromises() throws(StoreError) -> [Compromise] {
        try self.connection.all(CompromiseColumns.allOpen, read: CompromiseColumns.read)
    }

    /// The latest leak responses, the newest first.
    package func compromises(limit: Int) throws(StoreError) -> [Compromise] {
        try self.connection.all(CompromiseColumns.latest, .integer(limit), read: CompromiseColumns.read)
    }

    /// How far a leak response has come.
    package func progress(of compromise: Compromise) throws(StoreError) -> CompromiseProgress {
        var volumes: [CompromisedVolume.State: Int] = [:]
        for state in CompromisedVolume.State.allCases {
            let count = try self.connection.first(
                CompromisedVolumeColumns.count,
                .integer(compromise.row),
                .word(state)
            ) { row throws(StoreError) in try row.int() }
            volumes[state] = count ?? 0
        }
        let unheard = try self.connection.first(
            CompromisedVolumeColumns.unheard,
            .integer(compromise.row),
            .time(compromise.startedAt)
        ) { row throws(StoreError) in try row.int() }
        return CompromiseProgress(volumes: volumes, unheard: unheard ?? 0)
    }

    /// Volumes of a leak response in a state, in the order in which they were found.
    package func compromisedVolumes(
        of compromise: Compromise,
        _ state: CompromisedVolume.State,
        limit: Int
    ) throws(StoreError) -> [CompromisedVolume] {
        try self.connection.all(
            CompromisedVolumeColumns.inState,
            .integer(compromise.row),
            .word(state),
            .integer(limit),
            read: CompromisedVolumeColumns.read
        )
    }

    /// The volumes, one a leak response, that wait for a rotation to end.
    package func compromisedVolumes(awaiting rotation: GUID) throws(StoreError) -> [CompromisedVolume] {
        try self.connection.all(
            CompromisedVolumeColumns.byRotation,
            .guid(rotation),
            read: CompromisedVolumeColumns.read
        )
    }
}

extension Transaction {
    /// Keeps a new leak response. There must be no open one to the same target.
    package func insert(_ compromise: Compromise) throws(StoreError) {
        let (kind, text, since) = CompromiseColumns.values(of: compromise.target)
        try self.connection.run(
            CompromiseColumns.insert,
            .guid(compromise.id),
            kind,
            text,
            since,
            .integer(compromise.perMinute),
            .text(compromise.startedBy),
            .time(compromise.startedAt),
            .word(compromise.state),
            .integer(compromise.waveLeft),
            .time(compromise.nextWaveAt)
        )
    }

    /// Stores how far a leak response has come; all else of it stays as it was started.
    package func update(_ compromise: Compromise) throws(StoreError) {
        let changed = try self.connection.run(
            CompromiseColumns.update,
            .guid(compromise.id),
            .word(compromise.state),
            .integer(compromise.cursor),
            .integer(compromise.waveLeft),
            .time(compromise.nextWaveAt),
            .time(compromise.finishedAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }

    /// Adds a volume to a leak response, unless it is in it.
    package func insert(_ volume: CompromisedVolume) throws(StoreError) {
        try self.connection.run(
            CompromisedVolumeColumns.insert,
            .integer(volume.compromise),
            .integer(volume.volume),
            .word(volume.state),
            .guid(volume.rotation),
            .integer(volume.failures)
        )
    }

    /// Stores what became of a volume.
    package func update(_ volume: CompromisedVolume) throws(StoreError) {
        let changed = try self.connection.run(
            CompromisedVolumeColumns.update,
            .integer(volume.compromise),
            .integer(volume.volume),
            .word(volume.state),
            .guid(volume.rotation),
            .integer(volume.failures)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

private enum CompromiseColumns {
    private static let list = """
        id, compromise_id, target_kind, target, since, per_minute, started_by, started_at, state, at_cursor, \
        wave_left, next_wave_at, finished_at
        """

    static func values(of target: Compromise.Target) -> (SQLValue, SQLValue, SQLValue) {
        switch target {
        case .device(let id): (.text("device"), .text(id.description), .integer(0))
        case .group(let name): (.text("group"), .text(name), .integer(0))
        case .disclosedTo(let caller, let since): (.text("disclosedTo"), .text(caller), .time(since))
        }
    }

    static func read(_ row: inout Row) throws(StoreError) -> Compromise {
        Compromise(
            row: try row.integer(),
            id: try row.guid(),
            target: try Self.target(&row),
            perMinute: try row.int(),
            startedBy: try row.text(),
            startedAt: try row.time(),
            state: try row.word(),
            cursor: try row.optionalInteger(),
            waveLeft: try row.int(),
            nextWaveAt: try row.time(),
            finishedAt: try row.optionalTime()
        )
    }

    private static func target(_ row: inout Row) throws(StoreError) -> Compromise.Target {
        let (kind, text, since) = (try row.text(), try row.text(), try row.time())
        switch kind {
        case "group": return .group(text)
        case "disclosedTo": return .disclosedTo(text, since: since)
        default:
            guard let id = GUID(text) else { throw row.broken() }
            return .device(id)
        }
    }

    static let byID = SQL("SELECT \(Self.list) FROM compromise WHERE compromise_id = $1")
    static let open = SQL(
        """
        SELECT \(Self.list) FROM compromise
        WHERE target_kind = $1 AND target = $2 AND since = $3 AND finished_at IS NULL
        """
    )
    static let allOpen = SQL(
        """
        SELECT \(Self.list) FROM compromise
        WHERE finished_at IS NULL AND (target_kind = 'device' OR target_kind = 'group' OR target_kind = 'disclosedTo')
        ORDER BY id
        """
    )
    static let latest = SQL("SELECT \(Self.list) FROM compromise WHERE id > 0 ORDER BY id DESC LIMIT $1")
    static let insert = SQL(
        """
        INSERT INTO compromise (compromise_id, target_kind, target, since, per_minute, started_by, started_at, state,
            wave_left, next_wave_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """
    )
    static let update = SQL(
        """
        UPDATE compromise SET state = $2, at_cursor = $3, wave_left = $4, next_wave_at = $5, finished_at = $6
        WHERE compromise_id = $1
        """
    )
}

private enum CompromisedVolumeColumns {
    private static let list = "compromise, volume, state, rotation_id, failures"

    static func read(_ row: inout Row) throws(StoreError) -> CompromisedVolume {
        CompromisedVolume(
            compromise: try row.integer(),
            volume: try row.integer(),
            state: try row.word(),
            rotation: try row.optionalGUID(),
            failures: try row.int()
        )
    }

    static let count = SQL("SELECT count(*) FROM compromised_volume WHERE compromise = $1 AND state = $2")
    static let unheard = SQL(
        """
        SELECT count(*) FROM compromised_volume JOIN volume ON volume.id = compromised_volume.volume
        JOIN device ON device.id = volume.device
        WHERE compromised_volume.compromise = $1 AND compromised_volume.state = 'requested'
            AND device.last_seen_at < $2
        """
    )
    static let inState = SQL(
        "SELECT \(Self.list) FROM compromised_volume WHERE compromise = $1 AND state = $2 ORDER BY id LIMIT $3"
    )
    static let byRotation = SQL(
        "SELECT \(Self.list) FROM compromised_volume WHERE rotation_id = $1 AND state = 'requested'"
    )
    static let insert = SQL(
        """
        INSERT INTO compromised_volume (\(Self.list)) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (volume, compromise) DO NOTHING
        """
    )
    static let update = SQL(
        """
        UPDATE compromised_volume SET state = $3, rotation_id = $4, failures = $5 WHERE compromise = $1 AND volume = $2
        """
    )
}

package import BitLocker
package import EscrowModel

/// Body of `POST /api/compromises`: exactly one of device, group and caller.
package struct CompromiseRequest: Codable, Equatable, Sendable {
    /// Every key of this device.
    package var deviceId: GUID?
    /// Every key of this device group.
    package var group: String?
    /// What was disclosed to this caller: a principal, or else a name.
    package var disclosedTo: String?
    /// Since when; needed with `disclosedTo`.
    package var since: Timestamp?
    /// How many rotations to ask for in a minute; 60 when absent.
    package var perMinute: Int?
    /// Only count what would be replaced.
    package var dryRun: Bool?

    /// Makes a request from its parts.
    package init(
        deviceId: GUID? = nil,
        group: String? = nil,
        disclosedTo: String? = nil,
        since: Timestamp? = nil,
        perMinute: Int? = nil,
        dryRun: Bool? = nil
    ) {
        self.deviceId = deviceId
        self.group = group
        self.disclosedTo = disclosedTo
        self.since = since
        self.perMinute = perMinute
        self.dryRun = dryRun
    }
}

/// What a leak response would replace.
package struct CompromisePreviewDocument: Codable, Equatable, Sendable {
    /// How many devices have such keys.
    package var devices: Int
    /// How many volumes.
    package var volumes: Int
    /// How many keys in use.
    package var keys: Int

    /// Makes it from its parts.
    package init(devices: Int, volumes: Int, keys: Int) {
        self.devices = devices
        self.volumes = volumes
        self.keys = keys
    }
}

/// A leak response with its progress, in volumes.
package struct CompromiseDocument: Codable, Equatable, Sendable {
    /// The ID.
    package var id: GUID
    /// How far it has come.
    package var state: Compromise.State
    /// The device whose keys it is about.
    package var deviceId: GUID?
    /// The group whose keys it is about.
    package var group: String?
    /// The caller whose disclosures it is about.
    package var disclosedTo: String?
    /// Since when.
    package var since: Timestamp?
    /// How many rotations are asked for in a minute.
    package var perMinute: Int
    /// When it was started.
    package var startedAt: Timestamp
    /// By whom.
    package var startedBy: String
    /// When it ended.
    package var finishedAt: Timestamp?
    /// How many volumes there are.
    package var total: Int
    /// How many wait for a later wave.
    package var waiting: Int
    /// How many have a rotation under way.
    package var requested: Int
    /// How many of those are of devices that were not heard from since the start.
    package var unheard: Int
    /// How many have no compromised key in use any more.
    package var completed: Int
    /// How many could not be done.
    package var failed: Int
    /// How many are of devices that are retired or never came, or are gone.
    package var notReachable: Int

    /// Shows a leak response.
    package init(_ compromise: Compromise, _ progress: CompromiseProgress) {
        self.id = compromise.id
        self.state = compromise.state
        switch compromise.target {
        case .device(let id): self.deviceId = id
        case .group(let name): self.group = name
        case .disclosedTo(let caller, let since):
            self.disclosedTo = caller
            self.since = since
        }
        self.perMinute = compromise.perMinute
        self.startedAt = compromise.startedAt
        self.startedBy = compromise.startedBy
        self.finishedAt = compromise.finishedAt
        self.total = progress.total
        self.waiting = progress.volumes[.waiting] ?? 0
        self.requested = progress.volumes[.requested] ?? 0
        self.unheard = progress.unheard
        self.completed = progress.volumes[.completed] ?? 0
        self.failed = progress.volumes[.failed] ?? 0
        self.notReachable = progress.volumes[.notReachable] ?? 0
    }
}

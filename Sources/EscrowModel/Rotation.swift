package import BitLocker

/// The replacement of a volume's recovery protectors: a new one added, escrowed and proven, then the old ones removed.
package struct Rotation: Equatable, Sendable {
    /// How far it has come.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// Asked for; the device has not fetched it yet.
        case requested
        /// The device has been told to add a protector.
        case delivered
        /// The new secret is here and proven; the old protectors may go.
        case escrowed
        /// The old protectors are gone.
        case completed
        /// It could not be done.
        case failed
        /// The device never fetched it.
        case expired
        /// Called off before the device fetched it.
        case cancelled

        /// Whether something is still to come.
        package var isOpen: Bool {
            switch self {
            case .requested, .delivered, .escrowed: true
            case .completed, .failed, .expired, .cancelled: false
            }
        }
    }

    /// Why it was asked for.
    package enum Trigger: String, CaseIterable, Sendable, Codable {
        case manual
        case recoveryUsed
        case disclosed
        case age
        case compromised
    }

    /// What happens to a rotation.
    package enum Event: Equatable, Sendable {
        /// The device was told.
        case delivered
        /// The new protector's secret is here, and is proven where proof is required.
        case escrowed(newProtector: GUID)
        /// None of the protectors to be replaced is on the volume any more.
        case oldProtectorsGone
        /// The device, or a refuted proof, says why it cannot be done.
        case failed(reason: String)
        /// Its deadline passed.
        case deadlinePassed
        /// Somebody called it off.
        case cancelled
    }

    /// The rotation's ID; for the device also the instruction's.
    package let id: GUID
    /// The store's number of its volume.
    package let volume: Int64
    /// The volume's ID.
    package let volumeID: GUID
    /// Why it was asked for first, or that the key was compromised, which counts before all else.
    package private(set) var trigger: Trigger
    /// The kind of protector to add.
    package let kind: SecretKind
    /// The protectors to be removed once the new one is proven.
    package var replaces: [GUID]
    /// Who asked, in the words of the audit log.
    package let requestedBy: String
    /// The caller's idempotency key, if one was sent.
    package let idempotencyKey: String?
    /// When it was asked for.
    package let requestedAt: Timestamp
    /// Before this it is not handed to the device.
    package var notBefore: Timestamp
    /// By when the present state must have been left.
    package var deadline: Timestamp
    /// How far it has come.
    package private(set) var state: State
    /// The protector that the device added.
    package private(set) var newProtector: GUID?
    /// When it was handed to the device.
    package private(set) var deliveredAt: Timestamp?
    /// When the new secret was here and proven.
    package private(set) var escrowedAt: Timestamp?
    /// When it ended, well or not.
    package private(set) var finishedAt: Timestamp?
    /// Why it failed.
    package private(set) var failure: String?

    /// Makes a rotation as it is asked for.
    package init(
        id: GUID,
        volume: Int64,
        volumeID: GUID,
        trigger: Trigger,
        kind: SecretKind,
        replaces: [GUID],
        requestedBy: String,
        idempotencyKey: String? = nil,
        requestedAt: Timestamp,
        notBefore: Timestamp,
        deadline: Timestamp
    ) {
        self.id = id
        self.volume = volume
        self.volumeID = volumeID
        self.trigger = trigger
        self.kind = kind
        self.replaces = replaces
        self.requestedBy = requestedBy
        self.idempotencyKey = idempotencyKey
        self.requestedAt = requestedAt
        self.notBefore = notBefore
        self.deadline = deadline
        self.state = .requested
    }

    /// Brings back a rotation that the store kept.
    package init(
        asRequested request: Rotation,
        state: State,
        newProtector: GUID?,
        deliveredAt: Timestamp?,
        escrowedAt: Timestamp?,
        finishedAt: Timestamp?,
        failure: String?
    ) {
        self = request
        self.state = state
        self.newProtector = newProtector
        self.deliveredAt = deliveredAt
        self.escrowedAt = escrowedAt
        self.finishedAt = finishedAt
        self.failure = failure
    }

    /// Moves on. False, and nothing changes, when the event does not fit the state: a device may say everything twice
    /// and late.
    package mutating func apply(_ event: Event, at now: Timestamp, patience: TimeSpan) -> Bool {
        switch (self.state, event) {
        case (.requested, .delivered):
            self.state = .delivered
            self.deliveredAt = now
            self.deadline = now + patience
        case (.delivered, .escrowed(let newProtector)):
            self.state = .escrowed
            self.newProtector = newProtector
            self.escrowedAt = now
            self.deadline = now + patience
        case (.escrowed, .oldProtectorsGone):
            self.finish(.completed, at: now)
        case (.delivered, .failed(let reason)), (.escrowed, .failed(let reason)):
            self.failure = reason
            self.finish(.failed, at: now)
        case (.requested, .deadlinePassed):
            self.finish(.expired, at: now)
        case (.delivered, .deadlinePassed), (.escrowed, .deadlinePassed):
            self.failure = "deadlinePassed"
            self.finish(.failed, at: now)
        case (.requested, .cancelled):
            self.finish(.cancelled, at: now)
        case (.requested, .escrowed), (.requested, .oldProtectorsGone), (.requested, .failed),
            (.delivered, .delivered), (.delivered, .oldProtectorsGone), (.delivered, .cancelled),
            (.escrowed, .delivered), (.escrowed, .escrowed), (.escrowed, .cancelled),
            (.completed, _), (.failed, _), (.expired, _), (.cancelled, _):
            return false
        }
        return true
    }

    /// Takes in a second request while this one is open: more to replace, and sooner if that is what it wants.
    ///
    /// What the device was already told stays as it was told.
    package mutating func join(replaces more: [GUID], notBefore: Timestamp, trigger: Trigger = .manual) {
        guard self.state == .requested else { return }
        if trigger == .compromised { self.trigger = .compromised }
        self.replaces += more.filter { !self.replaces.contains($0) }
        self.notBefore = min(self.notBefore, notBefore)
    }

    private mutating func finish(_ state: State, at now: Timestamp) {
        self.state = state
        self.finishedAt = now
    }
}

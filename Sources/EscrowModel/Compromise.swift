package import BitLocker

/// A leak and the answer to it: what may be known to somebody who should not know it is replaced, in waves.
package struct Compromise: Equatable, Sendable {
    /// Whose keys may be known.
    package enum Target: Hashable, Sendable {
        /// Every key of a device.
        case device(GUID)
        /// Every key of a device group.
        case group(String)
        /// The keys that were disclosed to a caller since a time: a principal of the audit log, or else a name.
        case disclosedTo(String, since: Timestamp)
    }

    /// How far it has come.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// The keys are being looked up and marked.
        case collecting
        /// Their rotations are asked for, wave by wave, and waited for.
        case running
        /// Every key was replaced, or it is known why it cannot be.
        case ended
        /// Called off; rotations that were asked for go on.
        case cancelled
    }

    /// How many rotations a minute can be asked for.
    package static let rates = 1...10_000

    /// The store's number; 0 before it is stored.
    package let row: Int64
    /// The ID.
    package let id: GUID
    /// Whose keys.
    package let target: Target
    /// How many rotations are asked for in a minute.
    package let perMinute: Int
    /// Who started it, in the words of the audit log.
    package let startedBy: String
    /// When it was started; what is disclosed later is none of it.
    package let startedAt: Timestamp
    /// How far it has come.
    package var state: State
    /// Where collecting goes on: a device's number, or a place in the log.
    package var cursor: Int64?
    /// How many rotations are left of the present wave.
    package private(set) var waveLeft: Int
    /// When the next wave begins.
    package private(set) var nextWaveAt: Timestamp
    /// When it ended.
    package private(set) var finishedAt: Timestamp?

    /// Makes one from its parts; as it is started when nothing is said of how far it came.
    package init(
        row: Int64 = 0,
        id: GUID,
        target: Target,
        perMinute: Int,
        startedBy: String,
        startedAt: Timestamp,
        state: State = .collecting,
        cursor: Int64? = nil,
        waveLeft: Int = 0,
        nextWaveAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil
    ) {
        self.row = row
        self.id = id
        self.target = target
        self.perMinute = perMinute
        self.startedBy = startedBy
        self.startedAt = startedAt
        self.state = state
        self.cursor = cursor
        self.waveLeft = waveLeft
        self.nextWaveAt = nextWaveAt ?? startedAt
        self.finishedAt = finishedAt
    }

    /// Takes from the wave: how many rotations may be asked for now, at most `limit`.
    package mutating func takeFromWave(atMost limit: Int, at now: Timestamp) -> Int {
        if now >= self.nextWaveAt {
            self.waveLeft = self.perMinute
            self.nextWaveAt = now + .minutes(1)
        }
        let taken = min(limit, self.waveLeft)
        self.waveLeft -= taken
        return taken
    }

    /// Gives back what was taken and not needed.
    package mutating func giveBack(_ count: Int) { self.waveLeft += count }

    /// Ends it. False, and nothing changes, when it had ended.
    package mutating func finish(_ state: State, at now: Timestamp) -> Bool {
        guard self.finishedAt == nil else { return false }
        self.state = state
        self.finishedAt = now
        return true
    }
}

/// A volume within a leak response.
package struct CompromisedVolume: Equatable, Sendable {
    /// What became of its keys.
    package enum State: String, CaseIterable, Sendable, Codable {
        /// No rotation was asked for yet.
        case waiting
        /// A rotation is under way.
        case requested
        /// No compromised key is in use any more.
        case completed
        /// The rotations failed, the last one too.
        case failed
        /// The device is retired, the volume is gone, or nobody fetched the rotation.
        case notReachable
    }

    /// How often a rotation is asked for before it counts as failed.
    package static let attempts = 3

    /// The store's number of the leak response.
    package let compromise: Int64
    /// The store's number of the volume.
    package let volume: Int64
    /// What became of its keys.
    package var state: State
    /// The rotation, once there is one.
    package var rotation: GUID?
    /// How many rotations failed.
    package var failures: Int

    /// Makes one from its parts.
    package init(compromise: Int64, volume: Int64, state: State, rotation: GUID?, failures: Int) {
        self.compromise = compromise
        self.volume = volume
        self.state = state
        self.rotation = rotation
        self.failures = failures
    }

    /// What follows from the end of its rotation.
    ///
    /// - Parameter isLeft: whether a compromised key is still in use.
    package mutating func rotationEnded(_ ended: Rotation.State, isLeft: Bool) {
        guard self.state == .requested else { return }
        switch ended {
        case .completed:
            // A rotation that was under way may have replaced another kind of protector only.
            self.state = isLeft ? .waiting : .completed
        case .expired:
            self.state = .notReachable
        case .failed, .cancelled:
            self.failures += 1
            self.state = self.failures < Self.attempts ? .waiting : .failed
        case .requested, .delivered, .escrowed:
            break
        }
    }
}

/// How far a leak response has come, in volumes.
package struct CompromiseProgress: Equatable, Sendable {
    /// How many have each state.
    package var volumes: [CompromisedVolume.State: Int]
    /// Of those whose rotation is under way, how many are of devices that were not heard from since the start.
    package var unheard: Int

    /// Makes it from its parts.
    package init(volumes: [CompromisedVolume.State: Int], unheard: Int) {
        self.volumes = volumes
        self.unheard = unheard
    }

    /// How many there are.
    package var total: Int { self.volumes.values.reduce(0, +) }
}

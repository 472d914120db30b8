package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What a leak response would do, before anything is done.
package struct CompromisePreview: Equatable, Sendable {
    /// How many devices have such keys.
    package var devices = 0
    /// How many volumes.
    package var volumes = 0
    /// How many keys in use.
    package var keys = 0
}

extension EscrowService {
    /// Counts what a leak response would replace, and changes nothing.
    package func previewCompromise(
        of target: Compromise.Target,
        by caller: Caller
    ) async throws(EscrowError) -> CompromisePreview {
        let permit = try await self.requireCompromise(of: target, by: caller)
        var preview = CompromisePreview()
        var devices: Set<GUID> = []
        var volumes: Set<Int64> = []
        var keys: Set<Int64> = []
        var cursor: Int64?
        repeat {
            let after = cursor
            let (found, next) = try await self.snapshot { (reader) throws(StoreError) in
                let page = try reader.suspects(of: target, after: after, until: permit.now, limit: Self.collectBatch)
                var found: [(device: GUID, keys: [EscrowedKey])] = []
                for suspect in page.items {
                    let keys = try reader.keys(of: suspect.device).filter {
                        $0.state == .active && suspect.includes($0)
                    }
                    if !keys.isEmpty { found.append((suspect.device.id, keys)) }
                }
                return (found, page.next)
            }
            for suspect in found {
                devices.insert(suspect.device)
                volumes.formUnion(suspect.keys.map(\.volume))
                keys.formUnion(suspect.keys.map(\.row))
            }
            // A group names each device once, so that what was counted need not be kept.
            if next == nil || !target.mayRepeat {
                preview.devices += devices.count
                preview.volumes += volumes.count
                preview.keys += keys.count
                (devices, volumes, keys) = ([], [], [])
            }
            cursor = next
        } while cursor != nil
        return preview
    }

    /// Declares keys compromised and begins to have them replaced. The same again joins what is open.
    ///
    /// - Parameter perMinute: how many rotations are asked for in a minute.
    package func startCompromise(
        of target: Compromise.Target,
        perMinute: Int,
        by caller: Caller
    ) async throws(EscrowError) -> (compromise: Compromise, isNew: Bool) {
        let rates = Compromise.rates
        guard rates.contains(perMinute) else {
            throw .invalid(field: "perMinute", problem: "must be \(rates.lowerBound) to \(rates.upperBound)")
        }
        let permit = try await self.requireCompromise(of: target, by: caller)
        var generator = SystemRandomNumberGenerator()
        let new = Compromise(
            id: .random(using: &generator),
            target: target,
            perMinute: perMinute,
            startedBy: caller.principal,
            startedAt: permit.now
        )
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<(Compromise, Bool)> in
            if let open = try transaction.openCompromise(of: target) {
                return .done((open, false), [permit.event(.compromiseStarted, detail: "\(open.id) joined")])
            }
            try transaction.insert(new)
            return .done((new, true), [permit.event(.compromiseStarted, detail: "\(new.id) \(target.text)")])
        }
    }

    /// The latest leak responses with their progress, the newest first.
    package func compromises(
        by caller: Caller
    ) async throws(EscrowError) -> [(compromise: Compromise, progress: CompromiseProgress)] {
        try await self.require(.declareCompromise, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.compromises(limit: 20).map { (compromise) throws(StoreError) in
                (compromise, try reader.progress(of: compromise))
            }
        }
    }

    /// A leak response with its progress.
    package func compromise(
        _ id: GUID,
        by caller: Caller
    ) async throws(EscrowError) -> (compromise: Compromise, progress: CompromiseProgress) {
        let found = try await self.snapshot { (reader) throws(StoreError) -> (Compromise, CompromiseProgress)? in
            try reader.compromise(id).map { (found) throws(StoreError) in (found, try reader.progress(of: found)) }
        }
        guard let found else { throw .notFound }
        try await self.requireCompromise(of: found.0.target, by: caller)
        return found
    }

    /// Calls a leak response off. Keys stay marked, and rotations that were asked for go on.
    package func cancelCompromise(_ id: GUID, by caller: Caller) async throws(EscrowError) -> Compromise {
        guard
            let target = try await self.snapshot({ (reader) throws(StoreError) in try reader.compromise(id)?.target })
        else { throw .notFound }
        let permit = try await self.requireCompromise(of: target, by: caller)
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Compromise> in
            guard var compromise = try transaction.compromise(id) else { return .refused(.notFound) }
            guard compromise.finish(.cancelled, at: permit.now) else { return .done(compromise, []) }
            try transaction.update(compromise)
            return .done(compromise, [permit.event(.compromiseCancelled, detail: id.description)])
        }
    }

    /// Whoever may declare a device's keys compromised may do it for one; a group, or a caller's disclosures, is for whoever
    /// has the whole fleet in scope.
    @discardableResult
    private func requireCompromise(
        of target: Compromise.Target,
        by caller: Caller
    ) async throws(EscrowError) -> Permit {
        guard case .device(let id) = target else {
            return try await self.require(.declareCompromise, by: caller, on: .installation)
        }
        guard let device = try await self.snapshot({ (reader) throws(StoreError) in try reader.device(id) }) else {
            throw .notFound
        }
        return try await self.require(
            .declareCompromise,
            by: caller,
            on: .device(id, group: device.group, owner: device.facts.owner)
        )
    }
}

extension Compromise.Target {
    /// Whether a device can be found more than once: a caller may have seen a key twice.
    fileprivate var mayRepeat: Bool {
        if case .disclosedTo = self { true } else { false }
    }

    /// Few words for the record.
    fileprivate var text: String {
        switch self {
        case .device(let id): "device \(id)"
        case .group(let name): "group \(name)"
        case .disclosedTo(let caller, let since): "disclosed to \(caller) since \(since)"
        }
    }
}

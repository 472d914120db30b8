import AuditLog
import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// A device some of whose keys may be known.
struct Suspect: Sendable {
    let device: Device
    /// Which of its keys, by protector; nil for all.
    let protector: GUID?

    func includes(_ key: EscrowedKey) -> Bool { self.protector.map { $0 == key.protectorID } ?? true }
}

extension Reader {
    /// Whose keys a leak response is about, a page of them; until a time, where that matters.
    func suspects(
        of target: Compromise.Target,
        after cursor: Int64?,
        until: Timestamp,
        limit: Int
    ) throws(StoreError) -> Page<Suspect> {
        switch target {
        case .device(let id):
            let device = try self.device(id)
            return Page(items: device.map { [Suspect(device: $0, protector: nil)] } ?? [], next: nil)
        case .group(let name):
            return try self.deviceListings(scope: .groups([name]), PageRequest(after: cursor, limit: limit))
                .map { Suspect(device: $0, protector: nil) }
        case .disclosedTo(let caller, let since):
            var filter = AuditFilter()
            filter.setCaller(caller)
            filter.kind = .keyDisclosed
            filter.since = since
            filter.before = until + TimeSpan(milliseconds: 1)
            let page = try self.auditListings(filter, PageRequest(after: cursor, limit: limit))
            var suspects: [Suspect] = []
            for entry in page.items {
                guard let record = entry.record, case .object(let members)? = try? CanonicalJSON(parsing: record),
                    case .string(let device)? = members["device"], case .string(let protector)? = members["protector"],
                    let id = GUID(device), let found = try self.device(id), let key = GUID(protector)
                else { continue }
                suspects.append(Suspect(device: found, protector: key))
            }
            return Page(items: suspects, next: page.next)
        }
    }
}

extension EscrowService {
    static let collectBatch = 200

    /// Goes on with every open leak response: marks keys, asks for the rotations that are due, and ends what is done. What is
    /// stored says where to go on, so that a kill at any moment loses nothing.
    ///
    /// Returns how many rotations were asked for.
    @discardableResult
    package func continueCompromises(batch: Int = 200) async throws(EscrowError) -> Int {
        var asked = 0
        for open in try await self.snapshot({ (reader) throws(StoreError) in try reader.openCompromises() }) {
            while try await self.collect(open.id) {}
            while let count = try await self.askOnce(open.id, batch: batch) {
                asked += count
                guard count == batch else { break }
            }
        }
        return asked
    }

    /// Marks a batch of keys. False when there is no more to mark.
    private func collect(_ id: GUID) async throws(EscrowError) -> Bool {
        let permit = self.permitOfTheLeakResponse
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Bool> in
            guard var compromise = try transaction.compromise(id), compromise.state == .collecting else {
                return .done(false, [])
            }
            let page = try transaction.suspects(
                of: compromise.target,
                after: compromise.cursor,
                until: compromise.startedAt,
                limit: Self.collectBatch
            )
            var events: [AuditEvent] = []
            for suspect in page.items {
                events += try self.mark(suspect, for: compromise, in: transaction, permit)
            }
            compromise.cursor = page.next
            if page.next == nil { compromise.state = .running }
            try transaction.update(compromise)
            return .done(page.next != nil, events)
        }
    }

    private func mark(
        _ suspect: Suspect,
        for compromise: Compromise,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> [AuditEvent] {
        var events: [AuditEvent] = []
        for volume in try transaction.volumes(of: suspect.device) {
            let keys = try transaction.keys(of: volume).filter { key in
                suspect.includes(key) && (key.state == .active || suspect.protector != nil && key.state != .purged)
            }
            for var key in keys where key.compromisedAt == nil {
                key.compromisedAt = compromise.startedAt
                try transaction.update(key)
                events.append(
                    permit.event(
                        .keyCompromised,
                        device: suspect.device,
                        volume: volume.id,
                        protector: key.protectorID,
                        detail: compromise.id.description
                    )
                )
            }
            guard keys.contains(where: { $0.state == .active }) else { continue }
            try transaction.insert(
                CompromisedVolume(
                    compromise: compromise.row,
                    volume: volume.row,
                    state: .waiting,
                    rotation: nil,
                    failures: 0
                )
            )
        }
        return events
    }

    /// Asks for the rotations of a wave, or a part of it. Nil when none is due.
    private func askOnce(_ id: GUID, batch: Int) async throws(EscrowError) -> Int? {
        let permit = self.permitOfTheLeakResponse
        let isDue = try await self.snapshot { (reader) throws(StoreError) -> Bool in
            guard var compromise = try reader.compromise(id), compromise.state == .running else { return false }
            let waiting = try reader.compromisedVolumes(of: compromise, .waiting, limit: 1)
            guard waiting.isEmpty else { return compromise.takeFromWave(atMost: 1, at: permit.now) == 1 }
            return try reader.compromisedVolumes(of: compromise, .requested, limit: 1).isEmpty
        }
        guard isDue else { return nil }
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int?> in
            guard var compromise = try transaction.compromise(id), compromise.state == .running else {
                return .done(nil, [])
            }
            let allowed = compromise.takeFromWave(atMost: batch, at: permit.now)
            let waiting = try transaction.compromisedVolumes(of: compromise, .waiting, limit: allowed)
            compromise.giveBack(allowed - waiting.count)
            var events: [AuditEvent] = []
            for volume in waiting { events += try self.ask(volume, in: transaction, permit) }
            if try transaction.compromisedVolumes(of: compromise, .waiting, limit: 1).isEmpty,
                try transaction.compromisedVolumes(of: compromise, .requested, limit: 1).isEmpty,
                compromise.finish(.ended, at: permit.now)
            {
                let progress = try transaction.progress(of: compromise)
                events.append(permit.event(.compromiseEnded, detail: "\(id) \(progress.text)"))
            }
            try transaction.update(compromise)
            return .done(waiting.count, events)
        }
    }

    private func ask(
        _ waiting: CompromisedVolume,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> [AuditEvent] {
        var waiting = waiting
        guard let volume = try transaction.volume(row: waiting.volume),
            var device = try transaction.device(row: volume.device)
        else { throw .corrupt("table compromised_volume") }
        var transition = try self.transition(volume, of: device, in: transaction, permit)
        let protectors = transition.compromisedProtectors
        if device.state == .retired || !volume.isPresent || volume.report.protection == .off {
            waiting.state = .notReachable
        } else if protectors.isEmpty {
            waiting.state = .completed
        } else {
            try self.requestRotation(
                .compromised,
                of: protectors,
                on: &transition,
                notBefore: permit.now,
                in: transaction
            )
            try transition.settle(in: transaction)
            try self.refreshStatus(of: &device, at: permit.now, in: transaction)
            waiting.state = .requested
            waiting.rotation = transition.rotation?.id
        }
        try transaction.update(waiting)
        return transition.events
    }

    private var permitOfTheLeakResponse: Permit {
        Permit(action: .requestRotation, caller: .system("leakResponse"), rule: .system, now: self.clock())
    }
}

extension CompromiseProgress {
    /// Few words for the record.
    fileprivate var text: String {
        let count = { (state: CompromisedVolume.State) in self.volumes[state] ?? 0 }
        return "completed \(count(.completed)), failed \(count(.failed)), not reachable \(count(.notReachable))"
    }
}

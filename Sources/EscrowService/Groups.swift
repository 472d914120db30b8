package import BitLocker
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Assigns a device to a group, whatever the rules say of it; nil: the rules and its enrolment token decide again.
    package func move(_ id: GUID, to group: String?, by caller: Caller) async throws(EscrowError) -> Device {
        if let group { try Limits.check(text: group, field: "group", characters: 1...64) }
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Device> in
            guard var device = try transaction.device(id) else { return .refused(.notFound) }
            guard let permit = self.permit(.moveDevice, by: caller, on: device, at: now) else {
                return self.refusal(of: .moveDevice, by: caller, on: device)
            }
            var placement = try transaction.placement(of: device)
            placement.assigned = group
            // Somebody who has some groups only must not hand a device to others, or take one out of their own sight.
            let target = self.group(of: device, placement)
            guard caller.scope.includes(group: target) else {
                let event = permit.event(.accessDenied, .denied, device: device, detail: "target out of scope")
                return .refused(.denied, [event])
            }
            let event = try self.place(&device, placement, in: transaction, permit)
            return .done(device, event.map { [$0] } ?? [])
        }
    }

    /// The group that a device belongs to by the policy in force.
    func group(of device: Device, _ placement: Placement) -> String {
        self.rules.current.group(
            of: device.facts,
            enrolledInto: placement.enrolledInto,
            assigned: placement.assigned
        )
    }

    /// Puts a device where it belongs; the record of a move, or of an assignment, if there was one.
    func place(
        _ device: inout Device,
        _ placement: Placement,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> AuditEvent? {
        let before = (group: device.group, placement: try transaction.placement(of: device))
        device.group = self.group(of: device, placement)
        guard device.group != before.group || placement != before.placement else { return nil }
        if device.group != before.group { try transaction.update(device) }
        try transaction.setPlacement(placement, of: device)
        let isAssigned = placement.assigned == nil ? "" : ", assigned"
        return permit.event(
            .deviceMoved,
            device: device,
            detail: "\(before.group) to \(device.group)\(isAssigned)"
        )
    }

    /// Puts every device where it belongs after groups changed, a batch at a time. It goes on after a kill where it was,
    /// and returns how many devices moved.
    @discardableResult
    package func sweepGroups(batch: Int = 500) async throws(EscrowError) -> Int {
        var total = 0
        while let moved = try await self.sweepOnce(batch: batch) { total += moved }
        return total
    }

    /// Nil when nothing is left to do.
    private func sweepOnce(batch: Int) async throws(EscrowError) -> Int? {
        let policy = self.rules.current
        let found = try await self.snapshot { (reader) throws(StoreError) -> Sweep? in
            guard let state = try reader.policyState(), let swept = state.swept,
                state.groupsDigest == policy.groupsDigest
            else { return nil }
            let devices = try reader.placedDevices(after: swept, limit: batch)
            return Sweep(
                after: swept,
                last: devices.count < batch ? nil : devices.last?.device.row,
                wrong: devices.filter { self.group(of: $0.device, $0.placement) != $0.device.group }.map(\.device.row)
            )
        }
        guard let found else { return nil }
        let permit = self.permitOfPolicy(.moveDevice)
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int?> in
            // Whoever changes the policy in between begins anew.
            guard var state = try transaction.policyState(), state.swept == found.after,
                state.groupsDigest == self.rules.current.groupsDigest
            else { return .done(0, []) }
            var events: [AuditEvent] = []
            for row in found.wrong {
                guard var device = try transaction.device(row: row) else { continue }
                let placement = try transaction.placement(of: device)
                if let event = try self.place(&device, placement, in: transaction, permit) { events.append(event) }
            }
            state.swept = found.last
            try transaction.setPolicyState(state)
            return .done(events.count, events)
        }
    }

    private struct Sweep: Sendable {
        let after: Int64
        let last: Int64?
        let wrong: [Int64]
    }
}

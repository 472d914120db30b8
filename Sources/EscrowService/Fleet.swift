package import EscrowModel
import EscrowPolicy
import EscrowStore

/// How the fleet stands, as far as a caller may see it; made of counts that are kept, and of indexes read up to a limit.
package struct FleetStanding: Sendable {
    /// The most that is counted one by one; as many can be more.
    package static let countLimit = 1000
    /// How long a device may be away before it is stale.
    package static let patience = TimeSpan.days(30)
    /// How long a rotation may stay as it is before it is stuck.
    package static let rotationPatience = TimeSpan.days(3)

    /// How many devices in use have each status.
    package let statuses: [EscrowStatus.State: Int]
    /// How many have each reason.
    package let reasons: [EscrowStatus.Reason: Int]
    /// The statuses of earlier days, by day.
    package let history: [Int64: [EscrowStatus.State: Int]]
    /// Devices not seen for long, up to the limit.
    package let stale: Int
    /// Devices with a key that is not proven, up to the limit.
    package let unproven: Int
    /// Rotations under way, up to the limit.
    package let rotationsUnderWay: Int
    /// Rotations that are stuck, up to the limit.
    package let rotationsStuck: Int

    /// How many devices there are in use.
    package var devices: Int { self.statuses.values.reduce(0, +) }
}

extension EscrowService {
    /// Devices within the caller's scope.
    package func devices(
        _ filter: DeviceFilter,
        _ page: DevicePageRequest,
        by caller: Caller
    ) async throws(EscrowError) -> DevicePage {
        try await self.require(.listKeys, by: caller, on: .scope)
        return try await self.page(of: filter, page, in: caller.scope)
    }

    func page(
        of filter: DeviceFilter,
        _ page: DevicePageRequest,
        in scope: Scope
    ) async throws(EscrowError) -> DevicePage {
        try await self.snapshot { (reader) throws(StoreError) in
            var filter = filter
            filter.scope = scope
            return try reader.devices(filter, page)
        }
    }

    /// The groups of devices within the caller's scope.
    package func deviceGroups(by caller: Caller) async throws(EscrowError) -> [String] {
        try await self.require(.listKeys, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.deviceGroups(scope: caller.scope)
        }
    }

    /// How the fleet stands, and stood on the days before.
    package func fleet(days: Int, by caller: Caller) async throws(EscrowError) -> FleetStanding {
        try await self.require(.listKeys, by: caller, on: .scope)
        let now = self.clock()
        return try await self.snapshot { (reader) throws(StoreError) in
            let limit = FleetStanding.countLimit
            let stuckSince = now - FleetStanding.rotationPatience
            let attention = try reader.attention(
                scope: caller.scope,
                notSeenSince: now - FleetStanding.patience,
                limit: limit
            )
            return FleetStanding(
                statuses: try reader.statusCounts(scope: caller.scope),
                reasons: try reader.reasonCounts(scope: caller.scope),
                history: try reader.statusHistory(scope: caller.scope, since: now.dayNumber - Int64(days) + 1),
                stale: attention.stale,
                unproven: attention.unproven,
                rotationsUnderWay: try reader.rotationListings(
                    .underWay,
                    scope: caller.scope,
                    stuckSince: stuckSince,
                    limit: limit
                ).count,
                rotationsStuck: try reader.rotationListings(
                    .stuck,
                    scope: caller.scope,
                    stuckSince: stuckSince,
                    limit: limit
                ).count
            )
        }
    }

    /// Rotations within the caller's scope, up to a limit.
    package func rotations(
        _ choice: RotationChoice,
        limit: Int,
        by caller: Caller
    ) async throws(EscrowError) -> [RotationListing] {
        try await self.require(.listKeys, by: caller, on: .scope)
        let stuckSince = self.clock() - FleetStanding.rotationPatience
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.rotationListings(choice, scope: caller.scope, stuckSince: stuckSince, limit: limit)
        }
    }

    /// Puts down how many devices have which status today. Returns zero: it is nothing to tell of.
    @discardableResult
    package func noteStatusHistory() async throws(EscrowError) -> Int {
        let day = self.clock().dayNumber
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Int> in
            _ = try transaction.noteStatusHistory(day: day)
            return .done(0, [])
        }
    }

    /// The views that the caller keeps.
    package func savedViews(of caller: Caller) async throws(EscrowError) -> [SavedView] {
        try await self.require(.listKeys, by: caller, on: .scope)
        return try await self.snapshot { (reader) throws(StoreError) in
            try reader.savedViews(of: caller.principal)
        }
    }

    /// Keeps a filter of the device list under a name. A name that the caller has used gets the new filter.
    package func saveView(_ view: SavedView, of caller: Caller) async throws(EscrowError) {
        try Limits.check(text: view.name, field: "name", characters: 1...SavedView.nameLimit)
        guard view.query.utf8.count <= SavedView.queryLimit, view.query.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .invalid(field: "query", problem: "is not a query of the list of devices") }
        try await self.require(.listKeys, by: caller, on: .scope)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            let views = try transaction.savedViews(of: caller.principal)
            guard views.count < SavedView.limit || views.contains(where: { $0.name == view.name }) else {
                return .refused(
                    .conflict(code: "tooManyViews", problem: "There are \(SavedView.limit) views; delete one first.")
                )
            }
            try transaction.set(view, of: caller.principal)
            return .done((), [])
        }
    }

    /// Forgets a view of the caller's.
    package func deleteView(_ name: String, of caller: Caller) async throws(EscrowError) {
        try await self.require(.listKeys, by: caller, on: .scope)
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            _ = try transaction.removeSavedView(name, of: caller.principal)
            return .done((), [])
        }
    }
}

import BitLocker
package import EscrowModel

extension Reader {
    /// The list of keys: one line a volume that its device still reports, of devices in use, in the order of the
    /// volumes.
    ///
    /// A filter by Key ID looks further: at every key ever deposited, also of volumes no longer reported and of
    /// retired devices. The line then shows the key that was named.
    package func keyListings(_ filter: KeyFilter, _ page: PageRequest) throws(StoreError) -> Page<KeyListing> {
        let plan = try self.plan(filter)
        let groups = GroupChoice(scope: filter.scope, group: filter.group)
        let items: [KeyListing]
        if case .only(let names) = groups, plan.lead == .group {
            items = try self.merged(names, limit: page.limit + 1, order: { $0.volume.row < $1.volume.row }) {
                group throws(StoreError) in
                try self.keyListings(filter, page, plan: plan, groups: .only([group]))
            }
        } else {
            items = try self.keyListings(filter, page, plan: plan, groups: groups)
        }
        return Page(items, limit: page.limit) { $0.volume.row }
    }

    private func keyListings(
        _ filter: KeyFilter,
        _ page: PageRequest,
        plan: KeyListingPlan,
        groups: GroupChoice
    ) throws(StoreError) -> [KeyListing] {
        let (sql, values) = plan.statement(filter, page, groups: groups)
        var items = try self.connection.all(sql, values, read: KeyListingPlan.read)
        guard let keyID = filter.keyID else { return items }
        for index in items.indices {
            let named = try self.keys(of: items[index].volume).filter { keyID.matches($0) }
            items[index].key = named.current ?? named.last
        }
        return items
    }

    private func plan(_ filter: KeyFilter) throws(StoreError) -> KeyListingPlan {
        var plan = KeyListingPlan(filter)
        if plan.lead.isWeak, let prefix = filter.deviceName {
            let few = try self.areFew(
                "device",
                "name_lower >= $1 AND name_lower < $2",
                PrefixRange(prefix: prefix).values
            )
            if few { plan.lead = .deviceName }
        }
        if plan.lead.isWeak, filter.depositedBefore != nil || filter.depositedSince != nil {
            let few = try self.areFew(
                "volume",
                "current_deposited_at >= $1 AND current_deposited_at < $2",
                [.time(filter.depositedSince ?? .earliest), .time(filter.depositedBefore ?? .never)]
            )
            if few { plan.lead = .depositTime }
        }
        return plan
    }
}

extension Timestamp {
    /// Before every moment that is stored.
    static let earliest = Timestamp(milliseconds: .min)
    /// After every moment that is stored.
    static let never = Timestamp(milliseconds: .max)
}

extension KeyFilter.KeyID {
    fileprivate func matches(_ key: EscrowedKey) -> Bool {
        switch self {
        case .prefix(let prefix): key.protectorID.keyIDPrefix == prefix
        case .beginning(let range): range.contains(key.protectorID)
        case .full(let id): key.protectorID == id
        }
    }
}

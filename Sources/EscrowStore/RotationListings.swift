package import EscrowModel

extension Reader {
    /// Rotations of a scope's devices.
    ///
    /// - Parameters:
    ///   - stuckSince: a rotation is stuck that is in the same state since before this.
    ///   - limit: how many at most.
    package func rotationListings(
        _ choice: RotationChoice,
        scope: Scope,
        stuckSince: Timestamp,
        limit: Int
    ) throws(StoreError) -> [RotationListing] {
        var query = ListQuery()
        query.require("volume.id = rotation.volume AND device.id = volume.device")
        if case .only(let names) = GroupChoice(scope: scope) { query.residual("device.device_group", in: names) }
        switch choice {
        case .underWay, .stuck:
            query.require("\(RotationColumns.isOpen) AND rotation.deadline > 0")
            let moment = query.parameter(.time(stuckSince))
            query.require(
                "coalesce(rotation.escrowed_at, rotation.delivered_at, rotation.not_before) "
                    + "\(choice == .stuck ? "<" : ">=") \(moment)"
            )
        case .ended: query.require("rotation.finished_at IS NOT NULL AND rotation.finished_at > 0")
        }
        let order = choice == .ended ? "rotation.finished_at DESC, rotation.id DESC" : "rotation.deadline"
        let count = query.parameter(.integer(limit))
        let sql = SQL(
            """
            SELECT volume.volume_id, \(RotationColumns.list), \(DeviceColumns.list)
            FROM rotation CROSS JOIN volume CROSS JOIN device WHERE \(query.conditionText)
            ORDER BY \(order) LIMIT \(count)
            """
        )
        return try self.connection.all(sql, query.values) { row throws(StoreError) in
            let rotation = try RotationColumns.readWithVolume(&row)
            return RotationListing(rotation: rotation, device: try DeviceColumns.read(&row))
        }
    }
}

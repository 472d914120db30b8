import BitLocker
package import EscrowModel

/// Where a device belongs, rules aside.
package struct Placement: Equatable, Sendable {
    /// The group of the enrolment token that it came with.
    package var enrolledInto: String
    /// The group that somebody assigned it; rules do not move it then.
    package var assigned: String?

    /// Makes it from its parts.
    package init(enrolledInto: String, assigned: String? = nil) {
        self.enrolledInto = enrolledInto
        self.assigned = assigned
    }
}

/// The policy file that was taken up last, and how far its groups have been given to devices.
package struct PolicyState: Equatable, Sendable {
    /// Which file it was; see `PolicyDocument.digest`.
    package var digest: String
    /// The file's text; empty for none.
    package var content: String
    /// What its groups depend on.
    package var groupsDigest: String
    /// The row of the last device that was looked at since the groups changed; nil when all were.
    package var swept: Int64?

    /// Makes it from its parts.
    package init(digest: String, content: String, groupsDigest: String, swept: Int64?) {
        self.digest = digest
        self.content = content
        self.groupsDigest = groupsDigest
        self.swept = swept
    }
}

extension Reader {
    /// Where a device belongs, rules aside.
    package func placement(of device: Device) throws(StoreError) -> Placement {
        try self.connection.first(PlacementSQL.byDevice, .integer(device.row), read: PlacementSQL.read)
            ?? Placement(enrolledInto: device.group)
    }

    /// Devices in the order of their rows, with where they belong.
    package func placedDevices(
        after row: Int64,
        limit: Int
    ) throws(StoreError) -> [(device: Device, placement: Placement)] {
        try self.connection.all(PlacementSQL.sweep, .integer(row), .integer(limit)) { row throws(StoreError) in
            let device = try DeviceColumns.read(&row)
            let enrolledInto = try row.optionalText()
            let assigned = try row.optionalText()
            return (device, Placement(enrolledInto: enrolledInto ?? device.group, assigned: assigned))
        }
    }

    /// The policy file that was taken up last; nil when there never was one.
    package func policyState() throws(StoreError) -> PolicyState? {
        try self.connection.first(PolicySQL.select) { row throws(StoreError) in
            PolicyState(
                digest: try row.text(),
                content: try row.text(),
                groupsDigest: try row.text(),
                swept: try row.optionalInteger()
            )
        }
    }
}

extension Transaction {
    /// Keeps where a device belongs, rules aside. What follows from its group by itself takes no row.
    package func setPlacement(_ placement: Placement, of device: Device) throws(StoreError) {
        if placement == Placement(enrolledInto: device.group) {
            try self.connection.run(PlacementSQL.delete, .integer(device.row))
        } else {
            try self.connection.run(
                PlacementSQL.upsert,
                .integer(device.row),
                .text(placement.enrolledInto),
                .text(placement.assigned)
            )
        }
    }

    /// Keeps which policy file is in force.
    package func setPolicyState(_ state: PolicyState) throws(StoreError) {
        try self.connection.run(
            PolicySQL.upsert,
            .text(state.digest),
            .text(state.content),
            .text(state.groupsDigest),
            .integer(state.swept)
        )
    }
}

private enum PlacementSQL {
    static func read(_ row: inout Row) throws(StoreError) -> Placement {
        Placement(enrolledInto: try row.text(), assigned: try row.optionalText())
    }

    static let byDevice = SQL("SELECT enrolled_into, assigned FROM device_placement WHERE device = $1")
    static let sweep = SQL(
        """
        SELECT \(DeviceColumns.list), device_placement.enrolled_into, device_placement.assigned
        FROM device LEFT JOIN device_placement ON device_placement.device = device.id
        WHERE device.id > $1 ORDER BY device.id LIMIT $2
        """
    )
    static let upsert = SQL(
        """
        INSERT INTO device_placement (device, enrolled_into, assigned) VALUES ($1, $2, $3)
        ON CONFLICT (device) DO UPDATE SET enrolled_into = excluded.enrolled_into, assigned = excluded.assigned
        """
    )
    static let delete = SQL("DELETE FROM device_placement WHERE device = $1")
}

private enum PolicySQL {
    static let select = SQL("SELECT digest, content, groups_digest, swept FROM policy WHERE id = 1")
    static let upsert = SQL(
        """
        INSERT INTO policy (id, digest, content, groups_digest, swept) VALUES (1, $1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, content = excluded.content,
            groups_digest = excluded.groups_digest, swept = excluded.swept
        """
    )
}

package import BitLocker
package import EscrowModel

/// Which approvals a list shows.
package struct ApprovalFilter: Equatable, Sendable {
    /// Those in a state; all when nil.
    package var state: Approval.State?
    /// Those that somebody asked for, by their principal.
    package var requester: String?
    /// Those for devices in scope.
    package var scope = Scope.everything

    /// Makes a filter that shows everything.
    package init() {}
}

extension Reader {
    /// The approval with an ID.
    package func approval(_ id: GUID) throws(StoreError) -> Approval? {
        try self.connection.first(ApprovalSQL.byID, .guid(id), read: ApprovalSQL.read)
    }

    /// What a requester has open for a key, the newest first.
    package func openApprovals(of requester: String, for key: EscrowedKey) throws(StoreError) -> [Approval] {
        try self.connection.all(
            ApprovalSQL.openForKey,
            .text(requester),
            .integer(key.row),
            read: ApprovalSQL.read
        )
    }

    /// What a requester last asked for about a key, open or not.
    package func lastApproval(of requester: String, for key: EscrowedKey) throws(StoreError) -> Approval? {
        try self.connection.first(
            ApprovalSQL.lastForKey,
            .text(requester),
            .integer(key.row),
            read: ApprovalSQL.read
        )
    }

    /// How many a requester has open, at most as many as are asked for.
    package func openApprovalCount(of requester: String, limit: Int) throws(StoreError) -> Int {
        try self.connection.first(ApprovalSQL.countOpen, .text(requester), .integer(limit)) {
            row throws(StoreError) in try row.int()
        } ?? 0
    }

    /// Open ones whose time is over, the longest first.
    package func expiredApprovals(_ now: Timestamp, limit: Int) throws(StoreError) -> [Approval] {
        try self.connection.all(ApprovalSQL.expired, .time(now), .integer(limit), read: ApprovalSQL.read)
    }

    /// Approvals, the newest first.
    package func approvals(_ filter: ApprovalFilter, _ page: PageRequest) throws(StoreError) -> Page<Approval> {
        var query = ListQuery()
        if let requester = filter.requester {
            query.lead("approval.requester", .text(requester))
            if let state = filter.state { query.residual("approval.state", .word(state)) }
        } else if let state = filter.state {
            query.lead("approval.state", .word(state))
        }
        query.require("approval.id < \(query.parameter(.integer(page.after ?? .max)))")
        if case .only(let names) = GroupChoice(scope: filter.scope) {
            query.residual("device.device_group", in: names)
        }
        let limit = query.parameter(.integer(page.limit + 1))
        let sql = SQL(
            "\(ApprovalSQL.withRow) WHERE \(query.conditionText) ORDER BY approval.id DESC LIMIT \(limit)"
        )
        let items = try self.connection.all(sql, query.values) { row throws(StoreError) in
            (row: try row.integer(), approval: try ApprovalSQL.read(&row))
        }
        return Page(items, limit: page.limit) { $0.row }.map(\.approval)
    }
}

extension Transaction {
    /// Keeps a new approval.
    package func insert(_ approval: Approval) throws(StoreError) {
        try self.connection.run(
            ApprovalSQL.insert,
            .guid(approval.id),
            .text(approval.requester.principal),
            .text(approval.requester.name),
            .word(approval.requester.role),
            .integer(approval.key),
            .word(approval.reason.code),
            .text(approval.reason.ticket),
            .text(approval.reason.comment),
            .time(approval.requestedAt),
            .time(approval.expiresAt),
            .word(approval.state)
        )
    }

    /// Stores an approval as it is now; what was asked for stays as it was.
    package func update(_ approval: Approval) throws(StoreError) {
        let changed = try self.connection.run(
            ApprovalSQL.update,
            .guid(approval.id),
            .time(approval.expiresAt),
            .word(approval.state),
            .text(approval.decider?.principal),
            .text(approval.decider?.name),
            .word(approval.decider?.role),
            .time(approval.decidedAt),
            .time(approval.endedAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

private enum ApprovalSQL {
    private static let list = """
        approval.approval_id, approval.requester, approval.requester_name, approval.requester_role, \
        approval.escrowed_key, escrowed_key.protector_id, device.device_id, device.name, approval.reason, \
        approval.ticket, approval.comment, approval.requested_at, approval.expires_at, approval.state, \
        approval.decider, approval.decider_name, approval.decider_role, approval.decided_at, approval.ended_at
        """
    private static let from = """
        FROM approval CROSS JOIN escrowed_key ON escrowed_key.id = approval.escrowed_key \
        CROSS JOIN volume ON volume.id = escrowed_key.volume CROSS JOIN device ON device.id = volume.device
        """
    private static let select = "SELECT \(Self.list) \(Self.from)"
    static let withRow = "SELECT approval.id, \(Self.list) \(Self.from)"
    /// As the partial indexes have it.
    private static let isOpen = "(approval.state = 'requested' OR approval.state = 'approved')"

    static func read(_ row: inout Row) throws(StoreError) -> Approval {
        Approval(
            id: try row.guid(),
            requester: try Self.party(&row),
            key: try row.integer(),
            protector: try row.guid(),
            device: try row.guid(),
            deviceName: try row.text(),
            reason: try Self.reason(&row),
            requestedAt: try row.time(),
            expiresAt: try row.time(),
            state: try row.word(),
            decider: try Self.decider(&row),
            decidedAt: try row.optionalTime(),
            endedAt: try row.optionalTime()
        )
    }

    private static func party(_ row: inout Row) throws(StoreError) -> Approval.Party {
        Approval.Party(principal: try row.text(), name: try row.text(), role: try row.word())
    }

    private static func decider(_ row: inout Row) throws(StoreError) -> Approval.Party? {
        guard !row.isNull else {
            row.skip(3)
            return nil
        }
        return try Self.party(&row)
    }

    private static func reason(_ row: inout Row) throws(StoreError) -> DisclosureReason {
        let code = try row.word(DisclosureReason.Code.self)
        let (ticket, comment) = (try row.optionalText(), try row.optionalText())
        do throws(EscrowError) {
            return try DisclosureReason(code: code, ticket: ticket, comment: comment)
        } catch {
            throw row.broken()
        }
    }

    static let byID = SQL("\(Self.select) WHERE approval.approval_id = $1")
    static let openForKey = SQL(
        """
        \(Self.select) WHERE approval.requester = $1 AND approval.escrowed_key = $2 AND \(Self.isOpen)
        ORDER BY approval.id DESC
        """
    )
    static let lastForKey = SQL(
        """
        \(Self.select) WHERE approval.requester = $1 AND approval.escrowed_key = $2
        ORDER BY approval.id DESC LIMIT 1
        """
    )
    static let countOpen = SQL(
        """
        SELECT count(*) FROM (SELECT 1 FROM approval WHERE requester = $1
            AND (state = 'requested' OR state = 'approved') LIMIT $2) AS fitting
        """
    )
    static let expired = SQL(
        """
        \(Self.select) WHERE \(Self.isOpen) AND approval.expires_at <= $1 ORDER BY approval.expires_at LIMIT $2
        """
    )
    static let insert = SQL(
        """
        INSERT INTO approval (approval_id, requester, requester_name, requester_role, escrowed_key, reason, ticket,
            comment, requested_at, expires_at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """
    )
    static let update = SQL(
        """
        UPDATE approval SET expires_at = $2, state = $3, decider = $4, decider_name = $5, decider_role = $6,
            decided_at = $7, ended_at = $8
        WHERE approval_id = $1
        """
    )
}

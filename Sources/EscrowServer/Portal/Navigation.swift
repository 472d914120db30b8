import EscrowModel
import EscrowPolicy

/// Which parts of the portal somebody is led to: those of which their role can use something. Leading is all it does: the
/// service decides about every operation.
struct Navigation: Sendable {
    /// A link of the navigation.
    struct Item: Sendable {
        /// The key of its text.
        let title: String
        let path: String
        /// Whether it leads to where the browser is.
        let isCurrent: Bool
    }

    private static let parts: [(title: String, path: String, action: Action)] = [
        ("helpDesk", "/help-desk", .revealKey),
        ("fleet", "/fleet", .listKeys),
        ("devices", "/devices", .listKeys),
        ("approvals", "/approvals", .listApprovals),
        ("audit", "/audit", .readAudit),
        ("access", "/access", .readPolicy),
        ("settings", "/settings", .readSettings),
    ]

    /// The links for a caller, in order; everybody's own devices come last.
    static func items(for caller: Caller, at path: String) -> [Item] {
        let actions = Policy.actions(of: caller.role)
        let parts = self.parts.filter { actions.contains($0.action) && actions.contains(.listKeys) }
            .filter { $0.action != .readSettings || caller.scope == .everything }
        return (parts.map { ($0.title, $0.path) } + [("myDevices", "/my")]).map { title, own in
            Item(title: title, path: own, isCurrent: path == own || path.hasPrefix(own + "/"))
        }
    }

    /// Where somebody with a role begins.
    static func home(of role: Role) -> String {
        switch role {
        case .helpdesk: "/help-desk"
        case .administrator: "/fleet"
        case .auditor: "/audit"
        case .reader: "/devices"
        case .owner, .device, .system: "/my"
        }
    }
}

extension Role {
    /// The key of what people call it.
    var message: String { "role" + self.rawValue.prefix(1).uppercased() + self.rawValue.dropFirst() }
}

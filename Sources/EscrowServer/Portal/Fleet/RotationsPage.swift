import BitLocker
import EscrowModel
import EscrowService
import Hummingbird

/// `/rotations`: what is being replaced anywhere in the fleet, what got stuck, and what ended.
struct RotationsPage: Sendable {
    /// How many are shown.
    private static let limit = 100

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("rotations", use: self.portal.page(self.show))
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case show
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let choice = try QueryParameters<Parameter>(of: visit.request).word(.show, RotationChoice.self) ?? .underWay
        let found = try await visit.service.rotations(choice, limit: Self.limit + 1, by: visit.caller)
        let tabs = RotationChoice.allCases.map { each -> [String: Any] in
            let path = each == .underWay ? "/rotations" : "/rotations?show=" + each.rawValue
            return ["text": visit.word("rotations", each), "isCurrent": each == choice, "path": path]
        }
        var values: [String: Any] = ["tabs": tabs, "hasAny": !found.isEmpty, "hasMore": found.count > Self.limit]
        values["rotations"] = found.prefix(Self.limit).map { self.values(of: $0, visit) }
        values["hint"] = visit.word("rotationsHint", choice)
        values["nothing"] = visit.word("rotationsNone", choice)
        values["caption"] = visit.word("rotations", choice)
        values["timeHead"] = visit.text(choice == .ended ? "rotationEnded" : "rotationSince")
        return visit.page(.rotations, title: "rotations", values)
    }

    private func values(of listing: RotationListing, _ visit: Visit) -> [String: Any] {
        let rotation = listing.rotation
        let since = rotation.finishedAt ?? rotation.escrowedAt ?? rotation.deliveredAt ?? rotation.requestedAt
        let badge =
            switch rotation.state {
            case .completed: "done"
            case .failed: "failed"
            case .expired: "overdue"
            case .requested: "waiting"
            case .delivered, .escrowed: "inProgress"
            case .cancelled: "cancelled"
            }
        let values: [String: Any] = [
            "device": listing.device.id.description, "name": listing.device.facts.name,
            "owner": listing.device.facts.owner ?? "", "badge": badge,
            "state": visit.word("rotationState", rotation.state), "trigger": visit.word("trigger", rotation.trigger),
            "since": visit.time(since), "requested": visit.time(rotation.requestedAt),
            "seen": visit.time(listing.device.lastSeenAt), "failure": rotation.failure ?? "",
        ]
        return values
    }
}

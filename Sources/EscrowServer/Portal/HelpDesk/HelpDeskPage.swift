import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/help-desk`: from what a caller says to the key that is asked for.
struct HelpDeskPage: Sendable {
    /// The most volumes that are shown: with more, the caller is to say more.
    private static let limit = 20

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("help-desk", use: self.portal.page(self.show))
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case words = "q"
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let typed = try QueryParameters<Parameter>(of: visit.request).raw(.words) ?? ""
        let words = CallersWords(typed)
        var found: [KeyListing] = []
        var hasMore = false
        // An empty field asks too: whoever may not see keys is told so at once.
        let readings = words.readings.isEmpty ? [.deviceName("\u{7F}")] : words.readings
        for reading in readings {
            var filter = KeyFilter(scope: visit.caller.scope)
            switch reading {
            case .keyID(let keyID): filter.keyID = keyID
            case .deviceName(let name): filter.deviceName = name
            case .serial(let serial): filter.serial = serial
            case .owner(let owner): filter.owner = owner
            }
            let page = try await visit.service.keys(filter, PageRequest(limit: Self.limit), by: visit.caller)
            found += page.items.filter { listing in !found.contains { $0.volume.row == listing.volume.row } }
            hasMore = hasMore || page.next != nil
        }
        let shown = found.prefix(Self.limit)
        let mayReveal = visit.mayUse(.revealKey)
        var values: [String: Any] = [
            "q": words.doubt == .recoveryPassword ? "" : typed,
            "found": shown.map { self.values($0, visit, mayReveal) },
            "isEmpty": typed.isEmpty, "isSingle": shown.count == 1, "hasAny": !shown.isEmpty,
            "hasMore": hasMore || found.count > shown.count, "isAmbiguous": Set(shown.map(\.device.row)).count > 1,
        ]
        values["doubt"] = self.text(of: words.doubt, found: !shown.isEmpty, visit)
        if shown.isEmpty, !typed.isEmpty { values["nothing"] = visit.text("helpDeskNothing") }
        return visit.page(.helpdesk, title: "helpDesk", values)
    }

    private func text(of doubt: CallersWords.Doubt?, found: Bool, _ visit: Visit) -> String? {
        switch doubt {
        case nil: nil
        case .recoveryPassword: visit.text("doubtPassword")
        case .letters(let digits): visit.text("doubtLetters").filled(["digits": digits])
        case .digits(let count): found ? nil : visit.text("doubtDigits").filled(["n": "\(count)"])
        }
    }

    private func values(_ listing: KeyListing, _ visit: Visit, _ mayReveal: Bool) -> [String: Any] {
        var values: [String: Any] = [
            "device": listing.device.id.description, "name": listing.device.facts.name,
            "owner": listing.device.facts.owner ?? visit.text("ownerUnknown"),
            "serial": listing.device.facts.serial ?? "–", "seen": visit.time(listing.device.lastSeenAt),
            "volume": visit.name(of: listing.volume.report), "status": visit.values(of: listing.volume.status),
            "retired": listing.device.state == .retired,
        ]
        if let key = listing.key {
            values["key"] = visit.values(of: key.protectorID)
            if mayReveal, key.state != .purged {
                values["reveal"] = "/devices/\(listing.device.id)/keys/\(key.protectorID)/reveal"
            }
        }
        return values
    }
}

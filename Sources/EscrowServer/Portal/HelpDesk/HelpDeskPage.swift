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

    /// What was found, the likeliest first, and what may be wrong with what was typed.
    private struct Findings {
        var listings: [KeyListing] = []
        /// Devices of that name without a volume that could be shown: retired, or never encrypted.
        var devices: [Device] = []
        var hasMore = false
        /// Whether anything was found by a Key ID.
        var isByKeyID = false
        /// Whether only the first 8 digits of a longer Key ID are known.
        var isByFirstDigits = false

        var isEmpty: Bool { self.listings.isEmpty && self.devices.isEmpty }
        var deviceCount: Int { Set(self.listings.map(\.device.row) + self.devices.map(\.row)).count }
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let typed = try QueryParameters<Parameter>(of: visit.request).raw(.words) ?? ""
        let words = CallersWords(typed)
        let found = try await self.search(words, visit)
        let mayReveal = visit.mayUse(.revealKey)
        var hits = found.listings.prefix(Self.limit).map { self.values($0, visit, mayReveal) }
        hits += found.devices.map { self.values($0, visit) }
        var values: [String: Any] = [
            "q": words.doubt == .recoveryPassword ? "" : typed, "found": hits, "isEmpty": typed.isEmpty,
            "isSingle": hits.count == 1, "hasAny": !hits.isEmpty,
            "hasMore": found.hasMore || found.listings.count > Self.limit,
        ]
        if found.deviceCount > 1 {
            values["ambiguous"] = visit.text("helpDeskAmbiguous").filled(["n": visit.number(found.deviceCount)])
        }
        values["doubt"] = self.text(of: words.doubt, found, visit)
        if found.isEmpty, !words.readings.isEmpty { values["nothing"] = visit.text("helpDeskNothing") }
        return visit.page(.helpdesk, title: "helpDesk", values)
    }

    private func search(_ words: CallersWords, _ visit: Visit) async throws -> Findings {
        var found = Findings()
        // An empty field asks too: whoever may not see keys is told so at once.
        for reading in words.readings.isEmpty ? [.deviceName("\u{7F}")] : words.readings {
            try await self.look(for: reading, &found, visit)
            if case .keyID = reading { found.isByKeyID = !found.isEmpty }
        }
        if found.isEmpty, let first = words.firstDigits {
            try await self.look(for: .keyID(first), &found, visit)
            found.isByFirstDigits = !found.isEmpty
        }
        if found.isEmpty {
            for case .deviceName(let name) in words.readings {
                let page = try await visit.service.devices(
                    namePrefix: name,
                    PageRequest(limit: Self.limit),
                    by: visit.caller
                )
                found.devices = page.items
                found.hasMore = page.next != nil
            }
        }
        return found
    }

    private func look(
        for reading: CallersWords.Reading,
        _ found: inout Findings,
        _ visit: Visit
    ) async throws {
        var filter = KeyFilter(scope: visit.caller.scope)
        switch reading {
        case .keyID(let keyID): filter.keyID = keyID
        case .deviceID(let id): filter.device = id
        case .deviceName(let name): filter.deviceName = name
        case .serial(let serial): filter.serial = serial
        case .owner(let owner): filter.owner = owner
        }
        let page = try await visit.service.keys(filter, PageRequest(limit: Self.limit), by: visit.caller)
        let known = Set(found.listings.map(\.volume.row))
        found.listings += page.items.filter { !known.contains($0.volume.row) }
        found.hasMore = found.hasMore || page.next != nil
    }

    private func text(of doubt: CallersWords.Doubt?, _ found: Findings, _ visit: Visit) -> String? {
        if found.isByFirstDigits { return visit.text("doubtRest") }
        switch doubt {
        case nil: return nil
        case .recoveryPassword: return visit.text("doubtPassword")
        case .letters(let read, let changes):
            guard found.isByKeyID || found.isEmpty else { return nil }
            return visit.text("doubtLetters").filled(["changes": changes.joined(separator: ", "), "read": read])
        case .digits(let count): return found.isEmpty ? visit.text("doubtDigits").filled(["n": "\(count)"]) : nil
        case .foreign(let letters):
            return found.isEmpty ? visit.text("doubtForeign").filled(["letters": letters]) : nil
        }
    }

    private func values(_ listing: KeyListing, _ visit: Visit, _ mayReveal: Bool) -> [String: Any] {
        var values = self.values(listing.device, visit)
        values["id"] = listing.volume.id.description
        values["volume"] = visit.name(of: listing.volume.report)
        values["status"] = visit.values(of: listing.volume.status)
        guard let key = listing.key else { return values }
        values["key"] = visit.values(of: key.protectorID)
        values["isOld"] = key.state == .superseded
        values["isGone"] = key.state == .purged
        values["isRefuted"] = key.proof == .refuted
        if mayReveal, key.state != .purged {
            values["reveal"] = "/devices/\(listing.device.id)/keys/\(key.protectorID)/reveal"
        }
        return values
    }

    private func values(_ device: Device, _ visit: Visit) -> [String: Any] {
        [
            "id": device.id.description, "device": device.id.description, "name": device.facts.name,
            "owner": device.facts.owner ?? visit.text("ownerUnknown"), "serial": device.facts.serial ?? "–",
            "seen": visit.time(device.lastSeenAt), "status": visit.values(of: device.status),
            "retired": device.state == .retired,
        ]
    }
}

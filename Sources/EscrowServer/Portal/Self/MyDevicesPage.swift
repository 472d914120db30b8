import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/my`: somebody's own devices, and the one that stands in front of them with a blue screen.
struct MyDevicesPage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("my", use: self.portal.page { try await self.show($0) })
        pages.post("my/devices/{deviceId}/rotate", use: self.portal.form(self.rotate))
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case digits = "key"
        /// The device for which a new key was asked for just now.
        case asked
    }

    @Sendable
    private func show(
        _ visit: Visit,
        alert: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let owner = try visit.owner
        let devices = try await visit.service.ownDevices(by: owner)
        var values: [String: Any] = [
            "devices": devices.map { self.values($0, visit) }, "hasAny": !devices.isEmpty,
            "none": visit.text("myNoneText").filled(["name": owner.userName ?? owner.displayName]),
        ]
        values["alert"] = alert
        guard alert == nil else { return visit.page(.my, title: "myDevices", status: status, values) }
        let query = try QueryParameters<Parameter>(of: visit.request)
        if let asked = try query.guid(.asked), let device = devices.first(where: { $0.device.id == asked }) {
            values["done"] = visit.text("myRotateAsked").filled(["name": device.device.facts.name])
        }
        guard let typed = query.raw(.digits) else { return visit.page(.my, title: "myDevices", values) }
        let words = CallersWords(typed)
        var found: [KeyListing] = []
        if case .keyID(let keyID)? = words.readings.first {
            found = try await visit.service.ownKeys(keyID, by: owner)
            if found.count == 1, let path = Self.path(found[0]) { return Portal.redirect(to: path) }
            if found.isEmpty {
                let digits = String(typed.filter { !$0.isWhitespace && $0 != "{" }.prefix(8)).uppercased()
                values["digitsError"] = visit.text("myDigitsUnknown").filled(["digits": digits])
            }
        } else {
            values["digitsError"] = visit.text(words.doubt == .recoveryPassword ? "doubtPassword" : "myDigitsWrong")
        }
        values["digits"] = words.doubt == .recoveryPassword ? "" : typed
        values["found"] = found.compactMap { listing -> [String: Any]? in
            Self.path(listing).map { ["path": $0, "name": listing.device.facts.name] }
        }
        return visit.page(.my, title: "myDevices", values)
    }

    private static func path(_ listing: KeyListing) -> String? {
        listing.key.map { "/my/devices/\(listing.device.id)/keys/\($0.protectorID)/reveal" }
    }

    private func values(_ found: DeviceKeys, _ visit: Visit) -> [String: Any] {
        let device = found.device
        let volumes = found.volumes.filter(\.volume.isPresent)
        return [
            "id": device.id.description, "name": device.facts.name, "serial": device.facts.serial ?? "–",
            "status": visit.values(of: device.status), "seen": visit.time(device.lastSeenAt),
            "retired": device.state == .retired,
            "replacing": volumes.contains { $0.openRotation != nil },
            "canRotate": device.state == .active
                && volumes.contains { $0.openRotation == nil && $0.keys.current != nil },
            "volumes": volumes.compactMap { volume -> [String: Any]? in
                guard let key = volume.keys.current, key.state != .purged else { return nil }
                return [
                    "name": visit.name(of: volume.volume.report), "key": visit.values(of: key.protectorID),
                    "path": "/my/devices/\(device.id)/keys/\(key.protectorID)/reveal",
                ]
            },
        ]
    }

    @Sendable
    private func rotate(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let device = try PathParameters.guid("deviceId", in: visit.context)
        do {
            _ = try await visit.service.requestRotation(
                device,
                volume: nil,
                trigger: .manual,
                idempotencyKey: nil,
                by: try visit.owner
            )
        } catch {
            guard case .conflict(let code, _) = error else { throw error }
            let text = code == "deviceRetired" ? "myRotateRetired" : "myRotateNothing"
            return try await self.show(visit, alert: visit.text(text), status: .conflict)
        }
        return Portal.redirect(to: "/my?asked=\(device)")
    }
}

extension Visit {
    /// Whoever is signed in, as the owner of their own devices.
    var owner: Caller {
        get throws(EscrowError) {
            guard let owner = self.caller.asOwner else { throw .denied }
            return owner
        }
    }
}

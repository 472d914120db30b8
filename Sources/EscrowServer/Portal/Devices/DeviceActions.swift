import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// What is done to a device from its page; each leads back to it, and says so there.
struct DeviceActions: Sendable {
    /// How many keys a leak response on one device replaces a minute: all at once.
    private static let rate = 60

    let portal: Portal
    let page: DevicePage

    init(portal: Portal) {
        self.portal = portal
        self.page = DevicePage(portal: portal)
    }

    func add(to pages: RouterGroup<ServerContext>) {
        let device = pages.group("devices/{deviceId}")
        device.post("rotate", use: self.action(.rotation, self.rotate))
        device.post("rotations/{rotationId}/cancel", use: self.action(.cancelled, self.cancel))
        device.post("compromise", use: self.action(.compromised, self.compromise))
        device.post(
            "hold",
            use: self.action(.holdSet) { _ = try await $0.service.setLegalHold(true, on: $1, by: $0.caller) }
        )
        device.post(
            "release",
            use: self.action(.holdLifted) { _ = try await $0.service.setLegalHold(false, on: $1, by: $0.caller) }
        )
        device.post(
            "retire",
            use: self.action(.retired) { visit, id, _ in
                _ = try await visit.service.retire(id, by: visit.caller)
            }
        )
    }

    private typealias Action = @Sendable (Visit, GUID, FormFields) async throws -> Void

    private func action(
        _ done: DevicePage.Done,
        _ work: @escaping @Sendable (Visit, GUID) async throws -> Void
    ) -> @Sendable (Request, ServerContext) async throws -> Response {
        self.action(done) { visit, id, _ in try await work(visit, id) }
    }

    /// Does it and leads back; what the state of things does not allow is said on the page.
    private func action(
        _ done: DevicePage.Done,
        _ work: @escaping Action
    ) -> @Sendable (Request, ServerContext) async throws -> Response {
        self.portal.form { visit, fields in
            let id = try PathParameters.guid("deviceId", in: visit.context)
            do { try await work(visit, id, fields) } catch let error as EscrowError {
                guard case .conflict(let code, _) = error else { throw error }
                return try await self.page.show(visit, alert: visit.word("conflict", code), status: .conflict)
            }
            return Portal.redirect(to: "/devices/\(id)?done=\(done.rawValue)")
        }
    }

    @Sendable
    private func rotate(_ visit: Visit, _ id: GUID, _ fields: FormFields) async throws {
        let volume = fields.text("volume")
        guard volume.isEmpty || GUID(volume) != nil else { throw EscrowError.notFound }
        let once = fields.text("once")
        _ = try await visit.service.requestRotation(
            id,
            volume: GUID(volume),
            trigger: .manual,
            idempotencyKey: once.isEmpty ? nil : once,
            by: visit.caller
        )
    }

    @Sendable
    private func cancel(_ visit: Visit, _ id: GUID) async throws {
        let rotation = try PathParameters.guid("rotationId", in: visit.context)
        _ = try await visit.service.cancelRotation(rotation, by: visit.caller)
    }

    @Sendable
    private func compromise(_ visit: Visit, _ id: GUID) async throws {
        _ = try await visit.service.startCompromise(of: .device(id), perMinute: Self.rate, by: visit.caller)
    }
}

import AuditFormats
import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/devices/{deviceId}`: what is known of a device, its *Security* section with the recovery keys, and what can be done.
struct DevicePage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("devices/{deviceId}", use: self.portal.page { try await self.show($0) })
    }

    /// What the address of the page can say was just done; each has a text `done…`.
    enum Done: String, CaseIterable, Sendable {
        case rotation, cancelled, compromised, holdSet, holdLifted, retired
    }

    private enum Parameter: String, CaseIterable, Hashable, Sendable {
        case done
    }

    func show(_ visit: Visit, alert: String? = nil, status: HTTPResponse.Status = .ok) async throws -> Response {
        let id = try PathParameters.guid("deviceId", in: visit.context)
        let found = try await visit.service.deviceKeys(id, by: visit.caller)
        var looks: [AuditListing]?
        if visit.mayUse(.readAudit) {
            var filter = AuditFilter(scope: visit.caller.scope)
            filter.device = id
            filter.kind = .keyDisclosed
            looks = try await visit.service.audit(filter, PageRequest(limit: 10), by: visit.caller).items
        }
        var values = self.values(found, visit)
        values["looks"] = looks?.map { self.values(ofLook: $0, visit) }
        values["hasLooks"] = looks.map { !$0.isEmpty } ?? false
        values["seesLooks"] = looks != nil
        values["alert"] = alert
        if let done = try QueryParameters<Parameter>(of: visit.request).word(.done, Done.self) {
            values["done"] = visit.word("done", done)
        }
        return visit.page(.device, title: "device", status: status, values)
    }

    private func values(_ found: DeviceKeys, _ visit: Visit) -> [String: Any] {
        let device = found.device
        let isActive = device.state == .active
        var generator = SystemRandomNumberGenerator()
        var values: [String: Any] = [
            "heading": device.facts.name, "id": device.id.description,
            "owner": device.facts.owner ?? visit.text("ownerUnknown"), "serial": device.facts.serial ?? "–",
            "system": device.facts.operatingSystem ?? "–", "group": device.group,
            "enrolled": visit.time(device.enrolledAt), "seen": visit.time(device.lastSeenAt),
            "status": visit.values(of: device.status), "isRetired": !isActive, "isHeld": device.isOnLegalHold,
            "volumes": found.volumes.map { self.values(of: $0, device, visit) }, "hasVolumes": !found.volumes.isEmpty,
            "mayRotate": isActive && visit.mayUse(.requestRotation), "mayHold": visit.mayUse(.setLegalHold),
            "mayRetire": isActive && visit.mayUse(.retireDevice),
            "mayDeclare": isActive && visit.mayUse(.declareCompromise),
            "mayAct": visit.mayUse(.setLegalHold) || isActive && visit.mayUse(.requestRotation),
            // The same for every time that this page's form is sent: a second click asks for nothing more.
            "once": GUID.random(using: &generator).description,
            "sheet": found.volumes.filter(\.volume.isPresent).map { each in
                [
                    "name": visit.name(of: each.volume.report),
                    "keys": each.keys.filter { $0.state == .active }.map { $0.protectorID.description.uppercased() },
                ] as [String: Any]
            },
            "printed": visit.exactTime(visit.portal.clock()),
        ]
        values["purge"] = device.keysPurgeAfter.map { visit.exactTime($0) }
        return values
    }

    private func values(of each: DeviceKeys.VolumeKeys, _ device: Device, _ visit: Visit) -> [String: Any] {
        let volume = each.volume
        let inUse = each.keys.filter { $0.state == .active }
        let old = each.keys.filter { $0.state != .active }
        var values: [String: Any] = [
            "id": volume.id.description, "name": visit.name(of: volume.report),
            "status": visit.values(of: volume.status),
            "isGone": !volume.isPresent, "protection": visit.word("protection", volume.report.protection),
            "percentage": "\(volume.report.encryptedPercentage) %",
            "isPartly": volume.report.encryptedPercentage < 100 && volume.report.protection != .off,
            "protectors": volume.report.protectors.map { visit.word("protector", $0.kind) }.joined(separator: ", "),
            "keys": inUse.map { self.values(of: $0, device, visit) }, "hasKeys": !inUse.isEmpty,
            "old": old.map { self.values(of: $0, device, visit) }, "hasOld": !old.isEmpty,
        ]
        values["failure"] = volume.failure.map { failure in
            [
                "text": visit.word("why", failure.reason), "detail": failure.detail, "at": visit.time(failure.at),
                "advice": visit.word("advice", failure.reason),
            ] as [String: Any]
        }
        values["deadline"] = volume.deadline.map { visit.time($0) }
        values["rotation"] = each.openRotation.map { self.values(of: $0, device, visit) }
        return values
    }

    private func values(of key: EscrowedKey, _ device: Device, _ visit: Visit) -> [String: Any] {
        var values: [String: Any] = [
            "key": visit.values(of: key.protectorID), "kind": visit.word("secret", key.kind),
            "proof": key.proof.rawValue, "proofText": visit.word("proof", key.proof),
            "deposited": visit.time(key.depositedAt), "isPurged": key.state == .purged,
            "isCompromised": key.compromisedAt != nil,
        ]
        values["proven"] = key.provenAt.map { visit.time($0) }
        values["disclosed"] = key.disclosedAt.map { visit.time($0) }
        values["superseded"] = key.supersededAt.map { visit.time($0) }
        values["kept"] = key.state == .superseded ? key.purgeAfter.map { visit.exactTime($0) } : nil
        if key.state != .purged, visit.mayUse(.revealKey) {
            values["reveal"] = "/devices/\(device.id)/keys/\(key.protectorID)/reveal"
        }
        return values
    }

    private func values(of rotation: Rotation, _ device: Device, _ visit: Visit) -> [String: Any] {
        var values: [String: Any] = [
            "cancelPath": "/devices/\(device.id)/rotations/\(rotation.id)/cancel",
            "trigger": visit.word("trigger", rotation.trigger),
            "steps": RotationSteps(rotation).steps.map { step in
                var values: [String: Any] = [
                    "text": visit.word("step", step.state), "progress": step.progress.rawValue,
                    "isCurrent": step.progress == .current,
                ]
                values["at"] = step.at.map { visit.time($0) }
                return values
            },
            "mayCancel": rotation.state == .requested && visit.mayUse(.cancelRotation),
            "deadline": visit.time(rotation.deadline),
        ]
        let isLater = rotation.state == .requested && rotation.notBefore > visit.portal.clock()
        values["notBefore"] = isLater ? visit.time(rotation.notBefore) : nil
        return values
    }

    private func values(ofLook entry: AuditListing, _ visit: Visit) -> [String: Any] {
        let record = LoggedRecord(entry)
        var values: [String: Any] = [
            "index": "\(entry.index)", "at": visit.time(entry.time), "who": record.name ?? visit.text("erased"),
            "from": record.address ?? "",
        ]
        values["reason"] = record.reason.map { visit.word("reasonCode", $0) }
        values["ticket"] = record.ticket
        return values
    }
}

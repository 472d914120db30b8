package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What a device asks to be enrolled with.
package struct Enrolment: Equatable, Sendable {
    /// The device ID.
    package let device: GUID
    /// What the device says of itself.
    package let facts: DeviceFacts
    /// Its own P-256 public key, X.509 SubjectPublicKeyInfo in DER, of which it has shown the private half.
    package let credential: [UInt8]

    /// Makes an enrolment from its parts.
    package init(device: GUID, facts: DeviceFacts, credential: [UInt8]) {
        self.device = device
        self.facts = facts
        self.credential = credential
    }
}

extension EscrowService {
    /// Gives a device its own credential for an enrolment token. The same enrolment again changes nothing; a known device with
    /// a new key, as after a new installation of Windows, is given that key, and the record says so.
    package func enrol(
        _ enrolment: Enrolment,
        token: String,
        source: Source
    ) async throws(EscrowError) -> (device: Device, isNew: Bool) {
        try enrolment.facts.validate()
        let (id, hash) = try Self.identify(token, as: .enrolment)
        let now = self.clock()
        let result = try await self.operation { (transaction) throws(StoreError) -> Outcome<Enrolled> in
            guard var token = try transaction.enrolmentToken(id), token.hash == hash else {
                return .refused(.notAuthenticated)
            }
            let caller = Caller(
                identity: .device(enrolment.device),
                role: .device,
                scope: .groups([]),
                source: source
            )
            let known = try transaction.device(enrolment.device)
            if let known, known.credential == enrolment.credential, known.state == .active {
                return .done(Enrolled(device: known, isNew: false), [])
            }
            guard token.isValid(at: now) else {
                let event = AuditEvent(.accessDenied, .denied, by: caller, device: enrolment.device, token: id)
                return .refused(.notAuthenticated, [event])
            }
            token.uses += 1
            try transaction.update(token)
            let permit = Permit(action: .checkIn, caller: caller, rule: .ownDevice, now: now)
            var device: Device
            var moved: AuditEvent?
            if var known {
                known.credential = enrolment.credential
                known.facts = enrolment.facts
                known.state = .active
                known.keysPurgeAfter = nil
                known.lastSeenAt = now
                try transaction.update(known)
                // What somebody assigned stays.
                let assigned = try transaction.placement(of: known).assigned
                let placement = Placement(enrolledInto: token.group, assigned: assigned)
                moved = try self.place(&known, placement, in: transaction, permit)
                device = known
            } else {
                device = try transaction.insert(
                    NewDevice(
                        id: enrolment.device,
                        facts: enrolment.facts,
                        group: token.group,
                        credential: enrolment.credential,
                        enrolledAt: now
                    )
                )
                let placement = Placement(enrolledInto: token.group)
                moved = try self.place(&device, placement, in: transaction, permit)
            }
            let event = AuditEvent(
                known == nil ? .deviceEnrolled : .deviceReenrolled,
                by: caller,
                device: device.id,
                deviceName: device.facts.name,
                token: id
            )
            return .done(Enrolled(device: device, isNew: known == nil), [event] + (moved.map { [$0] } ?? []))
        }
        return (result.device, result.isNew)
    }

    private struct Enrolled: Sendable {
        let device: Device
        let isNew: Bool
    }

    /// The public key of an active device, X.509 SubjectPublicKeyInfo in DER; nil when the device is unknown or retired.
    package func deviceCredential(_ device: GUID) async throws(EscrowError) -> [UInt8]? {
        try await self.snapshot { (reader) throws(StoreError) -> [UInt8]? in
            guard let device = try reader.device(device), device.state == .active else { return nil }
            return device.credential
        }
    }
}

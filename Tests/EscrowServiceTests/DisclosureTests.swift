import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Foundation
import Testing

@Suite("Disclosing keys")
struct DisclosureTests {
    static func reason() throws -> DisclosureReason {
        try DisclosureReason(code: .hardwareChange, ticket: "INC42", comment: nil)
    }

    @Test("a disclosure is on the log with who, when, which device, from where and why", arguments: Engine.available)
    func recorded(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let protector = try volume.protectors()[0]
        let digits = try await escrow.service.reveal(
            device.id,
            key: nil,
            volume: nil,
            reason: Self.reason(),
            by: escrow.caller(.helpdesk, name: "anna")
        ).digits()
        #expect(try digits == volume.digits(of: protector))
        let all = try await escrow.records()
        let record = try #require(all.last { $0["kind"] as? String == "key.disclosed" })
        #expect((record["caller"] as? [String: Any])?["name"] as? String == "anna")
        #expect((record["caller"] as? [String: Any])?["role"] as? String == "helpdesk")
        #expect((record["source"] as? [String: Any])?["address"] as? String == "192.0.2.7")
        #expect(record["device"] as? String == device.id.description)
        #expect(record["protector"] as? String == protector.description)
        #expect((record["reason"] as? [String: Any])?["code"] as? String == "hardwareChange")
        #expect((record["reason"] as? [String: Any])?["ticket"] as? String == "INC42")
        #expect(record["rule"] as? String == "role-in-scope")
        #expect(!"\(all)".contains(digits))
    }

    @Test("a denial is recorded with its rule, and no secret leaves", arguments: Engine.available)
    func denied(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [TestVolume()])
        try await device.settle()
        let cases: [(Caller, EscrowError, String)] = [
            (escrow.caller(.reader), .denied, "role-lacks-action"),
            (escrow.caller(.auditor), .denied, "role-lacks-action"),
            (escrow.caller(.helpdesk, scope: .groups(["paris"])), .notFound, "out-of-scope"),
            (escrow.caller(.owner, name: "max@example.com"), .notFound, "not-own-device"),
            (device.caller, .denied, "role-lacks-action"),
        ]
        for (caller, expected, rule) in cases {
            await #expect(throws: expected) {
                _ = try await escrow.service.reveal(
                    device.id,
                    key: nil,
                    volume: nil,
                    reason: Self.reason(),
                    by: caller
                )
            }
            let last = try await escrow.records().last
            #expect(last?["kind"] as? String == "access.denied")
            #expect(last?["outcome"] as? String == "denied")
            #expect(last?["rule"] as? String == rule)
        }
        #expect(try await escrow.count(.keyDisclosed) == 0)
    }

    static func owner(_ userName: String, authentication: Authentication? = nil) -> Caller {
        Caller(
            identity: .person(issuer: "local", subject: "7", name: "Kim"),
            role: .owner,
            scope: .groups([]),
            source: Source(address: "192.0.2.7"),
            userName: userName,
            authentication: authentication
        )
    }

    @Test("an owner gets the keys of their own device", arguments: Engine.available)
    func owner(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let digits = try await escrow.service.reveal(
            device.id,
            key: volume.protectors()[0],
            volume: nil,
            reason: Self.reason(),
            by: Self.owner("KIM@example.com")
        ).digits()
        #expect(try volume.opens(with: digits))
    }

    @Test("with keys on several volumes the caller must say which", arguments: Engine.available)
    func severalVolumes(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let (first, second) = (try TestVolume(), try TestVolume())
        let device = try await TestDevice(in: escrow, volumes: [first, second])
        try await device.settle()
        let error = await #expect(throws: EscrowError.self) {
            _ = try await escrow.service.reveal(
                device.id,
                key: nil,
                volume: nil,
                reason: Self.reason(),
                by: escrow.caller(.helpdesk)
            )
        }
        guard case .conflict(code: "volumeNeeded", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let digits = try await escrow.service.reveal(
            device.id,
            key: nil,
            volume: second.id,
            reason: Self.reason(),
            by: escrow.caller(.helpdesk)
        ).digits()
        #expect(try second.opens(with: digits))
        #expect(try !first.opens(with: digits))
    }

    @Test("keys outlive their device", arguments: Engine.available)
    func retired(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let retired = try await escrow.service.retire(device.id, by: escrow.caller(.administrator))
        #expect(retired.state == .retired)
        await #expect(throws: EscrowError.notAuthenticated) { try await device.checkIn() }
        #expect(try await escrow.service.deviceCredential(device.id) == nil)
        let disclosed = try await escrow.service.reveal(
            device.id,
            key: nil,
            volume: nil,
            reason: Self.reason(),
            by: escrow.caller(.helpdesk)
        )
        #expect(disclosed.rotation == nil, "a retired device cannot rotate")
        #expect(try volume.opens(with: disclosed.digits()))
    }

    @Test(
        "a superseded key is purged when its retention ends, unless a legal hold keeps it",
        arguments: Engine.available
    )
    func purge(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let volume = try TestVolume()
        let device = try await TestDevice(in: escrow, volumes: [volume])
        try await device.settle()
        let old = try volume.protectors()[0]
        _ = try await escrow.service.requestRotation(
            device.id,
            volume: nil,
            trigger: .manual,
            idempotencyKey: nil,
            by: escrow.caller(.helpdesk)
        )
        try await device.settle()
        escrow.wait(.days(89))
        #expect(try await escrow.service.purgeKeys() == 0)
        escrow.wait(.days(2))
        _ = try await escrow.service.setLegalHold(true, on: device.id, by: escrow.caller(.administrator))
        #expect(try await escrow.service.purgeKeys() == 0)
        _ = try await escrow.service.setLegalHold(false, on: device.id, by: escrow.caller(.administrator))
        #expect(try await escrow.service.purgeKeys() == 1)
        await #expect(throws: EscrowError.purged) {
            _ = try await escrow.service.reveal(
                device.id,
                key: old,
                volume: nil,
                reason: Self.reason(),
                by: escrow.caller(.helpdesk)
            )
        }
        #expect(try await device.seen().volumes[0].keys.map(\.state) == [.active, .purged])
        #expect(try await escrow.count(.keyPurged) == 1)
    }
}

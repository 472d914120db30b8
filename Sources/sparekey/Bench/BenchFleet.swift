import BitLocker
import Crypto
import EscrowAPI
import EscrowModel
import Foundation
import HTTPTypes
import MessageSignatures

/// Devices that are enrolled with a server, and the requests that they and a help desk make. All requests are written, and
/// signed, before they are sent: that costs the client, not the server.
struct BenchFleet {
    /// A device with one volume.
    private struct Member {
        let device: GUID
        let volume: GUID
        let protector: GUID
        let signer: RequestSigner
    }

    /// How many seconds a signature holds: the server remembers each for as long.
    private static let lifetime: Int64 = 30

    private let members: [Member]
    private let key: P256.Signing.PrivateKey
    private let bearer: String
    private let revealed: Int
    private var nextDeposit = 0
    private var generator = SystemRandomNumberGenerator()

    /// Enrols so many devices over HTTP, as agents do: enrolment, check-in, and for the first ones a deposit.
    ///
    /// All have one key, which makes no difference to the server.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - revealed: how many of them have a key that is revealed; the others are deposited for.
    ///   - bearer: an API token of a help desk.
    ///   - enrolmentToken: lets the devices enrol.
    init(count: Int, revealed: Int = 2000, port: UInt16, bearer: String, enrolmentToken: String) throws {
        let key = P256.Signing.PrivateKey()
        var generator = SystemRandomNumberGenerator()
        self.members = (0..<count).map { _ in
            let device = GUID.random(using: &generator)
            return Member(
                device: device,
                volume: .random(using: &generator),
                protector: .random(using: &generator),
                signer: RequestSigner(keyID: device.description, key: key, lifetime: Self.lifetime)
            )
        }
        self.key = key
        self.bearer = bearer
        self.revealed = revealed
        let load = BenchLoad(port: port, connections: 64)
        // A few seconds' worth at a time, so that no signature has ended when it is sent.
        for start in stride(from: 0, to: count, by: 2000) {
            let part = Array(self.members[start..<min(start + 2000, count)])
            _ = try load.sendAll(part.map { try self.enrolment(of: $0, token: enrolmentToken) })
            _ = try load.sendAll(part.map { try self.checkIn(of: $0) })
        }
        _ = try load.sendAll(self.members[..<self.revealed].map { try self.deposit($0.protector, of: $0) })
    }

    /// Requests that reveal keys, each of another device.
    var reveals: [[UInt8]] {
        get throws {
            try self.members[..<self.revealed].map { member in
                let body = RevealRequest(keyId: member.protector, reason: .test, ticket: "INC-004217")
                return BenchRequest.post(
                    "/api/devices/security/bitlocker/keys/\(member.device)/reveal",
                    fields: [("Authorization", "Bearer \(self.bearer)")],
                    body: Array(try JSONEncoder().encode(body))
                )
            }
        }
    }

    /// So many requests that each deposit a key that is new to the server. Send them within 20 seconds.
    mutating func deposits(_ count: Int) throws -> [[UInt8]] {
        let members = self.members[self.revealed...]
        return try (0..<count).map { _ in
            let member = members[members.startIndex + self.nextDeposit % members.count]
            self.nextDeposit += 1
            return try self.deposit(.random(using: &self.generator), of: member)
        }
    }

    private func enrolment(of member: Member, token: String) throws -> [UInt8] {
        try self.signed(
            "/api/agent/v1/enrol",
            EnrolRequest(
                deviceId: member.device,
                publicKey: DevicePublicKey(of: self.key).base64,
                name: "BENCH-\(member.device.description.prefix(8))",
                operatingSystem: "Windows 11 24H2"
            ),
            by: member,
            fields: [("Authorization", "Bearer \(token)")]
        )
    }

    private func checkIn(of member: Member) throws -> [UInt8] {
        let volume = CheckInRequest.Volume(
            id: member.volume,
            type: .operatingSystem,
            label: "C:",
            protection: .on,
            protectors: [CheckInRequest.Protector(id: member.protector, type: .recoveryPassword)]
        )
        return try self.signed(
            "/api/agent/v1/check-in",
            CheckInRequest(name: "BENCH-\(member.device.description.prefix(8))", volumes: [volume]),
            by: member
        )
    }

    private func deposit(_ protector: GUID, of member: Member) throws -> [UInt8] {
        var generator = self.generator
        let password = RecoveryPassword.generate(using: &generator)
        let digits = password.withDigits { digits in
            String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self)
        }
        return try self.signed(
            "/api/agent/v1/deposits",
            DepositRequest(volumeId: member.volume, protectorId: protector, type: .recoveryPassword, secret: digits),
            by: member
        )
    }

    private func signed(
        _ path: String,
        _ content: some Encodable,
        by member: Member,
        fields: [(String, String)] = []
    ) throws -> [UInt8] {
        let body = Array(try JSONEncoder().encode(content))
        var generator = self.generator
        let signature = try member.signer.fields(
            for: SignedRequest(method: "POST", path: path, body: body),
            at: Int64(Date().timeIntervalSince1970),
            using: &generator
        )
        return BenchRequest.post(path, fields: fields + signature.map { ($0.name.rawName, $0.value) }, body: body)
    }
}

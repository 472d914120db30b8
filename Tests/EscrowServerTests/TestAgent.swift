import EscrowService
import BitLocker
import Crypto
import EscrowAPI
import EscrowModel
import Foundation
import HTTPTypes
import MessageSignatures
import Testing

/// A device as its agent speaks to the server: with a key of its own, and without proofs, which take their time and are
/// the service's affair.
struct TestAgent: Sendable {
    let id: GUID
    let volume: GUID
    let protector: GUID
    let name: String
    let escrow: TestEscrow
    let key = P256.Signing.PrivateKey()

    init(_ escrow: TestEscrow, name: String = "LAPTOP-1") {
        var generator = SystemRandomNumberGenerator()
        self.id = .random(using: &generator)
        self.volume = .random(using: &generator)
        self.protector = .random(using: &generator)
        self.name = name
        self.escrow = escrow
    }

    /// A device that has enrolled, checked in and deposited `TestAgent.digits`.
    static func escrowed(
        in escrow: TestEscrow,
        name: String = "LAPTOP-1",
        group: String = "berlin"
    ) async throws -> TestAgent {
        let agent = TestAgent(escrow, name: name)
        let enrolled = try await agent.enrol(token: escrow.enrolmentToken(group: group))
        #expect(enrolled.status == .created)
        #expect(try await agent.checkIn().status == .ok)
        #expect(try await agent.deposit().status == .created)
        return agent
    }

    /// A well-formed recovery password.
    static let digits = "111683-110022-683298-209352-468105-648483-571252-334455"

    var enrolRequest: EnrolRequest {
        EnrolRequest(
            deviceId: self.id,
            publicKey: DevicePublicKey(of: self.key).base64,
            name: self.name,
            serial: "SN-\(self.name)",
            owner: "kim@example.com",
            operatingSystem: "Windows 11"
        )
    }

    var checkInRequest: CheckInRequest {
        CheckInRequest(
            name: self.name,
            serial: "SN-\(self.name)",
            owner: "kim@example.com",
            volumes: [
                CheckInRequest.Volume(
                    id: self.volume,
                    type: .operatingSystem,
                    label: "C:",
                    protection: .on,
                    protectors: [CheckInRequest.Protector(id: self.protector, type: .recoveryPassword)]
                )
            ]
        )
    }

    var depositRequest: DepositRequest {
        DepositRequest(
            volumeId: self.volume,
            protectorId: self.protector,
            type: .recoveryPassword,
            secret: Self.digits
        )
    }

    func enrol(token: String) async throws -> TestAnswer {
        try await self.post("enrol", self.enrolRequest, headers: [.authorization: "Bearer \(token)"])
    }

    func checkIn() async throws -> TestAnswer { try await self.post("check-in", self.checkInRequest) }

    func deposit() async throws -> TestAnswer { try await self.post("deposits", self.depositRequest) }

    /// Signs a body and sends it to a path of the agent's API.
    func post(_ path: String, _ body: some Encodable, headers: HTTPFields = [:]) async throws -> TestAnswer {
        try await self.post(path, bytes: Array(try JSONEncoder().encode(body)), headers: headers)
    }

    /// Signs bytes and sends them to a path of the agent's API.
    func post(_ path: String, bytes: [UInt8], headers: HTTPFields = [:]) async throws -> TestAnswer {
        let path = "/api/agent/v1/\(path)"
        let signed = headers + (try self.signature(path, bytes))
        return try await self.escrow.network.send(.post, path, headers: signed, body: bytes)
    }

    /// The header fields that sign a POST.
    func signature(_ path: String, _ body: [UInt8], keyID: String? = nil) throws -> HTTPFields {
        var generator = SystemRandomNumberGenerator()
        return try RequestSigner(keyID: keyID ?? self.id.description, key: self.key).fields(
            for: SignedRequest(method: "POST", path: path, body: body),
            at: self.escrow.clock.now.milliseconds / 1000,
            using: &generator
        )
    }
}

extension HTTPFields {
    static func + (left: HTTPFields, right: HTTPFields) -> HTTPFields {
        var sum = left
        sum.append(contentsOf: right)
        return sum
    }
}

/// Where the keys are.
let keysPath = "/api/devices/security/bitlocker/keys"

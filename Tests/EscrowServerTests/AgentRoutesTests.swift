import EscrowService
import BitLocker
import Crypto
import EscrowAPI
import EscrowModel
import Foundation
import HTTPTypes
import MessageSignatures
import Testing

/// What devices ask, and how they show who they are.
struct AgentRoutesTests {
    let escrow: TestEscrow

    init() async throws {
        self.escrow = try await TestEscrow { $0.isProofRequired = false }
    }

    @Test("a device enrols once with 201, and again with 200 into the same group")
    func enrol() async throws {
        let agent = TestAgent(self.escrow)
        let token = try await self.escrow.enrolmentToken(group: "paris")
        let first = try await agent.enrol(token: token)
        #expect(first.status == .created)
        #expect(try first.decode(EnrolAnswer.self) == EnrolAnswer(deviceId: agent.id, group: "paris"))
        #expect(try await agent.enrol(token: token).status == .ok)
    }

    @Test("an enrolment without the private half of its key is refused")
    func possession() async throws {
        let agent = TestAgent(self.escrow)
        let token = try await self.escrow.enrolmentToken()
        var stolen = agent.enrolRequest
        stolen.publicKey = DevicePublicKey(of: P256.Signing.PrivateKey()).base64
        let answer = try await agent.post("enrol", stolen, headers: [.authorization: "Bearer \(token)"])
        #expect(answer.status == .unauthorized)
        var other = agent.enrolRequest
        other.deviceId = GUID(high: 1, low: 1)
        let foreign = try await agent.post("enrol", other, headers: [.authorization: "Bearer \(token)"])
        #expect(foreign.status == .badRequest)
        #expect(try foreign.problem().field == "deviceId")
        #expect(try await agent.post("enrol", agent.enrolRequest).status == .unauthorized)
    }

    @Test(
        "an enrolment that cannot be accepted is answered with its field",
        arguments: [
            ("publicKey", "!", "publicKey"), ("publicKey", "AAAA", "publicKey"), ("name", "", "name"),
            ("serial", "", "serial"), ("deviceId", "x", "deviceId"),
        ]
    )
    func enrolRefused(key: String, value: String, field: String) async throws {
        let agent = TestAgent(self.escrow)
        let encoded = try JSONEncoder().encode(agent.enrolRequest)
        var json = try #require(try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
        json[key] = value
        let body = Array(try JSONSerialization.data(withJSONObject: json))
        let token = try await self.escrow.enrolmentToken()
        let answer = try await agent.post("enrol", bytes: body, headers: [.authorization: "Bearer \(token)"])
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }

    @Test("a check-in is answered with what to do and when to come again")
    func checkIn() async throws {
        let agent = TestAgent(self.escrow)
        _ = try await agent.enrol(token: self.escrow.enrolmentToken())
        let answer = try await agent.checkIn()
        let checkedIn = try answer.decode(CheckInAnswer.self)
        #expect(checkedIn.status.state == .pending)
        #expect(checkedIn.instructions.map(\.action) == [.deposit])
        #expect(checkedIn.instructions.first?.protectorIds == [agent.protector])
        #expect(checkedIn.nextCheckInSeconds == 3600)
    }

    @Test("a deposit is answered 201, the same again 200")
    func deposit() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let again = try await agent.deposit()
        #expect(again.status == .ok)
        let receipt = try again.decode(DepositAnswer.self)
        #expect(receipt.keyId == agent.protector && receipt.proof == .unproven && receipt.status.state == .escrowed)
        #expect(!again.text.contains("111683"))
    }

    @Test(
        "a secret that is none is answered with what is wrong, and no digit of it",
        arguments: [
            ("111684-110022-683298-209352-468105-648483-571252-334455", "first group"),
            ("111683-110022-683298-209352-468105-648483-571252-720896", "eighth group"),
            ("111683-110022-68329-209352-468105-648483-571252-334455", "third group"),
            ("111683", "48 digits"), ("", "48 digits"), ("one-two", "neither a digit"),
        ]
    )
    func wrongPassword(digits: String, hint: String) async throws {
        let agent = TestAgent(self.escrow)
        _ = try await agent.enrol(token: self.escrow.enrolmentToken())
        var deposit = agent.depositRequest
        deposit.secret = digits
        let answer = try await agent.post("deposits", deposit)
        #expect(answer.status == .badRequest)
        let problem = try answer.problem()
        #expect(problem.field == "secret")
        #expect(problem.detail?.contains(hint) == true, "\(problem.detail ?? "")")
        for group in digits.split(separator: "-") where group.count == 6 { #expect(!answer.text.contains(group)) }
    }

    @Test(
        "a deposit that cannot be accepted is answered with its field",
        arguments: [
            ("volumeId", "x", "volumeId"), ("type", "password", "type"), ("type", "recoveryKey", "secret"),
            ("metadata", "!", "metadata"), ("metadata", "AAAA", "metadata"), ("rotationId", "x", "rotationId"),
        ]
    )
    func depositRefused(key: String, value: String, field: String) async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let encoded = try JSONEncoder().encode(agent.depositRequest)
        var json = try #require(try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
        json[key] = value
        let answer = try await agent.post("deposits", bytes: Array(try JSONSerialization.data(withJSONObject: json)))
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
        #expect(!answer.text.contains("111683"))
    }

    @Test(
        "a check-in that cannot be accepted is answered with the path of its field",
        arguments: [
            (#"{"volumes":[]}"#, "name"),
            (#"{"name":"PC"}"#, "volumes"),
            (#"{"name":"PC","volumes":{}}"#, "volumes"),
            (#"{"name":"PC","volumes":[1]}"#, "volumes[0]"),
            (
                #"{"name":"PC","volumes":[{"id":"8f595209-f5b9-49a0-85d4-cb8f80258c27","type":"floppy","protection":"on"}]}"#,
                "volumes[0].type"
            ),
            (
                #"{"name":"PC","volumes":[{"id":"8f595209-f5b9-49a0-85d4-cb8f80258c27","type":"fixedData","protection":"on","protectors":[{"id":"8f595209-f5b9-49a0-85d4-cb8f80258c27","type":"magic"}]}]}"#,
                "volumes[0].protectors[0].type"
            ),
            (
                #"{"name":"PC","volumes":[{"id":"8f595209-f5b9-49a0-85d4-cb8f80258c27","type":"fixedData","protection":"on","encryptedPercentage":101}]}"#,
                "volumes[0].encryptedPercentage"
            ),
            (#"{"name":"PC","volumes":[],"recoveries":[{}]}"#, "recoveries[0].volumeId"),
        ]
    )
    func checkInRefused(json: String, field: String) async throws {
        let agent = TestAgent(self.escrow)
        _ = try await agent.enrol(token: self.escrow.enrolmentToken())
        let answer = try await agent.post("check-in", bytes: Array(json.utf8))
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }

    @Test("a field that a newer agent may send is ignored")
    func newerAgent() async throws {
        let agent = TestAgent(self.escrow)
        _ = try await agent.enrol(token: self.escrow.enrolmentToken())
        let answer = try await agent.post("check-in", bytes: Array(#"{"name":"PC","volumes":[],"firmware":"3"}"#.utf8))
        #expect(answer.status == .ok)
    }

    @Test("failures and results are taken down")
    func reports() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let failure = try await agent.post("failures", FailureRequest(volumeId: agent.volume, code: "0x80310060"))
        #expect(try failure.decode(StatusDocument.self).reason == .deviceReported)
        let unknown = try await agent.post("failures", FailureRequest(volumeId: GUID(high: 1, low: 1), code: "x"))
        #expect(unknown.status == .conflict)
        let coded = try await agent.post("failures", FailureRequest(volumeId: agent.volume, code: "two words"))
        #expect(try coded.problem().field == "code")

        let rotate = try await self.escrow.network.send(
            .post,
            "\(keysPath)/\(agent.id)/rotate",
            token: self.escrow.token(.helpdesk)
        )
        let rotation = try #require(try rotate.decode(RotateAnswer.self).rotations.first)
        #expect(try await agent.checkIn().decode(CheckInAnswer.self).instructions.map(\.action) == [.addProtector])
        let path = "instructions/\(rotation.id)/result"
        let early = try await agent.post(path, InstructionResultRequest(outcome: .done))
        #expect(early.status == .conflict)
        for wrong in [
            InstructionResultRequest(outcome: .failed), InstructionResultRequest(outcome: .done, code: "x"),
            InstructionResultRequest(outcome: .failed, code: ""),
        ] {
            #expect(try await agent.post(path, wrong).problem().field == "code")
        }
        let failed = try await agent.post(path, InstructionResultRequest(outcome: .failed, code: "noTPM"))
        #expect(failed.status == .noContent && failed.body.isEmpty)
        let other = try await agent.post("instructions/\(agent.id)/result", InstructionResultRequest(outcome: .done))
        #expect(other.status == .notFound)
        let noID = try await agent.post("instructions/x/result", InstructionResultRequest(outcome: .done))
        #expect(try noID.problem().field == "instructionId")
    }

    @Test("a signed request counts once")
    func replay() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let body = Array(try JSONEncoder().encode(agent.checkInRequest))
        let path = "/api/agent/v1/check-in"
        let headers = try agent.signature(path, body)
        let network = self.escrow.network
        #expect(try await network.send(.post, path, headers: headers, body: body).status == .ok)
        let again = try await network.send(.post, path, headers: headers, body: body)
        #expect(again.status == .unauthorized)
        #expect(try again.problem().detail?.contains("used before") == true)
    }

    @Test("a signature is refused for another body, path, device or time")
    func misused() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let other = try await TestAgent.escrowed(in: self.escrow, name: "OTHER")
        let body = Array(try JSONEncoder().encode(agent.checkInRequest))
        let path = "/api/agent/v1/check-in"
        let network = self.escrow.network
        let changed = try await network.send(.post, path, headers: agent.signature(path, body), body: body + [0x20])
        #expect(changed.status == .unauthorized)
        let moved = try await network.send(.post, path, headers: agent.signature(path + "/", body), body: body)
        #expect(moved.status == .unauthorized)
        let disguised = try agent.signature(path, body, keyID: other.id.description)
        #expect(try await network.send(.post, path, headers: disguised, body: body).status == .unauthorized)
        let upper = try agent.signature(path, body, keyID: agent.id.description.uppercased())
        #expect(try await network.send(.post, path, headers: upper, body: body).status == .unauthorized)
        let late = try agent.signature(path, body)
        self.escrow.clock.advance(by: .minutes(10))
        let answer = try await network.send(.post, path, headers: late, body: body)
        #expect(answer.status == .unauthorized)
        #expect(try answer.problem().detail?.contains("ended") == true)
        #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Signature") == true)
    }

    @Test("an unknown device is told the same as one that signs with a wrong key")
    func unknownDevice() async throws {
        let known = try await TestAgent.escrowed(in: self.escrow)
        let stranger = TestAgent(self.escrow)
        let body = Array(try JSONEncoder().encode(stranger.checkInRequest))
        let path = "/api/agent/v1/check-in"
        let unknown = try await stranger.post("check-in", bytes: body)
        let disguised = try stranger.signature(path, body, keyID: known.id.description)
        let wrong = try await self.escrow.network.send(.post, path, headers: disguised, body: body)
        #expect(unknown.status == .unauthorized && wrong.status == .unauthorized)
        #expect(try unknown.problem().detail == wrong.problem().detail)
    }
}

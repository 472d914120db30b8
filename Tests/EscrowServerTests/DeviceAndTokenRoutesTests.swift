import EscrowService
import EscrowAPI
import EscrowModel
import HTTPTypes
import Testing

/// Devices, holds and tokens.
struct DeviceAndTokenRoutesTests {
    let escrow: TestEscrow

    init() async throws {
        self.escrow = try await TestEscrow { $0.isProofRequired = false }
    }

    @Test("devices are listed by the beginning of their name")
    func list() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow, name: "LAPTOP-1")
        _ = try await TestAgent.escrowed(in: self.escrow, name: "DESKTOP-1")
        let answer = try await self.escrow.network.send(
            .get,
            "/api/devices?name=lapTOP",
            token: self.escrow.token(.reader)
        )
        #expect(try answer.decode(PageDocument<DeviceDocument>.self).items.map(\.id) == [agent.id])
    }

    @Test("a retired device's keys stay and its credential ends")
    func retire() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.administrator)
        let answer = try await self.escrow.network.send(.post, "/api/devices/\(agent.id)/retire", token: token)
        #expect(try answer.decode(DeviceDocument.self).state == .retired)
        #expect(try await agent.checkIn().status == .unauthorized)
        let target = "\(keysPath)/\(agent.id)"
        let reveal = try await self.escrow.network.send(
            .post,
            "\(target)/reveal",
            token: token,
            RevealRequest(reason: .test)
        )
        #expect(try reveal.decode(RevealAnswer.self).recoveryPassword == TestAgent.digits)
        let rotate = try await self.escrow.network.send(.post, "\(target)/rotate", token: token)
        #expect(rotate.status == .conflict)
    }

    @Test("a legal hold is set and lifted")
    func hold() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.administrator)
        let target = "/api/devices/\(agent.id)/legal-hold"
        for hold in [true, true, false] {
            let answer = try await self.escrow.network.send(.put, target, token: token, LegalHoldRequest(hold: hold))
            #expect(try answer.decode(DeviceDocument.self).legalHold == hold)
        }
    }

    @Test("a token works until it is revoked, at once, and the list never shows its secret")
    func tokens() async throws {
        let created = try await self.escrow.console.send(
            .post,
            "/api/tokens",
            CreateTokenRequest(name: "desk", role: .helpdesk, groups: ["b", "a"])
        )
        let token = try created.decode(NewTokenAnswer.self)
        #expect(try await self.escrow.network.send(.get, keysPath, token: token.token).status == .ok)
        let list = try await self.escrow.console.send(.get, "/api/tokens")
        let shown = try #require(try list.decode(PageDocument<TokenDocument>.self).items.first { $0.id == token.id })
        #expect(shown.name == "desk" && shown.role == .helpdesk && shown.groups == ["a", "b"])
        #expect(!list.text.contains(token.token) && !list.text.contains("hash"))
        let revoked = try await self.escrow.console.send(.delete, "/api/tokens/\(token.id)")
        #expect(try revoked.decode(TokenDocument.self).revokedAt != nil)
        #expect(try await self.escrow.network.send(.get, keysPath, token: token.token).status == .unauthorized)
        #expect(try await self.escrow.console.send(.delete, "/api/tokens/\(token.id)").status == .ok)
        let unknown = "/api/tokens/8f595209-f5b9-49a0-85d4-cb8f80258c27"
        #expect(try await self.escrow.console.send(.delete, unknown).status == .notFound)
    }

    @Test("an enrolment token lets as many devices in as it says, and none once revoked")
    func enrolmentTokens() async throws {
        let created = try await self.escrow.console.send(
            .post,
            "/api/enrolment-tokens",
            CreateEnrolmentTokenRequest(name: "one", group: "berlin", maximumUses: 1)
        )
        let token = try created.decode(NewTokenAnswer.self)
        #expect(try await TestAgent(self.escrow).enrol(token: token.token).status == .created)
        #expect(try await TestAgent(self.escrow).enrol(token: token.token).status == .unauthorized)
        let list = try await self.escrow.console.send(.get, "/api/enrolment-tokens")
        let shown = try #require(try list.decode(PageDocument<EnrolmentTokenDocument>.self).items.first)
        #expect(shown.uses == 1 && shown.maximumUses == 1 && !list.text.contains(token.token))
        let other = try await self.escrow.console.send(
            .post,
            "/api/enrolment-tokens",
            CreateEnrolmentTokenRequest(name: "two", group: "berlin")
        )
        let second = try other.decode(NewTokenAnswer.self)
        #expect(try await self.escrow.console.send(.delete, "/api/enrolment-tokens/\(second.id)").status == .ok)
        #expect(try await TestAgent(self.escrow).enrol(token: second.token).status == .unauthorized)
    }

    @Test("what the console does is on record under its user's name")
    func consoleRecord() async throws {
        _ = try await self.escrow.enrolmentToken()
        let audit = try await self.escrow.console.send(.get, "\(keysPath)/audit?caller=operator:root")
        #expect(audit.text.contains("enrolmentToken.created") && audit.text.contains(#""address":"local""#))
        let byName = try await self.escrow.console.send(.get, "\(keysPath)/audit?caller=root&source=local")
        #expect(byName.text == audit.text)
    }
}

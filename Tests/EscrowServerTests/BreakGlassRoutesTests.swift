import BitLocker
import EscrowAPI
import EscrowCrypto
import EscrowModel
import HTTPTypes
import Testing

struct BreakGlassRoutesTests {
    static let path = "/api/break-glass"
    static let salt = [UInt8](repeating: 3, count: 32)

    static func request(_ id: GUID, verifier: [UInt8], role: Role = .helpdesk) -> SetUpBreakGlassRequest {
        SetUpBreakGlassRequest(
            id: id,
            shares: 3,
            threshold: 2,
            role: role,
            windowSeconds: 600,
            salt: Self.salt,
            verifier: verifier
        )
    }

    @Test("it is set up on the console, opened by anybody with the shares, and shown to who may read the log")
    func wholeWay() async throws {
        let escrow = try await TestEscrow()
        var generator = SystemRandomNumberGenerator()
        let id = GUID.random(using: &generator)
        let secret = BreakGlassSecret.generate(using: &generator)
        let shares = try secret.split(setup: id, into: 3, threshold: 2, using: &generator).map { $0.reveal() }
        let wanted = Self.request(id, verifier: secret.verifier(salt: Self.salt))
        let administrator = try await escrow.token(.administrator)
        #expect(try await escrow.network.send(.post, Self.path, token: administrator, wanted).status == .forbidden)
        #expect(try await escrow.console.send(.post, Self.path, wanted).status == .created)
        #expect(try await escrow.console.send(.post, Self.path, wanted).status == .conflict)

        let opening = OpenBreakGlassRequest(shares: Array(shares.prefix(2)), reason: "sign-in is down", ticket: "INC-1")
        let answer = try await escrow.network.send(.post, "\(Self.path)/open", opening)
        #expect(answer.status == .created)
        #expect(answer.headers[.cacheControl] == "no-store")
        let token = try answer.decode(OpenBreakGlassAnswer.self).token
        #expect(try await escrow.network.send(.get, "/api/devices", token: token).status == .ok)
        #expect(try await escrow.network.send(.get, "/api/tokens", token: token).status == .forbidden)
        #expect(try await escrow.network.send(.get, "/readyz").text.contains("Break-glass access is open until"))

        let auditor = try await escrow.token(.auditor)
        let listed = try await escrow.network.send(.get, Self.path, token: auditor)
        let setups = try listed.decode(PageDocument<BreakGlassDocument>.self).items
        #expect(setups.map(\.state) == [.opened])
        #expect(!listed.text.contains("verifier") && !listed.text.contains("salt"))

        let again = try await escrow.network.send(.post, "\(Self.path)/open", opening)
        #expect(again.status == .forbidden)
        #expect(try again.problem().type == "urn:sparekey:problem:shares-refused")
        #expect(try await escrow.console.send(.delete, "\(Self.path)/\(id)").status == .ok)
        #expect(try await escrow.network.send(.get, "/api/devices", token: token).status == .unauthorized)
        for line in escrow.log.lines { #expect(!line.contains(shares[0]) && !line.contains(token)) }
    }

    @Test("what cannot be accepted names its field")
    func fields() async throws {
        let escrow = try await TestEscrow()
        let good = Self.request(GUID(high: 1, low: 2), verifier: Self.salt)
        let bad: [(String, (inout SetUpBreakGlassRequest) -> Void)] = [
            ("shares", { $0.shares = 21 }), ("threshold", { $0.threshold = 4 }), ("threshold", { $0.threshold = 1 }),
            ("role", { $0.role = .auditor }), ("window", { $0.windowSeconds = 10 }),
            ("windowSeconds", { $0.windowSeconds = .max }), ("salt", { $0.salt = $0.salt.dropLast() }),
            ("verifier", { $0.verifier = $0.verifier + [1] }),
        ]
        for (field, change) in bad {
            var wanted = good
            change(&wanted)
            let answer = try await escrow.console.send(.post, Self.path, wanted)
            #expect(answer.status == .badRequest)
            #expect(try answer.problem().field == field)
        }
        for (field, body) in [
            ("shares[0]", #"{"shares":["x","y"],"reason":"r"}"#), ("shares", #"{"shares":[],"reason":"r"}"#),
            ("reason", #"{"shares":[],"reason":""}"#), ("reason", #"{"shares":[]}"#),
            ("ticket", #"{"shares":[],"reason":"r","ticket":" "}"#),
        ] {
            let answer = try await escrow.network.send(.post, "\(Self.path)/open", json: body)
            #expect(answer.status == .badRequest, "\(body)")
            #expect(try answer.problem().field == field, "\(body)")
        }
        #expect(try await escrow.console.send(.get, Self.path).text.contains(#""items":[]"#))
    }
}

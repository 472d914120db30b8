import BitLocker
import EscrowAPI
import EscrowService
import EscrowModel
import EscrowServer
import HTTPTypes
import Testing

/// What holds for every answer.
struct EdgeTests {
    let escrow: TestEscrow

    init() async throws {
        self.escrow = try await TestEscrow { $0.isProofRequired = false }
    }

    @Test(
        "a path that does not exist is answered 404 with a problem, to everybody",
        arguments: [
            "/api", "/api/devices/security/bitlocker", "\(keysPath)/1/2/3", "/favicon.ico", "/api/agent/v2/enrol",
        ]
    )
    func unknownPath(target: String) async throws {
        let answer = try await self.escrow.network.send(.get, target)
        #expect(answer.status == .notFound)
        #expect(try answer.problem().type == "urn:sparekey:problem:not-found")
    }

    @Test(
        "a path that lacks the method is answered 405 with the methods that it has",
        arguments: [
            (HTTPRequest.Method.post, keysPath, "GET"),
            (.delete, "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c27", "GET"),
            (.get, "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c27/reveal", "POST"),
            (.post, "\(keysPath)/audit", "GET"),
            (.put, "/api/tokens", "GET, POST"),
            (.get, "/api/tokens/8f595209-f5b9-49a0-85d4-cb8f80258c27", "DELETE"),
            (.post, "/healthz", "GET"),
            (.head, "/healthz", "GET"),
            (.get, "/api/agent/v1/enrol", "POST"),
            (HTTPRequest.Method("BREW")!, keysPath, "GET"),
        ]
    )
    func lackingMethod(method: HTTPRequest.Method, target: String, allowed: String) async throws {
        let answer = try await self.escrow.network.send(method, target)
        #expect(answer.status == .methodNotAllowed)
        #expect(answer.headers[.allow] == allowed)
        if method == .head {
            #expect(answer.body.isEmpty)
        } else {
            #expect(try answer.problem().type == "urn:sparekey:problem:method-not-allowed")
        }
    }

    @Test("every answer says that it must not be stored, sniffed, framed or referred to, and no server's name")
    func headers() async throws {
        let token = try await self.escrow.token(.administrator)
        for target in [keysPath, "/healthz", "/nowhere", "\(keysPath)?x=1", "\(keysPath)/audit/export"] {
            let answer = try await self.escrow.network.send(.get, target, token: token)
            #expect(answer.headers[.cacheControl] == "no-store", "\(target)")
            #expect(answer.headers[.xContentTypeOptions] == "nosniff", "\(target)")
            #expect(answer.headers[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'", "\(target)")
            #expect(answer.headers[.server] == nil, "\(target)")
            #expect(answer.headers[.strictTransportSecurity] == nil, "\(target)")
        }
    }

    @Test("a harmless request ID of the client's is taken over, into the record too; another is replaced")
    func requestIDs() async throws {
        let token = try await self.escrow.token(.auditor)
        let own = try await self.escrow.network.send(
            .get,
            "\(keysPath)/audit/export",
            token: token,
            headers: [.requestID: "ticket-4711.a_b"]
        )
        #expect(own.headers[.requestID] == "ticket-4711.a_b")
        let audit = try await self.escrow.network.send(.get, "\(keysPath)/audit?kind=audit.exported", token: token)
        #expect(audit.text.contains(#""requestId":"ticket-4711.a_b""#))
        for bad in ["a b", "", String(repeating: "a", count: 65), "a\"b", "é"] {
            let answer = try await self.escrow.network.send(.get, "/healthz", headers: [.requestID: bad])
            let id = try #require(answer.headers[.requestID])
            #expect(id != bad && id.count >= 16)
        }
        let ids = [
            try await self.escrow.network.send(.get, "/healthz").headers[.requestID],
            try await self.escrow.network.send(.get, "/healthz").headers[.requestID],
        ]
        #expect(ids[0] != ids[1])
    }

    @Test("the server says that it lives and that it is ready")
    func health() async throws {
        #expect(try await self.escrow.network.send(.get, "/healthz").text == #"{"status":"alive"}"#)
        #expect(try await self.escrow.network.send(.get, "/readyz").text == #"{"role":"full","status":"ready"}"#)
    }

    @Test("the log has a line for each request, with the route and never the path, the query or a secret")
    func accessLog() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        let target = "\(keysPath)/\(agent.id)"
        _ = try await self.escrow.network.send(.get, "\(target)?reveal=current&reason=test&ticket=T-1", token: token)
        _ = try await self.escrow.network.send(.post, "\(target)/reveal", token: token, json: #"{"reason":"test"}"#)
        _ = try await self.escrow.network.send(.get, "\(keysPath)/\(TestAgent.digits)", token: token)
        _ = try await self.escrow.network.send(.get, "/\(TestAgent.digits)", token: token)
        var wrong = agent.depositRequest
        wrong.secret = "000000-" + TestAgent.digits.dropFirst(7)
        _ = try await agent.post("deposits", wrong)
        let log = self.escrow.log.lines.joined(separator: "\n")
        #expect(log.contains("/api/devices/security/bitlocker/keys/{deviceId}/reveal"))
        for secret in [TestAgent.digits, "111683", "110022", token, "T-1", agent.id.description] {
            #expect(!log.contains(secret), "\(secret)")
        }
        #expect(self.escrow.log.lines.contains { $0.contains("answered") && $0.contains("192.0.2.7") })
    }
}

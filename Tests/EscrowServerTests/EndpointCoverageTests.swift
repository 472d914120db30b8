import BitLocker
import EscrowService
import EscrowAPI
import EscrowModel
import EscrowServer
import HTTPTypes
import Testing

/// Every route is tried with no credential and with the wrong one. A new route is covered without anybody's doing.
struct EndpointCoverageTests {
    /// Reviewed: open to everybody, because there is nothing in them that is anybody's business.
    static let open = Self.openAlways.union(Self.openTiles)

    /// Those that answer with something whatever is asked.
    static let openAlways: Set = [
        "GET /healthz", "GET /readyz", "GET /openapi.yaml", "GET /log/checkpoint", "GET /log/vkey",
    ]

    /// Hashes of the audit log.
    static let openTiles: Set = ["GET /log/tile/{level}/{tile}", "GET /log/proof/{index}"]

    /// Reviewed: authenticated by its own rule, an enrolment token and a signature with the new key.
    static let enrolment = "POST /api/agent/v1/enrol"

    /// Reviewed: open to everybody, as nobody can sign in when it is needed; enough shares are the credential.
    static let byShares = "POST /api/break-glass/open"

    let escrow: TestEscrow
    let routes: [(name: String, method: HTTPRequest.Method, target: String)]

    init() async throws {
        let escrow = try await TestEscrow { $0.isProofRequired = false }
        self.escrow = escrow
        let router = EscrowRouter(
            service: escrow.service,
            settings: ServerSettings(),
            clock: { Timestamp(seconds: 1_800_000_000) }
        )
        self.routes = router.routes.map { route in
            let parts = route.path.split(separator: "/").map { part in
                part.hasPrefix("{") ? "8f595209-f5b9-49a0-85d4-cb8f80258c27" : String(part)
            }
            return (
                name: "\(route.method) \(route.path)",
                method: HTTPRequest.Method(route.method) ?? .get,
                target: "/" + parts.joined(separator: "/")
            )
        }
    }

    @Test("there are the routes that were promised")
    func promised() {
        let names = Set(self.routes.map(\.name))
        #expect(
            names.isSuperset(of: [
                "GET /api/devices/security/bitlocker/keys",
                "GET /api/devices/security/bitlocker/keys/{deviceId}",
                "POST /api/devices/security/bitlocker/keys/{deviceId}/rotate",
                "GET /api/devices/security/bitlocker/keys/audit",
            ])
        )
        #expect(names.isSuperset(of: Self.open.union([Self.enrolment, Self.byShares])))
    }

    @Test("without a credential every route answers 401, but for the reviewed open ones")
    func nobody() async throws {
        for route in self.routes {
            let answer = try await self.escrow.network.send(route.method, route.target)
            if Self.openAlways.contains(route.name) {
                #expect(answer.status == .ok, "\(route.name)")
            } else if Self.openTiles.contains(route.name) {
                #expect(answer.status == .notFound || answer.status == .badRequest, "\(route.name)")
            } else if route.name == Self.byShares {
                #expect(answer.status == .unsupportedMediaType, "\(route.name)")
            } else {
                #expect(answer.status == .unauthorized, "\(route.name)")
                #expect(answer.headers[.wwwAuthenticate] != nil, "\(route.name)")
                #expect(try answer.problem().type == "urn:sparekey:problem:not-authenticated", "\(route.name)")
            }
        }
    }

    @Test(
        "with a credential that is not one every route answers 401",
        arguments: ["Bearer nonsense", "Bearer ", "Basic cm9vdDpyb290", "Bearer a b", "nonsense"]
    )
    func wrong(authorization: String) async throws {
        for route in self.routes where !Self.open.contains(route.name) && route.name != Self.byShares {
            let answer = try await self.escrow.network.send(
                route.method,
                route.target,
                headers: [.authorization: authorization]
            )
            #expect(answer.status == .unauthorized, "\(route.name)")
        }
    }

    @Test(
        "an API token opens no route for devices, a device's signature none for callers, and an enrolment token none of both"
    )
    func credentialsOfOthers() async throws {
        let administrator = try await self.escrow.token(.administrator)
        let enrolment = try await self.escrow.enrolmentToken()
        let agent = try await TestAgent.escrowed(in: self.escrow)
        for route in self.routes where !Self.open.contains(route.name) && route.name != Self.byShares {
            let isForDevices = route.name.contains("/api/agent/")
            if isForDevices {
                let answer = try await self.escrow.network.send(route.method, route.target, token: administrator)
                #expect(answer.status == .unauthorized, "\(route.name)")
            } else {
                let signature = try agent.signature(route.target, [])
                let answer = try await self.escrow.network.send(route.method, route.target, headers: signature)
                #expect(answer.status == .unauthorized, "\(route.name)")
            }
            let answer = try await self.escrow.network.send(route.method, route.target, token: enrolment)
            #expect(answer.status == .unauthorized, "\(route.name)")
        }
    }

    @Test("a reader's token is denied whatever discloses, changes or looks at the log", arguments: [Role.reader])
    func reader(role: Role) async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(role)
        let keys = "\(keysPath)/\(agent.id)"
        let tries: [(HTTPRequest.Method, String, String)] = [
            (.post, "\(keys)/reveal", #"{"reason":"test"}"#),
            (.get, "\(keys)?reveal=current&reason=test", ""),
            (.post, "\(keys)/rotate", ""),
            (.get, "\(keysPath)/audit", ""),
            (.get, "\(keysPath)/audit/export", ""),
            (.post, "/api/devices/\(agent.id)/retire", ""),
            (.put, "/api/devices/\(agent.id)/legal-hold", #"{"hold":true}"#),
            (.get, "/api/tokens", ""),
            (.post, "/api/tokens", #"{"name":"x","role":"reader"}"#),
            (.get, "/api/enrolment-tokens", ""),
            (.get, "/api/break-glass", ""),
            (.post, "/api/keyring/master-key", #"{"masterKey":{"kind":"file","path":"/x"}}"#),
            (.get, "/api/compromises", ""),
            (.post, "/api/compromises", #"{"group":"berlin"}"#),
            (.post, "/api/compromises", #"{"deviceId":"\#(agent.id)","dryRun":true}"#),
        ]
        for (method, target, body) in tries {
            let answer = try await self.escrow.network.send(method, target, token: token, json: body)
            #expect(answer.status == .forbidden, "\(method) \(target)")
            #expect(try answer.problem().type == "urn:sparekey:problem:denied", "\(method) \(target)")
        }
        #expect(try await self.escrow.network.send(.get, keys, token: token).status == .ok)
    }

    @Test("tokens are made on the console only, whatever the role")
    func tokensOverTheNetwork() async throws {
        let token = try await self.escrow.token(.administrator)
        for path in ["/api/tokens", "/api/enrolment-tokens"] {
            #expect(try await self.escrow.network.send(.get, path, token: token).status == .forbidden)
            #expect(try await self.escrow.console.send(.get, path).status == .ok)
        }
    }
}

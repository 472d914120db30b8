import EscrowModel
import EscrowAPI
import EscrowServer
import HTTPTypes
import Testing

/// What is said of bodies that cannot be accepted: which field, and what would be, and nothing of what was sent.
struct BodyTests {
    let escrow: TestEscrow
    let token: String
    let reveal = "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c27/reveal"

    init() async throws {
        self.escrow = try await TestEscrow()
        self.token = try await self.escrow.token(.administrator)
    }

    @Test(
        "a body that cannot be accepted is answered with the field and what is allowed",
        arguments: [
            ("", "body", "missing"),
            ("{", "body", "JSON object"),
            ("nonsense-111683", "body", "JSON object"),
            ("[]", "body", "an object"),
            ("null", "body", "object"),
            ("\"111683\"", "body", "an object"),
            ("{}", "reason", "is missing"),
            (#"{"reason":null}"#, "reason", "is null"),
            (#"{"reason":111683}"#, "reason", "a string"),
            (#"{"reason":"111683"}"#, "reason", "firmwareUpdate, hardwareChange, incorrectPIN"),
            (#"{"reason":"other"}"#, "comment", "needed"),
            (#"{"reason":"test","keyId":"111683"}"#, "keyId", "GUID"),
            (#"{"reason":"test","keyId":{}}"#, "keyId", "a string"),
            (#"{"reason":"test","ticket":""}"#, "ticket", "1 to 64"),
            (#"{"reason":"test","ticket":"a b"}"#, "ticket", "1 to 64"),
            (#"{"reason":"test","comment":"a\nb"}"#, "comment", "control"),
            (#"{"reason":"test","keyID":"8f595209-f5b9-49a0-85d4-cb8f80258c27"}"#, "keyID", "keyId, reason"),
            (#"{"reason":"test","111683-110022":1}"#, "body", "is not a field"),
        ]
    )
    func refused(json: String, field: String, hint: String) async throws {
        let answer = try await self.escrow.network.send(
            .post,
            self.reveal,
            token: self.token,
            headers: [.contentType: "application/json"],
            json: json
        )
        #expect(answer.status == .badRequest)
        let problem = try answer.problem()
        #expect(problem.field == field)
        #expect(problem.detail?.contains(hint) == true, "\(problem.detail ?? "")")
        if !json.isEmpty { #expect(!answer.text.contains("111683")) }
    }

    @Test(
        "each request for callers refuses a field that it does not have",
        arguments: [
            (HTTPRequest.Method.post, "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c27/rotate"),
            (.put, "/api/devices/8f595209-f5b9-49a0-85d4-cb8f80258c27/legal-hold"),
            (.post, "/api/tokens"), (.post, "/api/enrolment-tokens"), (.post, "/api/keyring/master-key"),
        ]
    )
    func unknownField(method: HTTPRequest.Method, target: String) async throws {
        let answer = try await self.escrow.console.send(method, target, json: #"{"colour":"blue"}"#)
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == "colour")
    }

    @Test(
        "a wrong token request is answered with its field",
        arguments: [
            ("/api/tokens", #"{"role":"reader"}"#, "name"),
            ("/api/tokens", #"{"name":"","role":"reader"}"#, "name"),
            ("/api/tokens", #"{"name":"x","role":"king"}"#, "role"),
            ("/api/tokens", #"{"name":"x","role":"device"}"#, "role"),
            ("/api/tokens", #"{"name":"x","role":"reader","groups":[]}"#, "groups"),
            ("/api/tokens", #"{"name":"x","role":"reader","groups":[1]}"#, "groups[0]"),
            ("/api/tokens", #"{"name":"x","role":"reader","expiresAt":"soon"}"#, "expiresAt"),
            ("/api/tokens", #"{"name":"x","role":"reader","expiresAt":"2020-01-01T00:00:00Z"}"#, "expiresAt"),
            ("/api/enrolment-tokens", #"{"name":"x"}"#, "group"),
            ("/api/enrolment-tokens", #"{"name":"x","group":"g","maximumUses":0}"#, "maximumUses"),
            ("/api/enrolment-tokens", #"{"name":"x","group":"g","maximumUses":1.5}"#, "maximumUses"),
        ]
    )
    func tokens(target: String, json: String, field: String) async throws {
        let answer = try await self.escrow.console.send(.post, target, json: json)
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }

    @Test(
        "a body that is not plain JSON by its header fields is answered 415",
        arguments: [
            ("Content-Type", "text/plain"), ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Type", "application/json; charset=latin1"), ("Content-Type", "application/jsonx"),
            ("Content-Encoding", "gzip"),
        ]
    )
    func mediaType(name: String, value: String) async throws {
        var headers: HTTPFields = [.contentType: "application/json"]
        let field = try #require(HTTPField.Name(name))
        headers[field] = value
        let answer = try await self.escrow.network.send(
            .post,
            self.reveal,
            token: self.token,
            headers: headers,
            json: #"{"reason":"test"}"#
        )
        #expect(answer.status == .unsupportedMediaType)
        #expect(try answer.problem().field == name)
    }

    @Test(
        "JSON may be announced with its character set",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        ]
    )
    func charset(type: String) async throws {
        let answer = try await self.escrow.network.send(
            .post,
            self.reveal,
            token: self.token,
            headers: [.contentType: type],
            json: #"{"reason":"test"}"#
        )
        #expect(answer.status == .notFound)
    }

    @Test("a body that is shorter than announced is not taken for a whole one")
    func cutShort() async throws {
        let answer = try await self.escrow.network.send(
            .post,
            "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c27/rotate",
            token: self.token,
            headers: [.contentLength: "60"]
        )
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == "body")
    }

    @Test("a body of the API is answered 413 beyond 64 KiB, one of a device beyond 512 KiB")
    func limits() async throws {
        let settings = ServerSettings()
        #expect(settings.bodyLimits.api == 65_536)
        #expect(settings.bodyLimits.agent == 524_288)
        for (target, limit) in [(self.reveal, 65_536), ("/api/agent/v1/check-in", 524_288)] {
            let fitting = [UInt8](repeating: UInt8(ascii: " "), count: limit)
            #expect(
                try await self.escrow.network.send(.post, target, token: self.token, body: fitting).status
                    != .contentTooLarge
            )
            let answer = try await self.escrow.network.send(.post, target, token: self.token, body: fitting + [0])
            #expect(answer.status == .contentTooLarge)
            #expect(try answer.problem().detail?.contains("\(limit)") == true)
        }
    }
}

import EscrowAPI
import BitLocker
import EscrowModel
import HTTPTypes
import Testing

/// What queries may say, and what is said of those that may not. On the route, so that the answer is looked at too.
struct QueryParametersTests {
    let escrow: TestEscrow
    let token: String

    init() async throws {
        self.escrow = try await TestEscrow()
        self.token = try await self.escrow.token(.administrator)
    }

    @Test(
        "a parameter that cannot be accepted is named, with what can be",
        arguments: [
            ("status=lost", "status", "escrowed, pending, failed, notAvailable"),
            ("reason=whatever", "reason", "awaitingDeposit"),
            ("volumeType=floppy", "volumeType", "operatingSystem, fixedData, removableData"),
            ("proof=", "proof", "unproven, proven, refuted"),
            ("deviceId=1234", "deviceId", "GUID"),
            ("keyId=12345", "keyId", "8 hexadecimal digits"),
            ("keyId=8f59520g", "keyId", "8 hexadecimal digits"),
            ("keyId=%2B8f59520", "keyId", "8 hexadecimal digits"),
            ("deviceName=", "deviceName", "1 to 255"),
            ("deviceName=a%00b", "deviceName", "control"),
            ("minAgeDays=-1", "minAgeDays", "0 to 36500"),
            ("minAgeDays=%2B1", "minAgeDays", "0 to 36500"),
            ("minAgeDays=1.5", "minAgeDays", "0 to 36500"),
            ("minAgeDays=1&depositedBefore=2026-11-24T13:10:16Z", "minAgeDays", "depositedBefore"),
            ("maxAgeDays=1&depositedSince=2026-11-24T13:10:16Z", "maxAgeDays", "depositedSince"),
            ("depositedBefore=yesterday", "depositedBefore", "RFC 3339"),
            ("depositedSince=2026-11-24T13:10:16+01:00", "depositedSince", "%2B"),
            ("limit=0", "limit", "1 to 500"),
            ("limit=501", "limit", "1 to 500"),
            ("limit=99999999999999999999", "limit", "1 to 500"),
            ("cursor=k", "cursor", "earlier page"),
            ("cursor=k00", "cursor", "earlier page"),
            ("cursor=K1", "cursor", "earlier page"),
            ("cursor=d1", "cursor", "earlier page"),
            ("cursor=kzzzzzzzzzzzzzzzzzzzz", "cursor", "earlier page"),
            ("status=escrowed&status=failed", "status", "once"),
            ("owner=%C3", "owner", "percent-encoded"),
            ("owner=%4", "owner", "percent-encoded"),
            ("owner=%GG", "owner", "percent-encoded"),
            ("colour=blue", "query", "status, reason, deviceName"),
            ("Status=escrowed", "query", "status, reason, deviceName"),
            ("%FF=1", "query", "status, reason, deviceName"),
        ]
    )
    func refused(query: String, field: String, hint: String) async throws {
        let answer = try await self.escrow.network.send(.get, "\(keysPath)?\(query)", token: self.token)
        #expect(answer.status == .badRequest)
        let problem = try answer.problem()
        #expect(problem.type == "urn:sparekey:problem:invalid")
        #expect(problem.field == field)
        #expect(problem.detail?.contains(hint) == true, "\(problem.detail ?? "")")
    }

    @Test(
        "what can be accepted is",
        arguments: [
            "", "status=failed&reason=proofRefuted", "deviceName=LAP+TOP%2D1", "keyId=8F595209", "keyId=%7B8f595209%7D",
            "keyId=8f59+5209", "keyId=%7B8F595209-F5B9-49A0-85D4-CB8F80258C27%7D",
            "keyId=8f595209f5b949a085d4cb8f80258c27", "deviceId=%7B8F595209-F5B9-49A0-85D4-CB8F80258C27%7D",
            "minAgeDays=0&maxAgeDays=36500", "depositedBefore=2026-11-24T13:10:16%2B01:00", "limit=500", "&",
            "&&limit=1",
            "owner=%E7%8E%8B", "cursor=k1z",
        ]
    )
    func accepted(query: String) async throws {
        let answer = try await self.escrow.network.send(.get, "\(keysPath)?\(query)", token: self.token)
        #expect(answer.status == .ok, "\(answer.text)")
    }

    @Test(
        "a list's cursor is refused by the others",
        arguments: [("/api/devices", "k1"), ("\(keysPath)/audit", "k1"), (keysPath, "a1")]
    )
    func cursorOfAnotherList(path: String, cursor: String) async throws {
        let answer = try await self.escrow.network.send(.get, "\(path)?cursor=\(cursor)", token: self.token)
        #expect(try answer.problem().field == "cursor")
    }

    @Test(
        "audit parameters that cannot be accepted are named",
        arguments: [
            ("kind=key.stolen", "kind"), ("outcome=maybe", "outcome"), ("device=x", "device"), ("since=x", "since"),
            ("before=1", "before"), ("caller=", "caller"), ("source=", "source"), ("who=me", "query"),
        ]
    )
    func audit(query: String, field: String) async throws {
        let answer = try await self.escrow.network.send(.get, "\(keysPath)/audit?\(query)", token: self.token)
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }

    @Test(
        "an ID in a path that is none is named",
        arguments: [
            (HTTPRequest.Method.get, "\(keysPath)/nonsense", "deviceId"),
            (.get, "\(keysPath)/8f595209-f5b9-49a0-85d4-cb8f80258c2", "deviceId"),
            (.get, "\(keysPath)/%FF", "deviceId"),
            (.post, "\(keysPath)/1/reveal", "deviceId"),
            (.post, "\(keysPath)/1/rotate", "deviceId"),
            (.post, "/api/devices/1/retire", "deviceId"),
            (.post, "/api/devices/security/retire", "deviceId"),
            (.post, "/api/rotations/1/cancel", "rotationId"),
        ]
    )
    func path(method: HTTPRequest.Method, target: String, field: String) async throws {
        let answer = try await self.escrow.network.send(method, target, token: self.token, json: "{}")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }

    @Test("an ID in a path may have braces and either case")
    func bracedPath() async throws {
        let target = "\(keysPath)/%7B8F595209-F5B9-49A0-85D4-CB8F80258C27%7D"
        #expect(try await self.escrow.network.send(.get, target, token: self.token).status == .notFound)
    }
}

import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("Tokens and enrolment")
struct TokenTests {
    static let source = Source(address: "192.0.2.1")

    @Test("an API token says who holds it, until it is revoked or ends", arguments: Engine.available)
    func apiToken(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let (token, secret) = try await escrow.service.createAPIToken(
            name: "portal",
            role: .helpdesk,
            scope: .groups(["berlin"]),
            expiresAt: escrow.now + .days(1),
            by: escrow.console
        )
        let caller = try await escrow.service.authenticate(bearer: secret, source: Self.source)
        #expect(caller.identity == .client(id: token.id, name: "portal"))
        #expect(caller.role == .helpdesk)
        #expect(caller.scope == .groups(["berlin"]))
        #expect(try await escrow.service.apiTokens(by: escrow.console).map(\.id) == [token.id])
        _ = try await escrow.service.revokeAPIToken(token.id, by: escrow.console)
        await #expect(throws: EscrowError.notAuthenticated) {
            try await escrow.service.authenticate(bearer: secret, source: Self.source)
        }
        await #expect(throws: EscrowError.notAuthenticated) {
            try await escrow.service.authenticate(bearer: secret, source: Self.source)
        }
        #expect(try await escrow.count(.accessDenied) == 1, "one record a minute stands for them all")
        let other = try await escrow.service.createAPIToken(
            name: "short",
            role: .reader,
            scope: .everything,
            expiresAt: escrow.now + .days(1),
            by: escrow.console
        ).secret
        escrow.wait(.days(1))
        await #expect(throws: EscrowError.notAuthenticated) {
            try await escrow.service.authenticate(bearer: other, source: Self.source)
        }
    }

    @Test("what is no token, or another's secret under a token's ID, is nobody", arguments: Engine.available)
    func strangers(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let secret = try await escrow.service.createAPIToken(
            name: "a",
            role: .reader,
            scope: .everything,
            expiresAt: nil,
            by: escrow.console
        ).secret
        let enrolment = try await escrow.service.createEnrolmentToken(
            name: "b",
            group: "g",
            maximumUses: nil,
            expiresAt: nil,
            by: escrow.console
        ).secret
        for text in ["", "Bearer", String(secret.dropLast()), secret + "0", enrolment] {
            await #expect(throws: EscrowError.notAuthenticated) {
                try await escrow.service.authenticate(bearer: text, source: Self.source)
            }
        }
    }

    @Test("only somebody on the console makes tokens", arguments: Engine.available)
    func consoleOnly(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        for role in Role.allCases {
            await #expect(throws: EscrowError.denied) {
                _ = try await escrow.service.createAPIToken(
                    name: "x",
                    role: .reader,
                    scope: .everything,
                    expiresAt: nil,
                    by: escrow.caller(role)
                )
            }
        }
        #expect(try await escrow.service.apiTokens(by: escrow.console).isEmpty)
        #expect(try await escrow.count(.accessDenied) == Role.allCases.count)
    }

    @Test("roles of devices and of the system cannot be given away", arguments: [Role.device, .system, .owner])
    func unassignable(role: Role) async throws {
        let escrow = try await Escrow(.sqlite)
        await #expect(throws: EscrowError.self) {
            _ = try await escrow.service.createAPIToken(
                name: "x",
                role: role,
                scope: .everything,
                expiresAt: nil,
                by: escrow.console
            )
        }
    }

    @Test(
        "an enrolment token lets so many devices in and no more; the same device again costs nothing",
        arguments: Engine.available
    )
    func enrolment(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let (token, secret) = try await escrow.service.createEnrolmentToken(
            name: "berlin",
            group: "berlin",
            maximumUses: 2,
            expiresAt: nil,
            by: escrow.console
        )
        func enrol(_ number: UInt64, key: UInt8) async throws -> (device: Device, isNew: Bool) {
            try await escrow.service.enrol(
                Enrolment(
                    device: GUID(high: number, low: number),
                    facts: DeviceFacts(name: "PC-\(number)"),
                    credential: [key]
                ),
                token: secret,
                source: Self.source
            )
        }
        #expect(try await enrol(1, key: 1).isNew)
        #expect(try await !enrol(1, key: 1).isNew)
        #expect(try await enrol(2, key: 2).device.group == "berlin")
        await #expect(throws: EscrowError.notAuthenticated) { try await enrol(3, key: 3) }
        #expect(try await !enrol(1, key: 1).isNew, "a device that lost the answer is answered again")
        #expect(try await escrow.service.enrolmentTokens(by: escrow.console)[0].uses == 2)
        _ = try await escrow.service.revokeEnrolmentToken(token.id, by: escrow.console)
        await #expect(throws: EscrowError.notAuthenticated) { try await enrol(1, key: 9) }
        #expect(try await escrow.service.deviceCredential(GUID(high: 1, low: 1)) == [1])
    }

    @Test("a device that enrols anew with another key is recorded as such", arguments: Engine.available)
    func reenrolment(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let secret = try await escrow.service.createEnrolmentToken(
            name: "t",
            group: "paris",
            maximumUses: nil,
            expiresAt: nil,
            by: escrow.console
        ).secret
        let device = try await TestDevice(in: escrow, volumes: [])
        let again = try await escrow.service.enrol(
            Enrolment(device: device.id, facts: device.facts, credential: [9]),
            token: secret,
            source: Self.source
        )
        #expect(!again.isNew)
        #expect(again.device.group == "paris")
        #expect(try await escrow.service.deviceCredential(device.id) == [9])
        #expect(try await escrow.count(.deviceReenrolled) == 1)
    }
}

import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Tokens and keyring")
struct TokenTests {
    @Test(
        "an API token comes back with its scope, and can be revoked",
        arguments: Engine.available,
        [Scope.everything, .groups([]), .groups(["sales", "größer \"als\"", "a,b"])]
    )
    func apiToken(engine: Engine, scope: Scope) async throws {
        let store = try await Fixture(engine).start()
        var token = APIToken(
            id: Sample.id(1),
            name: "help desk",
            hash: [UInt8](repeating: 1, count: 32),
            role: .helpdesk,
            scope: scope,
            createdAt: Sample.start,
            expiresAt: Sample.start + .days(1),
            revokedAt: nil
        )
        let made = token
        token.revokedAt = Sample.start
        for expected in [made, token] {
            try await store.changing { tx throws(StoreError) in
                if expected.revokedAt == nil { try tx.insert(expected) } else { try tx.update(expected) }
            }
            let found = try await store.read { reader throws(StoreError) in
                (try reader.apiToken(expected.id), try reader.apiTokens(), try reader.apiToken(Sample.id(2)))
            }
            #expect(found.0 == expected)
            #expect(found.1 == [expected])
            #expect(found.2 == nil)
        }
        let again = token
        await #expect(throws: StoreError.constraint(.apiTokenID)) {
            try await store.changing { tx throws(StoreError) in try tx.insert(again) }
        }
    }

    @Test("an enrolment token comes back with its uses, and cannot be used too often", arguments: Engine.available)
    func enrolmentToken(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        @Sendable func token(_ uses: Int, revokedAt: Timestamp? = nil) -> EnrolmentToken {
            EnrolmentToken(
                id: Sample.id(1),
                name: "fleet",
                hash: [2],
                group: "sales",
                maximumUses: 2,
                uses: uses,
                createdAt: Sample.start,
                expiresAt: nil,
                revokedAt: revokedAt
            )
        }
        try await store.changing { tx throws(StoreError) in try tx.insert(token(0)) }
        try await store.changing { tx throws(StoreError) in try tx.update(token(2, revokedAt: Sample.start)) }
        let found = try await store.read { reader throws(StoreError) in
            (try reader.enrolmentToken(Sample.id(1)), try reader.enrolmentTokens())
        }
        #expect(found.0 == token(2, revokedAt: Sample.start))
        #expect(found.1 == [token(2, revokedAt: Sample.start)])
        await #expect(throws: StoreError.constraint(.allowedValue)) {
            try await store.changing { tx throws(StoreError) in try tx.update(token(3)) }
        }
        await #expect(throws: StoreError.constraint(.enrolmentTokenID)) {
            try await store.changing { tx throws(StoreError) in try tx.insert(token(0)) }
        }
    }

    @Test("the keyring is replaced only by who knows its present generation", arguments: Engine.available)
    func keyring(engine: Engine) async throws {
        let store = try Fixture(engine).open()
        func set(_ bytes: [UInt8], _ generation: Int64?) async throws -> Bool {
            try await store.bootstrap { tx throws(StoreError) in
                try tx.setKeyringDocument(bytes, replacing: generation)
            }
        }
        func document() async throws -> (bytes: [UInt8], generation: Int64)? {
            try await store.read { reader throws(StoreError) in try reader.keyringDocument() }
        }
        #expect(try await document() == nil)
        #expect(try await !set([1], 1))
        #expect(try await set([1], nil))
        #expect(try await !set([2], nil))
        let first = try #require(try await document())
        #expect(first.bytes == [1])
        #expect(try await set([3], first.generation))
        #expect(try await !set([4], first.generation))
        #expect(try await document()?.bytes == [3])
    }
}

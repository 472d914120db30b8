import MessageSignatures
import Testing

struct NonceCacheTests {
    private let fixture = SigningFixture()

    /// A verified signature by the given signer name, made at a time.
    private func signature(of keyID: String = "device-1", at now: Int64) throws -> VerifiedSignature {
        var generator = SystemRandomNumberGenerator()
        var request = SignedRequest(method: "GET", path: "/")
        let signer = RequestSigner(keyID: keyID, key: self.fixture.key)
        request.headers = try signer.fields(for: request, at: now, using: &generator)
        return try RequestSignature(of: request, at: now).verified(with: self.fixture.publicKey)
    }

    @Test("A signature is used once")
    func replay() throws {
        var cache = NonceCache()
        let signature = try self.signature(at: 1000)
        try cache.use(signature, at: 1000)
        #expect(throws: SignatureError.replayed) { try cache.use(signature, at: 1000) }
        #expect(throws: SignatureError.replayed) { try cache.use(signature, at: 1120) }
        #expect(throws: SignatureError.expired(secondsAgo: 1)) { try cache.use(signature, at: 1121) }
    }

    @Test("What has ended is forgotten, and stays refused when the clock steps back")
    func forgetting() throws {
        var cache = NonceCache()
        let signature = try self.signature(at: 1000)
        try cache.use(signature, at: 1000)
        try cache.use(try self.signature(at: 2000), at: 2000)
        #expect(cache.count == 1)
        #expect(throws: SignatureError.expired(secondsAgo: 880)) { try cache.use(signature, at: 1000) }
    }

    @Test("One device fills only its own share, and a full cache refuses")
    func bounds() throws {
        var cache = NonceCache(capacity: 5, capacityOfKey: 3)
        for _ in 0..<3 { try cache.use(try self.signature(of: "a", at: 1000), at: 1000) }
        #expect(throws: SignatureError.tooManyRequestsOfKey) {
            try cache.use(try self.signature(of: "a", at: 1000), at: 1000)
        }
        for _ in 0..<2 { try cache.use(try self.signature(of: "b", at: 1000), at: 1000) }
        #expect(throws: SignatureError.tooManyRequests) {
            try cache.use(try self.signature(of: "c", at: 1000), at: 1000)
        }
        #expect(cache.count == 5)
        try cache.use(try self.signature(of: "a", at: 1121), at: 1121)
        #expect(cache.count == 1)
    }
}

import AuditLog
import EscrowModel
import HTTPTypes
import Testing

/// The audit log as tiles, over the routes.
struct LogRoutesTests {
    @Test("checkpoint, tiles and receipts of hashes are for everybody, and fit each other")
    func open() async throws {
        let escrow = try await TestEscrow()
        for _ in 0..<300 { _ = try await escrow.enrolmentToken() }
        let network = escrow.network
        let vkey = try await network.send(.get, "/log/vkey")
        let key = try VerifierKey(String(vkey.text.dropLast()))
        let answer = try await network.send(.get, "/log/checkpoint")
        #expect(answer.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(answer.headers[.cacheControl] == "no-store")
        let checkpoint = try Checkpoint(verifying: SignedNote(parsing: answer.body), by: [key])
        #expect(checkpoint.size == 300)

        let full = try await network.send(.get, "/log/tile/0/000")
        #expect(full.status == .ok)
        #expect(full.headers[.cacheControl] == "public, max-age=31536000, immutable")
        #expect(full.headers[.contentType] == "application/octet-stream")
        let partial = try await network.send(.get, "/log/tile/0/001.p/44")
        let hashes = (full.body + partial.body).hashes
        #expect(hashes.count == 300)
        #expect(MerkleTree.root(of: hashes) == checkpoint.root)
        let above = try await network.send(.get, "/log/tile/1/000.p/1")
        #expect(above.body.hashes == [MerkleTree.root(of: hashes[..<256])])

        let receipt = try LogReceipt(parsing: try await network.send(.get, "/log/proof/257").body)
        #expect(try receipt.verify(leaf: hashes[257], keys: [key]) == checkpoint)
    }

    @Test(
        "a tile that is not there, or not spelled so, is not found",
        arguments: [
            "/log/tile/0/001", "/log/tile/0/001.p/255", "/log/tile/8/000", "/log/tile/0/0", "/log/tile/0/x000/000",
            "/log/tile/0/000.p/0", "/log/tile/0/000.p/256", "/log/tile/x/000", "/log/tile/0", "/log/proof/99999",
        ]
    )
    func missing(path: String) async throws {
        let escrow = try await TestEscrow()
        for _ in 0..<3 { _ = try await escrow.enrolmentToken() }
        #expect(try await escrow.network.send(.get, path).status == .notFound)
        #expect(try await escrow.network.send(.get, "/log/proof/x").status == .badRequest)
        #expect(try await escrow.network.send(.post, "/log/tile/0/000").status == .methodNotAllowed)
    }

    @Test("entries are for auditors with the whole fleet in scope, and are the leaves of the tiles")
    func entries() async throws {
        let escrow = try await TestEscrow()
        for _ in 0..<5 { _ = try await escrow.enrolmentToken() }
        let network = escrow.network
        let path = "/log/tile/entries/000.p/5"
        let auditor = try await escrow.token(.auditor)
        let bundle = try await network.send(.get, path, token: auditor)
        #expect(bundle.headers[.cacheControl] == "private, max-age=31536000, immutable")
        let leaves = try #require(EntryBundle.leaves(in: bundle.body))
        let tile = try await network.send(.get, "/log/tile/0/000.p/5")
        #expect(leaves.map { MerkleTree.leafHash(of: $0) } == tile.body.hashes)
        #expect(try await network.send(.get, path).status == .unauthorized)
        for token in [try await escrow.token(.helpdesk), try await escrow.token(.auditor, groups: ["berlin"])] {
            #expect(try await network.send(.get, path, token: token).status == .forbidden)
        }
        #expect(try await network.send(.get, "/log/tile/entries/009", token: auditor).status == .notFound)
    }
}

extension [UInt8] {
    /// The bytes of a tile as hashes.
    fileprivate var hashes: [TreeHash] {
        stride(from: 0, to: self.count, by: 32).compactMap { TreeHash(bytes: self[$0..<$0 + 32]) }
    }
}

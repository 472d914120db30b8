import AuditLog
import Crypto
import Testing

struct LogReceiptTests {
    private let leaves = (0..<7).map { MerkleTree.leafHash(of: [UInt8($0)]) }
    private let key: SigningKey

    init() throws {
        self.key = try SigningKey(name: "example.com/log", seed: SymmetricKey(data: [UInt8](repeating: 1, count: 32)))
    }

    private func receipt(of index: UInt64) throws -> LogReceipt {
        let checkpoint = Checkpoint(origin: "example.com/log", size: 7, root: MerkleTree.root(of: self.leaves))
        let proof = InclusionProof(of: index, inTreeOf: 7) { node in
            let first = Int(node.index) << node.level
            return MerkleTree.root(of: self.leaves[first..<first + 1 << node.level])
        }
        let inclusion = try #require(proof)
        let note = try checkpoint.signed(by: self.key)
        return try #require(LogReceipt(proof: inclusion, checkpoint: note))
    }

    @Test("a receipt is read back from its text, and proves its entry and no other", arguments: 0..<7)
    func roundTrip(index: Int) throws {
        let receipt = try self.receipt(of: UInt64(index))
        let read = try LogReceipt(parsing: Array(receipt.text.utf8))
        #expect(read == receipt)
        #expect(receipt.text.hasPrefix("c2sp.org/tlog-proof@v1\nindex \(index)\n"))
        let checkpoint = try read.verify(leaf: self.leaves[index], keys: [self.key.verifierKey])
        #expect(checkpoint.size == 7)
        let other = self.leaves[(index + 1) % 7]
        #expect(throws: ReceiptError.proof(.notInTree(index: UInt64(index)))) {
            try read.verify(leaf: other, keys: [self.key.verifierKey])
        }
    }

    @Test("a line with extra data is passed over")
    func extra() throws {
        let text = try self.receipt(of: 3).text.replacing("\nindex", with: "\nextra AAAA\nindex")
        #expect(try LogReceipt(parsing: Array(text.utf8)) == self.receipt(of: 3))
    }

    @Test(
        "what is not a receipt is refused",
        arguments: [
            ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), ("index 3", "index 03"), ("index 3", "index -3"),
            ("index 3", "idx 3"), ("\n\n", "\n"), ("index 3\n", "index 3\nAAAA\n"), ("index 3\n", ""),
        ]
    )
    func malformed(old: String, new: String) throws {
        let text = try self.receipt(of: 3).text.replacing(old, with: new)
        #expect(throws: ReceiptError.self) { try LogReceipt(parsing: Array(text.utf8)) }
    }

    @Test("a receipt under a checkpoint that another key signed proves nothing")
    func otherKey() throws {
        let other = try SigningKey(
            name: "example.com/log",
            seed: SymmetricKey(data: [UInt8](repeating: 2, count: 32))
        )
        #expect(throws: ReceiptError.note(.noKnownSignature(signedBy: ["example.com/log"]))) {
            try self.receipt(of: 0).verify(leaf: self.leaves[0], keys: [other.verifierKey])
        }
    }
}

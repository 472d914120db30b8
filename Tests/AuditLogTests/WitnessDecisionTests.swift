import AuditLog
import Crypto
import Testing

struct WitnessDecisionTests {
    private let log: SigningKey
    private let leaves = (0..<20).map { MerkleTree.leafHash(of: [UInt8($0)]) }

    init() throws {
        self.log = try SigningKey(name: "example.com/log", seed: SymmetricKey(data: [UInt8](repeating: 1, count: 32)))
    }

    private func checkpoint(_ size: Int, changed: Bool = false) -> Checkpoint {
        var leaves = self.leaves
        if changed { leaves[0] = leaves[1] }
        return Checkpoint(origin: "example.com/log", size: UInt64(size), root: MerkleTree.root(of: leaves[..<size]))
    }

    private func proof(_ old: Int, _ new: Int) -> [TreeHash] {
        let proof = ConsistencyProof(from: UInt64(old), to: UInt64(new)) { node in
            let first = Int(node.index) << node.level
            return MerkleTree.root(of: self.leaves[first..<first + 1 << node.level])
        }
        return proof?.hashes ?? []
    }

    private func decide(
        _ request: WitnessRequest,
        after latest: Checkpoint?,
        logs: [VerifierKey]? = nil
    ) -> WitnessDecision {
        WitnessDecision.decide(request, logs: logs ?? [self.log.verifierKey]) { _ in latest }
    }

    private func request(_ old: Int, _ new: Int, changed: Bool = false, proof: [TreeHash]? = nil) throws
        -> WitnessRequest
    {
        WitnessRequest(
            oldSize: UInt64(old),
            hashes: proof ?? self.proof(old, new),
            checkpoint: try self.checkpoint(new, changed: changed).signed(by: self.log)
        )
    }

    @Test("what extends the last checkpoint is cosigned, every size after every other")
    func extends() throws {
        for old in 0...20 {
            for new in old...20 {
                let latest = old == 0 ? nil : self.checkpoint(old)
                let decision = self.decide(try self.request(old, new), after: latest)
                #expect(decision == .cosign(self.checkpoint(new)), "\(old) \(new)")
            }
        }
    }

    @Test("a log that was put back is told the size that was cosigned")
    func rewound() throws {
        let decision = self.decide(try self.request(5, 7), after: self.checkpoint(12))
        #expect(decision == .conflict(size: 12))
        #expect(decision.status == 409)
        // What it cosigned nothing of, it knows at size 0.
        #expect(self.decide(try self.request(5, 7), after: nil) == .conflict(size: 0))
    }

    @Test("another log of the same size is a conflict, a longer one that does not extend it inconsistent")
    func forked() throws {
        let same = self.decide(try self.request(7, 7, changed: true), after: self.checkpoint(7))
        #expect(same == .conflict(size: 7))
        let longer = self.decide(try self.request(7, 12, changed: true), after: self.checkpoint(7))
        #expect(longer.status == 422)
        let empty = self.decide(try self.request(7, 12, proof: []), after: self.checkpoint(7))
        #expect(empty.status == 422)
        let fromNothing = self.decide(try self.request(0, 12, proof: self.proof(7, 12)), after: nil)
        #expect(fromNothing.status == 422)
        let unneeded = self.decide(try self.request(7, 7, proof: self.proof(7, 12)), after: self.checkpoint(7))
        #expect(unneeded.status == 422)
    }

    @Test("an unknown log, another key and an old size beyond the checkpoint have their own answers")
    func refused() throws {
        let request = try self.request(0, 3)
        let other = try SigningKey(name: "example.com/log", seed: SymmetricKey(data: [UInt8](repeating: 2, count: 32)))
        let stranger = try SigningKey(name: "example.com/x", seed: SymmetricKey(data: [UInt8](repeating: 2, count: 32)))
        #expect(self.decide(request, after: nil, logs: [other.verifierKey]).status == 403)
        #expect(
            self.decide(request, after: nil, logs: [stranger.verifierKey]) == .unknownLog(origin: "example.com/log")
        )
        #expect(self.decide(request, after: nil, logs: []).status == 404)
        #expect(self.decide(try self.request(4, 3, proof: []), after: nil).status == 400)
    }

    @Test("a request is read back from its body")
    func roundTrip() throws {
        for (old, new) in [(0, 1), (0, 7), (5, 19), (7, 7)] {
            let request = try self.request(old, new)
            #expect(try WitnessRequest(parsing: Array(request.text.utf8)) == request)
        }
    }

    @Test(
        "a body of another form is refused",
        arguments: [
            ("old 5\n", "old 05\n"), ("old 5\n", "old -5\n"), ("old 5\n", "old 5 \n"), ("old 5\n", "5\n"),
            ("old 5\n", ""), ("old 5\n", "old 5\nAAAA\n"), ("\n\n", "\n"), ("old 5\n", "old 18446744073709551616\n"),
        ]
    )
    func malformed(old: String, new: String) throws {
        let text = try self.request(5, 19).text.replacing(old, with: new)
        #expect(throws: NoteError.self) { try WitnessRequest(parsing: Array(text.utf8)) }
    }

    @Test("a proof of 63 hashes is read and one of 64 is not")
    func tooMany() throws {
        let hash = self.leaves[0]
        let request = try self.request(5, 19, proof: Array(repeating: hash, count: 63))
        #expect(try WitnessRequest(parsing: Array(request.text.utf8)) == request)
        let longer = try self.request(5, 19, proof: Array(repeating: hash, count: 64))
        #expect(throws: NoteError.self) { try WitnessRequest(parsing: Array(longer.text.utf8)) }
    }

    @Test("a private key's text is read back, and a text that was changed is not")
    func keyText() throws {
        let seed = SymmetricKey(data: [UInt8](repeating: 9, count: 32))
        let text = try SigningKey.text(name: "witness.example/w1", seed: seed)
        #expect(
            SigningKey(parsing: text)?.cosignerKey
                == (try SigningKey(name: "witness.example/w1", seed: seed)).cosignerKey
        )
        for wrong in [text + "A", String(text.dropLast()), text.replacing("w1", with: "w2"), "PRIVATE+KEY+x", ""] {
            #expect(SigningKey(parsing: wrong) == nil)
        }
    }
}

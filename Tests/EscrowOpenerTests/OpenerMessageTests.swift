import AuditLog
import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowOpener
import Foundation
import Glibc
import Testing

/// What goes over the socket, and what is made of bytes that do not belong there.
struct OpenerMessageTests {
    private static func requests() throws -> [OpenerRequest] {
        let context = SealContext(
            device: GUID(high: 1, low: 2),
            volume: GUID(high: 3, low: 4),
            protector: GUID(high: 5, low: .max),
            kind: .recoveryKey,
            keyVersion: 9
        )
        let sealed = SealedSecret([1, 2, 3], context: context)
        let evidence = LogEvidence(index: 1 << 40, leaf: [4], record: [5, 6], salt: [7])
        var edge = CompactRange()
        let hash = try #require(TreeHash(bytes: 0..<32))
        edge.append(hash)
        return [
            .start(document: nil, masterKey: MasterKeyReference(["kind": "file"]), suite: .p256),
            .start(document: [0x7B], masterKey: MasterKeyReference([:]), suite: .xWing),
            .follow(key: "example.com/audit+00+00"),
            .trust(edge: edge, note: [1]),
            .extend(LogExtension(from: 3, hashes: [hash, hash], note: nil)),
            .extend(LogExtension(from: 3, hashes: [], note: [9])),
            .position,
            .open(sealed, evidence: evidence),
            .prove(sealed, metadata: [8]),
            .rewrap([sealed, sealed]),
            .propose([.addVersion(.xWing), .activate(nil), .destroy(1)], now: OpenerFixture.start, evidence: nil),
            .propose([.changeMasterKey(MasterKeyReference(["a": "b"]))], now: OpenerFixture.start, evidence: evidence),
            .adopt(document: [1], evidence: evidence),
            .canaries,
            .check(document: [2]),
        ]
    }

    private static func parse(_ bytes: [UInt8]) throws -> OpenerRequest {
        try bytes.withUnsafeBytes { try OpenerRequest(parsing: $0) }
    }

    @Test("Each request is read as it was written")
    func requestsAreRead() throws {
        for request in try Self.requests() { #expect(try Self.parse(request.bytes) == request) }
    }

    @Test("A request that is cut, or has something behind it, is none")
    func damagedRequests() throws {
        for request in try Self.requests() {
            let bytes = request.bytes
            for count in bytes.indices {
                #expect(throws: WireError.self) { try Self.parse(Array(bytes.prefix(count))) }
            }
            #expect(throws: WireError.self) { try Self.parse(bytes + [0]) }
        }
    }

    @Test("Bytes at random, and requests with changed bytes, are read or refused, and end nothing")
    func mutations() throws {
        var generator = SystemRandomNumberGenerator()
        let requests = try Self.requests().map(\.bytes)
        for round in 0..<20_000 {
            var bytes = requests[round % requests.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: .min ... .max, using: &generator)
            }
            // What is read is written as it was, but for JSON, which has more than one form.
            if let request = try? Self.parse(bytes), bytes[0] != 1, bytes[0] != 9 { #expect(request.bytes == bytes) }
        }
    }

    @Test("Each answer is read as it was written")
    func answers() throws {
        let proofs: [Proof] = [
            .proven, .refuted(.wrongSecret), .refuted(.protectorNotOnVolume), .refuted(.otherVolume),
            .refuted(.metadataTampered(copies: [0, 2])), .notProvable(.noValidMetadata), .notProvable(.copiesDiffer),
            .notProvable(.notEncrypted), .notProvable(.wrongKind(.tpmPINStartupKey)),
            .notProvable(.wrongKind(.unknown(0x4242))), .notProvable(.unsupportedKeyDerivation),
            .notProvable(.stripped), .notProvable(.incompleteMetadata),
        ]
        for proof in proofs {
            guard case .proof(let read) = try Self.again(.proof(proof)) else { throw WireError.malformed }
            #expect(read == proof)
        }
        let seals: [SealError] = [
            .noRecipients, .badRecipients, .badLength, .invalidPublicKey, .invalidPrivateKey, .encryptionFailed,
            .malformed, .unsupportedVersion, .unknownRecipients([RecipientID(value: 7)]), .doesNotOpen,
        ]
        let errors =
            seals.map { KeyHolderError.seal($0) } + [
                .keyring("k"), .notASecret, .refused("r"), .tooMuch("t"), .unavailable("u"),
            ]
        for error in errors {
            guard case .failed(let read) = try Self.again(.failed(error)) else { throw WireError.malformed }
            #expect(read == error)
        }
        let results: [Result<[UInt8], SealError>] = [.success([1, 2]), .failure(.doesNotOpen), .success([])]
        guard case .rewrapped(let read) = try Self.again(.rewrapped(results)) else { throw WireError.malformed }
        #expect(read == results)
        guard case .canaries(let canaries) = try Self.again(.canaries([CanaryFailure(version: 2, error: .malformed)]))
        else { throw WireError.malformed }
        #expect(canaries == [CanaryFailure(version: 2, error: .malformed)])
        for size: UInt64? in [nil, 0, 5] {
            guard case .position(let read) = try Self.again(.position(size)) else { throw WireError.malformed }
            #expect(read == size)
        }
    }

    private static func again(_ answer: OpenerAnswer) throws -> OpenerAnswer {
        try answer.bytes.withUnsafeBytes { try OpenerAnswer(parsing: $0) }
    }

    @Test(
        "A frame that is none ends the connection, and what was asked before it is answered",
        arguments: [
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F], [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1],
        ] as [[UInt8]]
    )
    func malformedFrames(frame: [UInt8]) async throws {
        let fixture = try await OpenerFixture()
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let mine = ends[1]
        defer { close(mine) }
        let connection = OpenerConnection(SocketDescriptor(ends[0]), session: fixture.session)
        Thread.detachNewThread { connection.run() }
        let sealed = try fixture.sealed()
        let request = OpenerRequest.open(sealed, evidence: try fixture.commit(try fixture.entry(for: sealed))).bytes
        let count = UInt32(request.count + 8)
        let good = withUnsafeBytes(of: count.bigEndian) { Array($0) } + [0, 0, 0, 0, 0, 0, 0, 42] + request
        let sent = good + frame
        #expect(write(mine, sent, sent.count) == sent.count)
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(mine, &buffer, buffer.count)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        try #require(answer.count == 4 + 8 + 1 + 4 + OpenerFixture.secret.utf8.count)
        #expect(Array(answer[4..<12]) == [0, 0, 0, 0, 0, 0, 0, 42])
    }
}

import BitLocker
import CBench
import Crypto
import Foundation

/// What one proof costs, beside the chain of hashes that it cannot do without.
struct BenchProve {
    /// Medians of the rounds, in milliseconds, and medians of the rounds' ratios.
    struct Result: Encodable {
        /// The bare chain of 1,048,576 rounds.
        let chain: Double
        /// The chain's instructions that wait for each other, and nothing else; nil where there is no such loop for the
        /// processor.
        let floor: Double?
        /// One proof of a recovery password against real FVE metadata.
        let proof: Double
        /// The chain by swift-crypto's `SHA256`, over memory that is not copied.
        let swiftCrypto: Double
        /// The proof by the chain.
        let proofByChain: Double
        /// The chain by its floor.
        let chainByFloor: Double?
        /// swift-crypto's chain by ours.
        let swiftCryptoByChain: Double
    }

    let rounds: Int
    let directory: String

    /// Measures; each round does everything once.
    func run() throws -> Result {
        let volume = try BenchVolume(in: self.directory)
        let hasFloor = sparekey_bench_chain_floor(0)
        var (chain, floor, proof, swiftCrypto) = (BenchSamples(), BenchSamples(), BenchSamples(), BenchSamples())
        var proofByChain = BenchSamples()
        var chainByFloor = BenchSamples()
        var swiftCryptoByChain = BenchSamples()
        for _ in 0..<self.rounds {
            let ofFloor = BenchClock.processorSeconds { _ = sparekey_bench_chain_floor(Stretch.rounds) }
            let ofChain = try BenchClock.processorSeconds { try Self.runChain() }
            let ofProof = try BenchClock.processorSeconds { try volume.prove() }
            let ofSwiftCrypto = BenchClock.processorSeconds { Self.runSwiftCrypto() }
            floor.add(ofFloor * 1000)
            chain.add(ofChain * 1000)
            proof.add(ofProof * 1000)
            swiftCrypto.add(ofSwiftCrypto * 1000)
            proofByChain.add(ofProof / ofChain)
            chainByFloor.add(ofChain / ofFloor)
            swiftCryptoByChain.add(ofSwiftCrypto / ofChain)
        }
        return Result(
            chain: chain.median,
            floor: hasFloor ? floor.median : nil,
            proof: proof.median,
            swiftCrypto: swiftCrypto.median,
            proofByChain: proofByChain.median,
            chainByFloor: hasFloor ? chainByFloor.median : nil,
            swiftCryptoByChain: swiftCryptoByChain.median
        )
    }

    private static func runChain() throws {
        let initial = [UInt8](repeating: 1, count: 32)
        let salt = [UInt8](repeating: 2, count: 16)
        guard Stretch.chain(initial: initial.span, salt: salt.span) != nil else {
            throw Failure("The chained hash does not run.")
        }
    }

    /// The same chain as it is written at first in Swift: one hash after another over 88 bytes.
    private static func runSwiftCrypto() {
        var message = [UInt8](repeating: 1, count: 88)
        message.withUnsafeMutableBytes { message in
            for round in 0..<Stretch.rounds {
                message.storeBytes(of: round.littleEndian, toByteOffset: 80, as: UInt64.self)
                var hash = SHA256()
                hash.update(bufferPointer: UnsafeRawBufferPointer(message))
                hash.finalize().withUnsafeBytes { message.copyMemory(from: $0) }
            }
        }
    }
}

extension BenchProve.Result {
    /// The figures as a table.
    var lines: [String] {
        var table = BenchTable("prove, one core", columns: ["ms", "of the chain"])
        func add(_ name: String, _ milliseconds: Double, _ ratio: Double) {
            table.add(name, [BenchFormat.decimal(milliseconds, places: 1), BenchFormat.decimal(ratio)])
        }
        if let floor, let chainByFloor {
            add("the chain's own latency (no hash can be faster)", floor, 1 / chainByFloor)
        }
        add("the bare chain, 1,048,576 rounds", self.chain, 1)
        add("one proof against real FVE metadata", self.proof, self.proofByChain)
        add("the same chain by swift-crypto's SHA256", self.swiftCrypto, self.swiftCryptoByChain)
        return table.lines
    }
}

/// A volume whose metadata can be proven.
private struct BenchVolume: ~Copyable {
    private let upload: MetadataUpload
    private let password: RecoveryPassword
    private let protector: GUID

    init(in directory: String) throws {
        var generator = SystemRandomNumberGenerator()
        let path = directory + "/volume.img"
        defer { unlink(path) }
        let password = RecoveryPassword.generate(using: &generator)
        let made = try VolumeFormatter().format(
            newFileAt: path,
            content: .empty(size: 2 << 20),
            recoveryPassword: password,
            now: Date(),
            using: &generator
        )
        self.upload = try MetadataUpload(from: VolumeMetadata(readingFileAt: path))
        self.protector = made.recoveryPasswordProtector
        self.password = password
    }

    borrowing func prove() throws {
        guard self.upload.prove(recoveryPassword: self.password, protector: self.protector) == .proven else {
            throw Failure("A volume just made is not proven by its own recovery password.")
        }
    }
}

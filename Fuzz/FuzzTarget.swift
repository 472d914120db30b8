import Glibc

/// One parser that is fed mutated input; `scripts/fuzz` runs one a process, named by the environment.
///
/// A body returns for whatever input, or traps: a promise that does not hold is a crash too, by ``expect(_:_:)``.
enum FuzzTarget: String, CaseIterable {
    case recoveryPassword = "recovery-password"
    case recoveryKey = "recovery-key"
    case metadataUpload = "metadata-upload"
    case volumeMetadata = "volume-metadata"
    case jsonBodies = "json-bodies"
    case requestSignature = "request-signature"
    case auditExport = "audit-export"

    /// The one that `SPAREKEY_FUZZ_TARGET` names.
    static let selected: FuzzTarget = {
        if let name = getenv("SPAREKEY_FUZZ_TARGET").map({ String(cString: $0) }), let target = Self(rawValue: name) {
            return target
        }
        print("SPAREKEY_FUZZ_TARGET must be one of:")
        for target in Self.allCases { print(target.rawValue) }
        exit(64)
    }()

    /// Feeds one input.
    func feed(_ input: [UInt8]) {
        switch self {
        case .recoveryPassword: feedRecoveryPassword(input)
        case .recoveryKey: feedRecoveryKey(input)
        case .metadataUpload: feedMetadataUpload(input)
        case .volumeMetadata: feedVolumeMetadata(input)
        case .jsonBodies: feedJSONBodies(input)
        case .requestSignature: feedRequestSignature(input)
        case .auditExport: feedAuditExport(input)
        }
    }

    /// Makes right what a mutation is sure to break and a random one is sure never to mend.
    func mend(_ input: UnsafeMutableBufferPointer<UInt8>) {
        switch self {
        case .metadataUpload, .volumeMetadata: mendChecksums(input)
        case .recoveryPassword, .recoveryKey, .jsonBodies, .requestSignature, .auditExport: break
        }
    }
}

/// Crashes, and so tells libFuzzer, when something that must hold does not.
func expect(_ holds: @autoclosure () throws -> Bool, _ promise: StaticString) {
    guard (try? holds()) == true else { fatalError("broken promise: \(promise)") }
}

// MARK: - What libFuzzer calls

/// Looks for the target's name before anything runs; or writes the seeds, where `SPAREKEY_FUZZ_SEEDS` says where to.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<CInt>,
    _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    if let directory = getenv("SPAREKEY_FUZZ_SEEDS") {
        do {
            try writeSeeds(to: String(cString: directory))
            exit(0)
        } catch {
            print("the seeds could not be written: \(error)")
            exit(1)
        }
    }
    _ = FuzzTarget.selected
    return 0
}

/// Runs one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.selected.feed(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

@_silgen_name("LLVMFuzzerMutate")
private func mutate(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int, _ maximum: Int) -> Int

/// Mutates an input as libFuzzer would, then mends it, but for one time in eight.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateAndMend(
    _ start: UnsafeMutablePointer<UInt8>?,
    _ count: Int,
    _ maximum: Int,
    _ seed: CUnsignedInt
) -> Int {
    let count = mutate(start, count, maximum)
    if !seed.isMultiple(of: 8) {
        FuzzTarget.selected.mend(UnsafeMutableBufferPointer(start: start, count: count))
    }
    return count
}

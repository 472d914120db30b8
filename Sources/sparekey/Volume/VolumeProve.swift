import ArgumentParser
import BitLocker

/// `sparekey volume prove`.
struct VolumeProve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Proves that a recovery password or recovery key opens a volume, or that it does not.",
        discussion: """
            Unlocks the volume master key from the volume's own FVE metadata and checks it against the sealed hash. \
            Nothing is written, and nothing of the key is shown.

            Exit codes: 0 proven; 1 refuted; 2 cannot be decided, or bad input.
            """
    )

    /// The exit code for what cannot be decided, bad input included.
    static let undecided: Int32 = 2

    @Argument(help: "The volume: a file or a block device.", completion: .file())
    var image: String

    @OptionGroup
    var secret: GivenSecret

    @Option(
        help: ArgumentHelp(
            "The key protector that the recovery password is for; without it, all of them are tried.",
            valueName: "id"
        )
    )
    var protector: GUID?

    @Flag(help: "Print JSON.")
    var json = false

    /// What the command prints as JSON.
    private struct Answer: Encodable {
        var result: String
        var reason: String?
        var volumeId: GUID?
        var protectorId: GUID?
    }

    func run() throws {
        let volume = try VolumeInspect.read(self.image, failureCode: Self.undecided)
        let proof: Proof
        var protector: GUID?
        switch try self.secret.read(failureCode: Self.undecided) {
        case .password(let password): (proof, protector) = self.prove(password, volume)
        case .key(let key):
            proof = volume.prove(recoveryKey: key)
            protector = key.protectorID
        }
        try self.report(proof, protector, volume)
        switch proof {
        case .proven: break
        case .refuted: throw ExitCode(1)
        case .notProvable: throw ExitCode(Self.undecided)
        }
    }

    /// Tries the protectors that come into question; the best answer counts, and none is not a refutation.
    private func prove(_ password: borrowing RecoveryPassword, _ volume: VolumeMetadata) -> (Proof, GUID?) {
        let candidates: [GUID]
        if let protector = self.protector {
            candidates = [protector]
        } else {
            let protectors = volume.validCopies.flatMap(\.protectors).filter { $0.kind == .recoveryPassword }
            candidates = protectors.map(\.id).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        guard !candidates.isEmpty else {
            return (.notProvable(volume.validCopies.isEmpty ? .noValidMetadata : .incompleteMetadata), nil)
        }
        var best: (Proof, GUID?)?
        for candidate in candidates {
            let proof = volume.prove(recoveryPassword: password, protector: candidate)
            if proof == .proven { return (proof, candidate) }
            // What could not be decided leaves the question open, whatever the others say.
            if case .notProvable = best?.0 { continue }
            if best == nil || { if case .notProvable = proof { true } else { false } }() {
                best = (proof, candidates.count == 1 ? candidate : nil)
            }
        }
        return best ?? (.notProvable(.incompleteMetadata), nil)
    }

    private func report(_ proof: Proof, _ protector: GUID?, _ volume: VolumeMetadata) throws {
        guard self.json else {
            let suffix = protector.map { " (key protector \($0))" } ?? ""
            return Console.print("\(proof)\(proof == .proven ? suffix : "")")
        }
        var answer = Answer(result: "proven", volumeId: volume.newest?.volumeID, protectorId: protector)
        switch proof {
        case .proven: break
        case .refuted(let refutation):
            answer.result = "refuted"
            answer.reason = "\(refutation)"
        case .notProvable(let obstacle):
            answer.result = "notProvable"
            answer.reason = "\(obstacle)"
        }
        try Console.print(json: answer)
    }
}

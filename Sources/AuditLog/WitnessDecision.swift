/// What a witness answers (C2SP tlog-witness), decided from what it was sent and what it cosigned last, and nothing else.
public enum WitnessDecision: Hashable, Sendable {
    /// It cosigns, once it has stored that it does: status 200.
    case cosign(Checkpoint)
    /// The request has no form that could be answered, or the old size is larger than the checkpoint's: status 400.
    case malformed(String)
    /// None of the log's keys signed: status 403.
    case badSignature(String)
    /// It is no witness of this log: status 404.
    case unknownLog(origin: String)
    /// The old size is not that which it cosigned last, or another log of that size is: status 409, with the size.
    case conflict(size: UInt64)
    /// The checkpoint does not extend what it cosigned last: status 422.
    case inconsistent(String)

    /// Decides about a request.
    ///
    /// - Parameters:
    ///   - logs: the keys of the logs that it is a witness of.
    ///   - latest: gives the checkpoint of a log, by origin, that it cosigned last; nil for none. Only asked for logs it knows,
    ///     whose key signed the request.
    public static func decide<Failure: Error>(
        _ request: WitnessRequest,
        logs: [VerifierKey],
        latest: (String) throws(Failure) -> Checkpoint?
    ) throws(Failure) -> WitnessDecision {
        let claimed: Checkpoint
        do throws(NoteError) { claimed = try Checkpoint(text: request.checkpoint.text) } catch {
            return .malformed(error.description)
        }
        let keys = logs.filter { $0.name.utf8.elementsEqual(claimed.origin.utf8) }
        guard !keys.isEmpty else { return .unknownLog(origin: claimed.origin) }
        let checkpoint: Checkpoint
        do throws(NoteError) { checkpoint = try Checkpoint(verifying: request.checkpoint, by: keys) } catch {
            return .badSignature(error.description)
        }
        guard request.oldSize <= checkpoint.size else {
            return .malformed("the old size is larger than that of the checkpoint")
        }
        let cosigned = try latest(checkpoint.origin)
        let oldSize = cosigned?.size ?? 0
        guard request.oldSize == oldSize else { return .conflict(size: oldSize) }
        let oldRoot = cosigned?.root ?? MerkleTree.emptyRoot
        if oldSize == checkpoint.size, oldRoot != checkpoint.root { return .conflict(size: oldSize) }
        // The proof's own verification asks for the sizes of a tree with leaves; before there are any, all is consistent.
        guard oldSize > 0 else {
            return request.hashes.isEmpty ? .cosign(checkpoint) : .inconsistent("a proof from nothing must be empty")
        }
        let proof = ConsistencyProof(oldSize: oldSize, newSize: checkpoint.size, hashes: request.hashes)
        do throws(ProofError) { try proof.verify(oldRoot: oldRoot, newRoot: checkpoint.root) } catch {
            return .inconsistent(error.description)
        }
        return .cosign(checkpoint)
    }

    /// The HTTP status of the answer.
    public var status: Int {
        switch self {
        case .cosign: 200
        case .malformed: 400
        case .badSignature: 403
        case .unknownLog: 404
        case .conflict: 409
        case .inconsistent: 422
        }
    }
}

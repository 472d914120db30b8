package import AuditLog
package import EscrowModel
import Synchronization

/// How the witnesses of the audit log stand, as this process has heard from them.
///
/// It begins with nobody: what a database says of cosignatures is as old as the database, which may have been put back.
package final class WitnessStanding: Sendable {
    /// What a witness objects to.
    package enum Objection: String, Sendable {
        /// It has cosigned a longer log: entries are gone.
        case rewound
        /// It has cosigned another log of this name: entries were changed.
        case forked
    }

    private struct Witness {
        var cosigned: SignedNote?
        var size: UInt64 = 0
        var at: Timestamp?
        var objection: Objection?
        var problem: String?
    }

    /// The witnesses' keys.
    package let keys: [VerifierKey]
    private let policy: WitnessPolicy
    private let state: Mutex<[VerifierKey: Witness]>

    /// Nobody has cosigned yet.
    package init(keys: [VerifierKey], policy: WitnessPolicy) {
        self.keys = keys
        self.policy = policy
        self.state = Mutex(Dictionary(keys.map { ($0, Witness()) }) { first, _ in first })
    }

    /// Whether secrets may be disclosed as far as witnesses go.
    package func allowsDisclosure(at now: Timestamp) -> Bool {
        self.keys.isEmpty || self.policy.mode == .warn || self.fresh(at: now) >= self.policy.required
    }

    /// How many witnesses have cosigned lately, and object to nothing.
    package func fresh(at now: Timestamp) -> Int {
        self.state.withLock { state in
            state.values.count { witness in
                witness.objection == nil && witness.at.map { $0 + self.policy.maximumAge >= now } ?? false
            }
        }
    }

    /// How one witness stands.
    package struct State: Sendable {
        /// Its name.
        package let name: String
        /// The size of the log that it cosigned last, and when; nil when this process has heard nothing of it.
        package let cosigned: (size: UInt64, at: Timestamp)?
        /// What it objects to.
        package let objection: Objection?
        /// Why it could not be asked the last time.
        package let problem: String?
        /// Whether its cosignature counts now.
        package let isFresh: Bool
    }

    /// How each witness stands, in the order of the configuration.
    package func states(at now: Timestamp) -> [State] {
        self.state.withLock { state in
            self.keys.map { key in
                let witness = state[key] ?? Witness()
                return State(
                    name: key.name,
                    cosigned: witness.at.map { (witness.size, $0) },
                    objection: witness.objection,
                    problem: witness.problem,
                    isFresh: witness.objection == nil && witness.at.map { $0 + self.policy.maximumAge >= now } ?? false
                )
            }
        }
    }

    /// What is wrong with the witnesses, one sentence each: what must be looked into at once, and what may pass.
    package func problems(at now: Timestamp) -> (alarms: [String], warnings: [String]) {
        guard !self.keys.isEmpty else { return ([], []) }
        let witnesses = self.state.withLock { state in self.keys.map { ($0.name, state[$0] ?? Witness()) } }
        let alarms = witnesses.compactMap { name, witness in
            witness.objection.map { objection in
                switch objection {
                case .rewound: "The witness \(name) has seen a longer audit log: this one was rewound."
                case .forked: "The witness \(name) has seen another audit log of this name: this one was changed."
                }
            }
        }
        let fresh = self.fresh(at: now)
        guard fresh < self.policy.required else { return (alarms, []) }
        let reasons = witnesses.compactMap { name, witness in witness.problem.map { "\(name): \($0)" } }
        let because = reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))"
        let warning =
            "Only \(fresh) of the \(self.policy.required) witnesses that are required cosigned the audit log lately\(because)."
        return self.policy.mode == .require ? (alarms + [warning], []) : (alarms, [warning])
    }

    /// The checkpoint that the most witnesses cosigned, the newest of such; nil when nobody has cosigned lately.
    package func cosigned(at now: Timestamp) -> (note: SignedNote, size: UInt64, at: Timestamp)? {
        let heard = self.state.withLock { state in
            self.keys.compactMap { key -> (note: SignedNote, size: UInt64, at: Timestamp)? in
                guard let witness = state[key], let note = witness.cosigned, let at = witness.at else { return nil }
                return witness.objection == nil && at + self.policy.maximumAge >= now ? (note, witness.size, at) : nil
            }
        }
        let texts = Dictionary(grouping: heard) { $0.note.text }
        let best = texts.values.max { left, right in
            (left.count, left[0].size) < (right.count, right[0].size)
        }
        guard let best, let first = best.first else { return nil }
        var note = first.note
        for other in best.dropFirst() {
            for signature in other.note.signatures where !note.signatures.contains(signature) {
                note = (try? note.adding(signature)) ?? note
            }
        }
        return (note, first.size, best.map(\.at).max() ?? first.at)
    }

    func cosigned(_ note: SignedNote, size: UInt64, by key: VerifierKey, at: Timestamp) {
        self.state.withLock { $0[key] = Witness(cosigned: note, size: size, at: at) }
    }

    /// False when this witness is known to object so.
    func objected(_ objection: Objection, by key: VerifierKey) -> Bool {
        self.state.withLock { state in
            guard state[key]?.objection != objection else { return false }
            state[key, default: Witness()].objection = objection
            return true
        }
    }

    /// False when the witness had this problem already.
    package func failed(_ problem: String, by key: VerifierKey) -> Bool {
        self.state.withLock { state in
            guard state[key]?.problem != problem else { return false }
            state[key, default: Witness()].problem = problem
            return true
        }
    }
}

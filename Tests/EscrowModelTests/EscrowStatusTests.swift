import BitLocker
import EscrowModel
import Testing

@Suite("Escrow status")
struct EscrowStatusTests {
    typealias State = EscrowStatus.State
    typealias Reason = EscrowStatus.Reason

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let standing: EscrowStanding
        let state: State
        let reason: Reason

        init(_ name: String, _ standing: EscrowStanding, _ state: State, _ reason: Reason) {
            self.name = name
            self.standing = standing
            self.state = state
            self.reason = reason
        }

        var testDescription: String { self.name }
    }

    static let refuted = VolumeFailure(reason: .proofRefuted, at: Samples.now, detail: "wrongSecret")
    static let reported = VolumeFailure(reason: .deviceReported, at: Samples.now, detail: "0x80310060")

    static let cases = [
        Case("BitLocker off", Samples.standing(protection: .off, reported: [], keys: []), .notAvailable, .bitLockerOff),
        Case(
            "BitLocker off, though keys are here",
            Samples.standing(protection: .off, reported: [1], keys: [Samples.key(1)], failure: refuted),
            .notAvailable,
            .bitLockerOff
        ),
        Case("nothing deposited yet", Samples.standing(reported: [1], keys: []), .pending, .awaitingDeposit),
        Case("proven", Samples.standing(reported: [1], keys: [Samples.key(1)]), .escrowed, .none),
        Case(
            "suspended and proven",
            Samples.standing(protection: .suspended, reported: [1], keys: [Samples.key(1)]),
            .escrowed,
            .none
        ),
        Case(
            "unproven where proof is required",
            Samples.standing(reported: [1], keys: [Samples.key(1, .active, .unproven)]),
            .pending,
            .awaitingProof
        ),
        Case(
            "unproven where proof is not required",
            Samples.standing(reported: [1], keys: [Samples.key(1, .active, .unproven)], isProofRequired: false),
            .escrowed,
            .none
        ),
        Case(
            "refuted, failure recorded",
            Samples.standing(reported: [1], keys: [Samples.key(1, .active, .refuted)], failure: refuted),
            .failed,
            .proofRefuted
        ),
        Case(
            "refuted only, no failure recorded",
            Samples.standing(reported: [1], keys: [Samples.key(1, .active, .refuted)], isProofRequired: false),
            .pending,
            .awaitingDeposit
        ),
        Case(
            "device reported a failure",
            Samples.standing(reported: [1], keys: [Samples.key(1)], failure: reported),
            .failed,
            .deviceReported
        ),
        Case(
            "one of two deposited",
            Samples.standing(reported: [1, 2], keys: [Samples.key(1)]),
            .pending,
            .awaitingDeposit
        ),
        Case(
            "both deposited",
            Samples.standing(reported: [1, 2], keys: [Samples.key(1), Samples.key(2)]),
            .escrowed,
            .none
        ),
        Case(
            "other protectors than the escrowed ones",
            Samples.standing(reported: [2], keys: [Samples.key(1)]),
            .failed,
            .protectorMismatch
        ),
        Case(
            "other protectors, the escrowed one superseded long ago",
            Samples.standing(reported: [2], keys: [Samples.key(1, .superseded)]),
            .pending,
            .awaitingDeposit
        ),
        Case(
            "a superseded key's protector is back on the volume",
            Samples.standing(reported: [1], keys: [Samples.key(1, .superseded)]),
            .escrowed,
            .none
        ),
        Case(
            "other protectors while a rotation is open",
            Samples.standing(reported: [2], keys: [Samples.key(1)], rotation: .escrowed),
            .pending,
            .awaitingDeposit
        ),
        Case("no recovery protector", Samples.standing(reported: [], keys: []), .pending, .noRecoveryProtector),
        Case(
            "rotation requested, not fetched",
            Samples.standing(reported: [1], keys: [Samples.key(1)], rotation: .requested),
            .escrowed,
            .none
        ),
        Case(
            "rotation delivered",
            Samples.standing(reported: [1], keys: [Samples.key(1)], rotation: .delivered),
            .pending,
            .rotationUnderWay
        ),
        Case(
            "rotation escrowed, old one not yet removed",
            Samples.standing(reported: [1, 2], keys: [Samples.key(1), Samples.key(2)], rotation: .escrowed),
            .escrowed,
            .none
        ),
        Case(
            "awaited until now",
            Samples.standing(reported: [1], keys: [], deadline: Samples.now),
            .failed,
            .deadlinePassed
        ),
        Case(
            "awaited a little longer",
            Samples.standing(reported: [1], keys: [], deadline: Samples.now + TimeSpan(milliseconds: 1)),
            .pending,
            .awaitingDeposit
        ),
    ]

    @Test("follows from what is reported and what is here", arguments: cases)
    func follows(from example: Case) {
        let (status, _) = example.standing.status(at: Samples.now, patience: .hours(24))
        #expect(status.state == example.state)
        #expect(status.reason == example.reason)
    }

    @Test("never calls a volume escrowed while a reported protector's secret is not here in a form that counts")
    func neverEscrowedWithoutSecret() {
        let states = EscrowedKey.State.allCases.filter { $0 != .purged }
        let rotations: [Rotation.State?] = [nil, .requested, .delivered, .escrowed]
        for (state, proof) in states.flatMap({ state in EscrowedKey.ProofState.allCases.map { (state, $0) } }) {
            for (rotation, isProofRequired) in rotations.flatMap({ [($0, true), ($0, false)] }) {
                for keyNumber in UInt64(1)...3 {
                    for reported: [UInt64] in [[], [1], [2], [1, 2]] {
                        let standing = Samples.standing(
                            reported: reported,
                            keys: [Samples.key(keyNumber, state, proof)],
                            rotation: rotation,
                            isProofRequired: isProofRequired
                        )
                        let status = standing.status(at: Samples.now, patience: .hours(1)).status
                        let counts = proof == .proven || proof == .unproven && !isProofRequired
                        let isHere = reported == [keyNumber] && counts
                        #expect(status.state == .escrowed ? isHere : true)
                        #expect(standing.protectorsToDeposit.isEmpty == (reported.isEmpty || isHere))
                    }
                }
            }
        }
    }

    @Test("keeps its beginning while it stays the same, and begins anew when its reason changes")
    func since() {
        let first = EscrowStatus(.pending, .awaitingDeposit, since: Samples.now)
        let later = Samples.now + .hours(1)
        #expect(EscrowStatus(.pending, .awaitingDeposit, since: later).following(first).since == Samples.now)
        #expect(EscrowStatus(.pending, .awaitingProof, since: later).following(first).since == later)
    }

    @Test("waits no longer because a device checks in again, but a wait for something else begins anew")
    func deadlines() {
        let first = Samples.standing(reported: [1], keys: []).status(at: Samples.now, patience: .hours(24))
        #expect(first.deadline == Samples.now + .hours(24))
        let later = Samples.now + .hours(2)
        let again = Samples.standing(reported: [1], keys: [], previous: first.status, deadline: first.deadline)
            .status(at: later, patience: .hours(24))
        #expect(again.deadline == first.deadline)
        let unproven = Samples.key(1, .active, .unproven)
        let other = Samples.standing(reported: [1], keys: [unproven], previous: again.status, deadline: again.deadline)
            .status(at: later, patience: .hours(24))
        #expect(other.deadline == later + .hours(24))
    }

    @Test("a device's is the worst of its volumes', and of equals the oldest")
    func worst() {
        let order: [State] = [.escrowed, .notAvailable, .pending, .failed]
        for (index, worse) in order.enumerated() {
            for better in order[..<index] {
                let statuses = [worse, better].map { EscrowStatus($0, .none, since: Samples.now) }
                #expect(EscrowStatus.worst(of: statuses)?.state == worse)
                #expect(EscrowStatus.worst(of: statuses.reversed())?.state == worse)
            }
        }
        let old = EscrowStatus(.failed, .proofRefuted, since: Samples.now)
        let new = EscrowStatus(.failed, .deadlinePassed, since: Samples.now + .days(1))
        #expect(EscrowStatus.worst(of: [new, old]) == old)
        #expect(EscrowStatus.worst(of: []) == nil)
    }
}

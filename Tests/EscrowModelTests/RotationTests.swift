import BitLocker
import EscrowModel
import Testing

@Suite("Rotation")
struct RotationTests {
    typealias State = Rotation.State
    typealias Event = Rotation.Event

    static let events: [Event] = [
        .delivered, .escrowed(newProtector: Samples.protector(2)), .oldProtectorsGone, .failed(reason: "x"),
        .deadlinePassed, .cancelled,
    ]

    /// The whole transition table: everything that is not here leaves the rotation as it is.
    static func successor(_ state: State, _ event: Event) -> State? {
        switch (state, event) {
        case (.requested, .delivered): .delivered
        case (.requested, .deadlinePassed): .expired
        case (.requested, .cancelled): .cancelled
        case (.delivered, .escrowed): .escrowed
        case (.delivered, .failed), (.delivered, .deadlinePassed): .failed
        case (.escrowed, .oldProtectorsGone): .completed
        case (.escrowed, .failed), (.escrowed, .deadlinePassed): .failed
        default: nil
        }
    }

    static func rotation(in state: State) -> Rotation {
        Rotation(
            asRequested: Samples.rotation(),
            state: state,
            newProtector: nil,
            deliveredAt: nil,
            escrowedAt: nil,
            finishedAt: nil,
            failure: nil
        )
    }

    @Test("moves by its table and by nothing else", arguments: State.allCases, events)
    func table(state: State, event: Event) {
        var rotation = Self.rotation(in: state)
        let before = rotation
        let moved = rotation.apply(event, at: Samples.now + .hours(1), patience: .hours(24))
        if let successor = Self.successor(state, event) {
            #expect(moved)
            #expect(rotation.state == successor)
            #expect((rotation.finishedAt == nil) == successor.isOpen)
        } else {
            #expect(!moved)
            #expect(rotation == before)
        }
    }

    @Test("each step has its own time")
    func deadlines() {
        var rotation = Samples.rotation()
        #expect(rotation.deadline == Samples.now + .days(30))
        let delivered = Samples.now + .days(3)
        let isDelivered = rotation.apply(.delivered, at: delivered, patience: .hours(24))
        #expect(isDelivered)
        #expect(rotation.deadline == delivered + .hours(24))
        let escrowed = delivered + .hours(5)
        let isEscrowed = rotation.apply(
            .escrowed(newProtector: Samples.protector(2)),
            at: escrowed,
            patience: .hours(24)
        )
        #expect(isEscrowed)
        #expect(rotation.deadline == escrowed + .hours(24))
        #expect(rotation.newProtector == Samples.protector(2))
    }

    @Test("a second request joins only what the device was not told yet")
    func joins() {
        var rotation = Samples.rotation()
        rotation.notBefore = Samples.now + .hours(5)
        rotation.join(replaces: [Samples.protector(1), Samples.protector(3)], notBefore: Samples.now)
        #expect(rotation.replaces == [Samples.protector(1), Samples.protector(3)])
        #expect(rotation.notBefore == Samples.now)
        let isDelivered = rotation.apply(.delivered, at: Samples.now, patience: .hours(24))
        #expect(isDelivered)
        rotation.join(replaces: [Samples.protector(4)], notBefore: Samples.now)
        #expect(rotation.replaces == [Samples.protector(1), Samples.protector(3)])
    }
}

@Suite("Escrowed key")
struct EscrowedKeyTests {
    @Test("the current key is active before superseded, proven before unproven, refuted last, of equals the newest")
    func current() {
        let old = Samples.key(1, row: 1)
        let new = Samples.key(2, row: 2, depositedAt: Samples.now + .hours(1))
        let unproven = Samples.key(3, .active, .unproven, row: 3, depositedAt: Samples.now + .hours(2))
        let refuted = Samples.key(4, .active, .refuted, row: 4, depositedAt: Samples.now + .hours(3))
        let superseded = Samples.key(5, .superseded, row: 5, depositedAt: Samples.now + .hours(4))
        let purged = Samples.key(6, .purged, row: 6, depositedAt: Samples.now + .hours(5))
        let all = [old, new, unproven, refuted, superseded, purged]
        #expect(all.current == new)
        #expect(all.reversed().current == new)
        #expect([unproven, refuted, superseded, purged].current == unproven)
        #expect([refuted, superseded, purged].current == superseded)
        #expect([refuted, purged].current == refuted)
        #expect([purged].current == nil)
    }

    @Test("is superseded once, and kept until its retention ends")
    func supersede() {
        var key = Samples.key(1)
        key.supersede(at: Samples.now, retention: .days(90))
        #expect(key.state == .superseded)
        #expect(key.purgeAfter == Samples.now + .days(90))
        key.supersede(at: Samples.now + .days(1), retention: .days(90))
        #expect(key.purgeAfter == Samples.now + .days(90))
    }
}

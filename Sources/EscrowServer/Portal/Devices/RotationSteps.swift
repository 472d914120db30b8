import EscrowModel

/// A rotation as a line of steps, each of which is done, under way, to come, or where it failed.
struct RotationSteps: Equatable, Sendable {
    /// How far a step is.
    enum Progress: String, Sendable {
        case done, current, waiting, failed
    }

    /// One step.
    struct Step: Equatable, Sendable {
        /// Which state of the rotation it leads to.
        let state: Rotation.State
        let progress: Progress
        /// When it was done.
        let at: Timestamp?
    }

    let steps: [Step]

    /// The steps of a rotation.
    init(_ rotation: Rotation) {
        let reached: [(Rotation.State, Timestamp?)] = [
            (.requested, rotation.requestedAt), (.delivered, rotation.deliveredAt),
            (.escrowed, rotation.escrowedAt),
            (.completed, rotation.state == .completed ? rotation.finishedAt : nil),
        ]
        var isNext = true
        self.steps = reached.map { state, at in
            if at != nil { return Step(state: state, progress: .done, at: at) }
            defer { isNext = false }
            guard isNext else { return Step(state: state, progress: .waiting, at: nil) }
            return rotation.state.isOpen
                ? Step(state: state, progress: .current, at: nil)
                : Step(state: state, progress: .failed, at: rotation.finishedAt)
        }
    }
}

package import BitLocker

/// Something a device is to do. The server decides, the agent does.
package struct Instruction: Equatable, Sendable {
    /// What to do.
    package enum Action: Equatable, Sendable {
        /// Deposit the secret of a protector that is on the volume.
        case deposit(protector: GUID)
        /// Add a protector, then deposit its secret for this instruction.
        case addProtector(SecretKind)
        /// Remove protectors, then say so.
        case removeProtectors([GUID])
    }

    /// The two steps of a rotation have the rotation's ID, a deposit the protector's.
    package let id: GUID
    /// What to do.
    package let action: Action
    /// On which volume.
    package let volume: GUID

    /// Makes an instruction from its parts.
    package init(id: GUID, action: Action, volume: GUID) {
        self.id = id
        self.action = action
        self.volume = volume
    }
}

/// What a device says became of an instruction.
package enum InstructionOutcome: Equatable, Sendable {
    /// It is done.
    case done
    /// It could not be done: a Windows error or one word.
    case failed(code: String)
}

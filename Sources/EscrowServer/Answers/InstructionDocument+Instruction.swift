import EscrowAPI
import EscrowModel

extension InstructionDocument {
    /// Shows an instruction.
    init(_ instruction: Instruction) {
        switch instruction.action {
        case .deposit(let protector):
            self.init(id: instruction.id, action: .deposit, volumeId: instruction.volume, protectorIds: [protector])
        case .addProtector(let kind):
            self.init(id: instruction.id, action: .addProtector, volumeId: instruction.volume, protectorType: kind)
        case .removeProtectors(let protectors):
            self.init(
                id: instruction.id,
                action: .removeProtectors,
                volumeId: instruction.volume,
                protectorIds: protectors
            )
        }
    }
}

import EscrowModel

extension Keyring {
    /// Makes a change and says in a few words what it was, for the log; nil, and nothing changes, for the one that needs a
    /// master key.
    mutating func apply(_ change: KeyringChange, at now: Timestamp) throws(KeyringError) -> String? {
        switch change {
        case .addVersion(let suite):
            return "version \(try self.addVersion(suite: suite, at: now)) added (\(suite.name))"
        case .activate(let number):
            let number = number ?? self.document.versions.last?.number ?? 0
            try self.activate(number)
            return "version \(number) activated"
        case .destroy(let number):
            try self.destroy(number)
            return "version \(number) destroyed"
        case .addRecoveryRecipient(let suite, let publicKey):
            let recipient: Recipient
            do throws(SealError) { recipient = try Recipient(suite: suite, publicKey: publicKey) } catch {
                throw .sealing(error)
            }
            try self.addRecoveryRecipient(recipient, at: now)
            return "recovery key \(recipient.id) added (\(suite.name))"
        case .removeRecoveryRecipient(let value):
            let id = RecipientID(value: value)
            try self.removeRecoveryRecipient(id)
            return "recovery key \(id) removed"
        case .renew:
            try self.finishChange()
            return "renewed"
        case .changeMasterKey: return nil
        }
    }
}

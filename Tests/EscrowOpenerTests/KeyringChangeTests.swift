import AuditLog
import EscrowCrypto
import EscrowModel
import EscrowOpener
import Testing

/// A server that was taken over changes the keyring so that it could open everything itself.
struct KeyringChangeTests {
    private func change(_ detail: String, _ fixture: OpenerFixture) throws -> LogEvidence {
        let sealed = try fixture.sealed()
        return try fixture.commit(
            try fixture.entry(for: sealed, kind: "keyring.masterKeyChanged") { $0["detail"] = .string(detail) }
        )
    }

    @Test("The keyring is not wrapped under another master key before the log says so")
    func masterKey() async throws {
        let fixture = try await OpenerFixture()
        let reference = MasterKeyReference(["passphrase": "another horse battery"])
        let changes = [KeyringChange.changeMasterKey(reference)]
        let propose: (LogEvidence?) async -> OpenerAnswer = { evidence in
            await fixture.session.answer(.propose(changes, now: OpenerFixture.start, evidence: evidence))
        }
        let refusal = "The opener refused: the entry records another change of the keyring"
        #expect(OpenerFixture.text(await propose(nil)) == refusal)
        #expect(OpenerFixture.text(await propose(try self.change("kind=file path=/x", fixture))) == refusal)
        let sealed = try fixture.sealed()
        let disclosure = try fixture.commit(try fixture.entry(for: sealed))
        #expect(OpenerFixture.text(await propose(disclosure)).contains("must be keyring."))
        guard case .proposal = await propose(try self.change(reference.description, fixture)) else {
            Issue.record("a change that is on the log was refused")
            return
        }
    }

    @Test("Nothing is sealed to a new key before the log says so in the opener's own words")
    func adoption() async throws {
        let fixture = try await OpenerFixture()
        let answer = await fixture.session.answer(
            .propose([.addVersion(.xWing), .activate(nil)], now: OpenerFixture.start, evidence: nil)
        )
        guard case .proposal(let proposal) = answer else {
            Issue.record("\(answer)")
            return
        }
        let old = try fixture.sealed()
        let wrong = try self.change("nothing of note", fixture)
        let refusal = "The opener refused: the entry records another change of the keyring"
        let refused = await fixture.session.answer(.adopt(document: proposal.document, evidence: wrong))
        #expect(OpenerFixture.text(refused) == refusal)
        #expect(try await self.recipients(of: old, fixture) == fixture.keys.document.sealer().recipients.map(\.id))
        let right = try self.change(proposal.detail, fixture)
        guard case .done = await fixture.session.answer(.adopt(document: proposal.document, evidence: right)) else {
            Issue.record("a change that is on the log was refused")
            return
        }
        let document = try KeyringDocument(json: proposal.document)
        #expect(try await self.recipients(of: old, fixture) == document.sealer().recipients.map(\.id))
    }

    /// Whom the opener seals anew to.
    private func recipients(of sealed: SealedSecret, _ fixture: OpenerFixture) async throws -> [RecipientID] {
        guard case .rewrapped(let results) = await fixture.session.answer(.rewrap([sealed])) else { return [] }
        return try SealedRecord(parsing: try #require(results.first).get()).recipients
    }
}

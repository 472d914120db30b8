import AuditLog
import Crypto
import EscrowCrypto
import EscrowModel
import EscrowOpener
import Foundation
import Synchronization
import Testing

/// A server that was taken over asks the opener, which has the keys, in every way but the honest one.
struct TakenOverServerTests {
    @Test("A secret whose disclosure is on the log is opened, once")
    func honest() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let evidence = try fixture.commit(try fixture.entry(for: sealed))
        #expect(fixture.open(sealed, evidence) == OpenerFixture.secret)
        #expect(fixture.open(sealed, evidence) == "The opener refused: entry 0 was used before")
    }

    @Test("An entry that is on no log, or under no checkpoint that was shown, opens nothing")
    func noEntry() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let entry = try fixture.entry(for: sealed)
        let refusal = "The opener refused: entry 0 is not on the log, whose signed checkpoint has 0 entries"
        #expect(fixture.open(sealed, OpenerFixture.evidence(entry)) == refusal)
        // Shown, and not signed yet.
        _ = fixture.session.extend(LogExtension(from: 0, hashes: [entry.leaf.hash], note: nil))
        #expect(fixture.open(sealed, OpenerFixture.evidence(entry)) == refusal)
    }

    @Test("An entry at another index than its own opens nothing")
    func forgedIndex() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        _ = try fixture.commit(try fixture.entry(for: sealed, kind: "key.deposited"))
        let entry = try fixture.entry(for: sealed)
        _ = try fixture.commit(entry)
        #expect(
            fixture.open(sealed, OpenerFixture.evidence(entry, index: 0))
                == "The opener refused: entry 0 of the log is another one"
        )
        #expect(
            fixture.open(sealed, OpenerFixture.evidence(entry, index: .max))
                == "The opener refused: entry \(UInt64.max) is not on the log, whose signed checkpoint has 2 entries"
        )
        #expect(fixture.open(sealed, OpenerFixture.evidence(entry)) == OpenerFixture.secret)
    }

    @Test("A record that its leaf does not commit to opens nothing")
    func swappedRecord() async throws {
        let fixture = try await OpenerFixture()
        let (wanted, logged) = (try fixture.sealed(device: 7), try fixture.sealed(device: 8))
        let entry = try fixture.entry(for: logged)
        _ = try fixture.commit(entry)
        let record = try #require(try fixture.entry(for: wanted).content?.record)
        let evidence = LogEvidence(
            index: entry.index,
            leaf: entry.leaf.bytes,
            record: record,
            salt: try #require(entry.content?.salt)
        )
        #expect(
            fixture.open(wanted, evidence) == "The opener refused: the record is not the one that entry 0 commits to"
        )
    }

    @Test(
        "An entry that is about something else, or records no disclosure that may be, opens nothing",
        arguments: [
            ("device", "the entry is about another device"),
            ("volume", "the entry is about another volume"),
            ("protector", "the entry is about another key protector"),
            ("detail", "the entry is about another kind of secret"),
            ("action", "the caller's role does not allow a disclosure"),
            ("outcome", "the entry records a refusal or a failure"),
            ("kind", "the entry is of kind key.disclosed and must be key.disclosed"),
        ]
    )
    func otherRecord(member: String, refusal: String) async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let key = try #require(CanonicalJSON.Key(validating: member))
        for value: CanonicalJSON? in [.string("11111111-2222-3333-4444-555555555555"), nil, .integer(1)] {
            let evidence = try fixture.commit(try fixture.entry(for: sealed) { $0[key] = value })
            #expect(fixture.open(sealed, evidence) == "The opener refused: \(refusal)")
        }
    }

    @Test("A role that may disclose nothing opens nothing", arguments: Role.allCases)
    func roles(role: Role) async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let evidence = try fixture.commit(try fixture.entry(for: sealed, role: role.rawValue))
        let mayReveal: Set<Role> = [.helpdesk, .administrator, .owner]
        let refusal = "The opener refused: the caller's role does not allow a disclosure"
        #expect(fixture.open(sealed, evidence) == (mayReveal.contains(role) ? OpenerFixture.secret : refusal))
    }

    @Test("Other kinds of entries open nothing", arguments: ["key.openFailed", "access.denied", "key.deposited"])
    func otherKinds(kind: String) async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let evidence = try fixture.commit(try fixture.entry(for: sealed, kind: kind))
        #expect(
            fixture.open(sealed, evidence)
                == "The opener refused: the entry is of kind \(kind) and must be key.disclosed"
        )
    }

    @Test("An entry of more than five minutes ago, or ahead, opens nothing")
    func oldEntry() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let evidence = try fixture.commit(try fixture.entry(for: sealed))
        fixture.clock.advance(by: TimeSpan(milliseconds: 300_001))
        #expect(fixture.open(sealed, evidence) == "The opener refused: the entry is of 300 s ago")
        let later = try fixture.entry(for: sealed)
        fixture.clock.advance(by: TimeSpan(milliseconds: -300_001))
        #expect(fixture.open(sealed, try fixture.commit(later)) == "The opener refused: the entry is of -300 s ago")
        fixture.clock.advance(by: TimeSpan(milliseconds: 1))
        #expect(fixture.open(sealed, OpenerFixture.evidence(later)) == OpenerFixture.secret)
    }

    @Test("A record sealed for another place does not open, whatever the entry says")
    func movedRecord() async throws {
        let fixture = try await OpenerFixture()
        let (mine, other) = (try fixture.sealed(device: 7), try fixture.sealed(device: 8))
        let evidence = try fixture.commit(try fixture.entry(for: mine))
        let moved = SealedSecret(other.bytes, context: mine.context)
        #expect(fixture.open(moved, evidence) == SealError.doesNotOpen.description)
    }

    @Test("A checkpoint by another key loses the log, and nothing is opened any more")
    func otherKey() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let good = try fixture.commit(try fixture.entry(for: sealed))
        let entry = try fixture.entry(for: sealed)
        var forged = OpenerFixture.Log(
            key: try SigningKey(name: "example.com/audit", seed: SymmetricKey(size: .bits256))
        )
        let first = fixture.log.withLock { $0.edge.size }
        #expect(first == 1)
        _ = try forged.append([entry])
        let answer = fixture.session.extend(
            LogExtension(from: 1, hashes: [entry.leaf.hash], note: try forged.note)
        )
        #expect(OpenerFixture.text(answer).contains("its checkpoint is not signed by its key"))
        #expect(fixture.open(sealed, good).contains("the audit log was rewound or forked"))
    }

    @Test("A checkpoint that does not extend the one before loses the log", arguments: [true, false])
    func fork(isRewound: Bool) async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let good = try fixture.commit(try fixture.entry(for: sealed))
        // Signed by the right key, over another history.
        var other = OpenerFixture.Log(key: fixture.log.withLock { $0.key })
        let entries = [try fixture.entry(for: sealed, kind: "key.deposited"), try fixture.entry(for: sealed)]
        let whole = try other.append(entries)
        let shown =
            isRewound
            ? whole : LogExtension(from: 1, hashes: Array(whole.hashes.dropFirst()), note: whole.note)
        let answer = OpenerFixture.text(fixture.session.extend(shown))
        #expect(answer.contains("the audit log was rewound or forked"))
        #expect(answer.contains(isRewound ? "it goes on from 0 entries, and 1 were seen" : "does not extend"))
        #expect(fixture.open(sealed, good).contains("the audit log was rewound or forked"))
        #expect(OpenerFixture.text(await fixture.session.answer(.position)).contains("rewound or forked"))
    }

    @Test("The caps hold for one caller and for all, and an hour later there is room again")
    func caps() async throws {
        let fixture = try await OpenerFixture(caps: OpeningCaps.Limits(perCaller: 2, inTotal: 3))
        let sealed = try fixture.sealed()
        func open(_ principal: String) throws -> String {
            fixture.open(sealed, try fixture.commit(try fixture.entry(for: sealed, principal: principal)))
        }
        #expect(try open("client:1") == OpenerFixture.secret)
        #expect(try open("client:1") == OpenerFixture.secret)
        #expect(
            try open("client:1").hasSuffix("the caller was disclosed 2 keys within an hour, the most that it allows")
        )
        #expect(try open("client:2") == OpenerFixture.secret)
        #expect(try open("client:2").hasSuffix("3 keys were disclosed within an hour, the most that it allows"))
        fixture.clock.advance(by: .minutes(59))
        #expect(try open("client:3").hasSuffix("3 keys were disclosed within an hour, the most that it allows"))
        fixture.clock.advance(by: .minutes(1))
        #expect(try open("client:1") == OpenerFixture.secret)
    }

    @Test("A thousand requests without a single entry get no secret")
    func thousand() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        _ = try fixture.commit(try fixture.entry(for: sealed, kind: "key.deposited"))
        let requests = try (0..<1000).map { index in
            (sealed, OpenerFixture.evidence(try fixture.entry(for: sealed), index: UInt64(index % 3)))
        }
        let answers = fixture.session.open(requests)
        #expect(answers.count == 1000)
        for answer in answers { #expect(OpenerFixture.text(answer).hasPrefix("The opener refused: ")) }
    }

    @Test("Before it was started and shown a log, nothing is opened; it is started once")
    func order() async throws {
        let fixture = try await OpenerFixture(follows: false)
        let sealed = try fixture.sealed()
        let entry = try fixture.entry(for: sealed)
        #expect(
            fixture.open(sealed, OpenerFixture.evidence(entry))
                == "The opener refused: it does not follow the audit log yet"
        )
        let again = await fixture.session.answer(
            .start(document: nil, masterKey: OpenerFixture.reference, suite: .p256)
        )
        #expect(OpenerFixture.text(again) == "The opener refused: it was started already")
        let other = try VerifierKey(name: "example.com/other", publicKey: [UInt8](repeating: 7, count: 32))
        #expect(OpenerFixture.text(await fixture.session.answer(.follow(key: other.description))).contains("keyring's"))
    }

    @Test("After a restart the log goes on from where it was seen, and nothing else is trusted")
    func restart() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        let before = try fixture.commit(try fixture.entry(for: sealed))
        let session = try await fixture.restarted()
        try await Self.expect(session, toHaveSeen: 1, fixture)
        #expect(
            try FileManager.default.attributesOfItem(atPath: fixture.state.path)[.posixPermissions] as? Int == 0o600
        )
        let (edge, note) = try fixture.log.withLock { ($0.edge, try $0.note) }
        #expect(OpenerFixture.text(await session.answer(.trust(edge: edge, note: note))).contains("seen before"))
        #expect(
            fixture.open(sealed, before, with: session)
                == "The opener refused: entry 0 is from before the entries that it remembers"
        )
        let entry = try fixture.entry(for: sealed)
        let more = try fixture.log.withLock { try $0.append([entry]) }
        if let trouble = session.extend(more) { Issue.record("\(OpenerFixture.text(trouble))") }
        #expect(fixture.open(sealed, OpenerFixture.evidence(entry), with: session) == OpenerFixture.secret)
    }

    @Test("After a restart a log that is shorter than it was, or another one, is not gone on with")
    func restartOnAnother() async throws {
        let fixture = try await OpenerFixture()
        let sealed = try fixture.sealed()
        _ = try fixture.commit(try fixture.entry(for: sealed))
        let key = fixture.log.withLock { $0.key }
        let empty = OpenerFixture.Log(key: key)
        var other = empty
        _ = try other.append([try fixture.entry(for: sealed)])
        for log in [empty, other] {
            let session = try await fixture.restarted()
            try await Self.expect(session, toHaveSeen: 1, fixture)
            let shown = LogExtension(from: log.edge.size, hashes: [], note: try log.note)
            #expect(OpenerFixture.text(session.extend(shown)).contains("rewound or forked"))
        }
    }

    private static func expect(_ session: OpenerSession, toHaveSeen size: UInt64, _ fixture: OpenerFixture) async throws
    {
        let key = fixture.log.withLock { $0.key.verifierKey.description }
        guard case .position(let seen) = await session.answer(.follow(key: key)) else {
            Issue.record("the log is not followed")
            return
        }
        #expect(seen == size)
    }

    @Test("What says how far the log was seen cannot be read: nothing is opened")
    func damagedState() async throws {
        let fixture = try await OpenerFixture()
        try Data("sparekey opener 1\nnot base64!\n".utf8)
            .write(to: fixture.directory.appending(path: "opener.checkpoint"))
        let session = try await fixture.restarted()
        let key = fixture.log.withLock { $0.key.verifierKey.description }
        #expect(OpenerFixture.text(await session.answer(.follow(key: key))).contains("is damaged"))
        let sealed = try fixture.sealed()
        #expect(
            fixture.open(sealed, OpenerFixture.evidence(try fixture.entry(for: sealed)), with: session)
                == "The opener refused: it does not follow the audit log yet"
        )
    }
}

import BitLocker
import Foundation
import Testing

@Suite("A rotation that is interrupted")
struct CrashTests {
    struct PulledPlug: Error {}

    /// Where the power fails: after so many whole copies, and so many bytes of the next.
    struct Crash: Sendable, CustomTestStringConvertible {
        let copies: Int
        let bytes: Int

        var testDescription: String { "after \(self.copies) copies and \(self.bytes) bytes" }
    }

    static let crashes: [Crash] = (0..<3).flatMap { copies in
        [0, 1, 112, 700, 1024, 65535].map { Crash(copies: copies, bytes: $0) }
    }

    @Test("the volume opens with the old or the new password at every moment, and repair heals it", arguments: crashes)
    func anyMoment(_ crash: Crash) throws {
        for removing in [false, true] {
            var volume = try TestVolume()
            let old = volume.made.recoveryPasswordProtector
            let new = RecoveryPassword.generate(using: &volume.generator)
            var added: GUID?
            do {
                var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
                let adding = try editor.planAdding(new, now: TestVolume.now, using: &volume.generator)
                added = adding.addedProtector
                var plan = adding
                if removing {
                    try editor.apply(adding)
                    plan = try editor.planRemoving(old, now: TestVolume.now)
                }
                for write in plan.writes.prefix(crash.copies) { try volume.write(write.bytes, at: write.offset) }
                let torn = plan.writes[crash.copies]
                try volume.write(Array(torn.bytes.prefix(crash.bytes)), at: torn.offset)
            }
            let id = try #require(added)
            let broken = try volume.metadata
            #expect(broken.validCopies.count >= 2)
            // Each single copy opens with the old password or with the new one.
            for metadata in broken.copies where metadata.metadata != nil {
                let ids = metadata.metadata?.protectors.map(\.id) ?? []
                #expect(ids.contains(old) || ids.contains(id))
            }
            let proofs = [
                broken.prove(recoveryPassword: volume.password, protector: old),
                broken.prove(recoveryPassword: new, protector: id),
            ]
            #expect(proofs.contains(.proven))

            var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
            if let repair = editor.planRepair() { try editor.apply(repair) }
            let isHealthy = editor.planRepair() == nil
            #expect(isHealthy)
            let healed = try volume.metadata
            #expect(healed.conditions.isEmpty)
            let opens = [
                healed.prove(recoveryPassword: volume.password, protector: old) == .proven,
                healed.prove(recoveryPassword: new, protector: id) == .proven,
            ]
            #expect(opens[removing ? 1 : 0])
            // The newest copy wins, as soon as one is whole.
            if crash.copies > 0 { #expect(opens == [!removing, true]) }
        }
    }

    @Test("apply stops where it is told to, and the copies then differ", arguments: [1, 2])
    func stepHook(_ copies: Int) throws {
        var volume = try TestVolume()
        let new = RecoveryPassword.generate(using: &volume.generator)
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let plan = try editor.planAdding(new, now: TestVolume.now, using: &volume.generator)
        #expect(plan.writes.map(\.copy) == [0, 1, 2])
        var written = 0
        #expect(throws: PulledPlug.self) {
            try editor.apply(plan) { _ in
                written += 1
                if written == copies { throw PulledPlug() }
            }
        }
        let metadata = try volume.metadata
        #expect(metadata.conditions == [.copiesDiffer])
        let added = try #require(plan.addedProtector)
        #expect(metadata.prove(recoveryPassword: new, protector: added) == .notProvable(.copiesDiffer))
        #expect(
            metadata.prove(recoveryPassword: volume.password, protector: volume.made.recoveryPasswordProtector)
                == .proven
        )
    }

    @Test("the only good copy is written last", arguments: 0..<3)
    func lastGoodCopy(_ good: Int) throws {
        var volume = try TestVolume()
        let offsets = try #require(try volume.metadata.newest).copyOffsets
        for (index, offset) in offsets.enumerated() where index != good {
            try volume.write([UInt8](repeating: 0xAA, count: 65536), at: offset)
        }
        #expect(try volume.metadata.validCopies.count == 1)
        let new = RecoveryPassword.generate(using: &volume.generator)
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let plan = try editor.planAdding(new, now: TestVolume.now, using: &volume.generator)
        #expect(plan.writes.last?.copy == good)
        try editor.apply(plan)
        #expect(try volume.metadata.conditions.isEmpty)
    }

    @Test("repair leaves a healthy volume alone and writes only the copies that need it")
    func repair() throws {
        let volume = try TestVolume()
        do {
            let editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
            let isHealthy = editor.planRepair() == nil
            #expect(isHealthy)
        }
        let offsets = try #require(try volume.metadata.newest).copyOffsets
        try volume.write([0], at: offsets[1])
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let plan = try unwrap(editor.planRepair())
        #expect(plan.writes.map(\.copy) == [1])
        try editor.apply(plan)
        #expect(try volume.metadata.conditions.isEmpty)
    }
}

import BitLocker
import Foundation
import Testing

@Suite("Rotating a volume's protectors")
struct VolumeEditorTests {
    @Test(
        "the new password is proven, the old one is refuted and then gone",
        arguments: VolumeFormatter.Method.allCases
    )
    func rotation(_ method: VolumeFormatter.Method) throws {
        var volume = try TestVolume(method: method)
        let old = volume.made.recoveryPasswordProtector
        let new = RecoveryPassword.generate(using: &volume.generator)
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let plan = try editor.planAdding(new, now: TestVolume.now, using: &volume.generator)
        let added = try #require(plan.addedProtector)
        try editor.apply(plan)

        var metadata = try volume.metadata
        #expect(metadata.prove(recoveryPassword: volume.password, protector: old) == .proven)
        #expect(metadata.prove(recoveryPassword: new, protector: added) == .proven)
        #expect(metadata.prove(recoveryPassword: volume.password, protector: added) == .refuted(.wrongSecret))
        let before = try #require(metadata.newest).nextNonce

        try editor.apply(try editor.planRemoving(old, now: TestVolume.now))
        metadata = try volume.metadata
        #expect(metadata.conditions.isEmpty)
        #expect(metadata.prove(recoveryPassword: new, protector: added) == .proven)
        #expect(metadata.prove(recoveryPassword: volume.password, protector: old) == .refuted(.protectorNotOnVolume))
        #expect(metadata.prove(recoveryPassword: volume.password, protector: added) == .refuted(.wrongSecret))
        #expect(try #require(metadata.newest).nextNonce > before)
        #expect(metadata.newest?.protectors.map(\.kind) == [.tpm, .recoveryPassword])
    }

    @Test("nothing of a removed protector is left anywhere on the volume")
    func noRemains() throws {
        var volume = try TestVolume()
        let bytes = try volume.bytes
        let metadata = try #require(try volume.metadata.newest)
        let offset = Int(metadata.copyOffsets[0])
        let id = volume.made.recoveryPasswordProtector.windowsBytes
        let at = try #require(Data(bytes[offset..<(offset + 4096)]).range(of: Data(id)))
        let salt = Data(bytes[(offset + at.lowerBound + 40)..<(offset + at.lowerBound + 56)])

        let new = RecoveryPassword.generate(using: &volume.generator)
        var editor = try VolumeEditor(openingFileAt: volume.path, recoveryPassword: volume.password)
        try editor.apply(try editor.planAdding(new, now: TestVolume.now, using: &volume.generator))
        #expect(Data(try volume.bytes).range(of: salt) != nil)
        try editor.apply(try editor.planRemoving(volume.made.recoveryPasswordProtector, now: TestVolume.now))
        #expect(Data(try volume.bytes).range(of: salt) == nil)
        #expect(Data(try volume.bytes).range(of: Data(id)) == nil)
    }

    @Test("a recovery key is added, proven, unlocks the volume, and is removed again")
    func recoveryKey() throws {
        var volume = try TestVolume()
        let id = GUID.random(using: &volume.generator)
        let key = RecoveryKey.generate(protectorID: id, created: FileTime(TestVolume.now), using: &volume.generator)
        do {
            var editor = try VolumeEditor(openingFileAt: volume.path, recoveryPassword: volume.password)
            try editor.apply(try editor.planAdding(key, now: TestVolume.now))
            #expect(throws: VolumeEditError.protectorExists) { _ = try editor.planAdding(key, now: TestVolume.now) }
        }
        let read = try RecoveryKey(parsing: key.withFileBytes { [UInt8]($0) })
        #expect(try volume.metadata.prove(recoveryKey: read) == .proven)
        #expect(try volume.metadata.newest?.protector(id)?.name == "ExternalKey")
        var editor = try VolumeEditor(openingFileAt: volume.path, recoveryKey: read)
        try editor.apply(try editor.planRemoving(id, now: TestVolume.now))
        #expect(try volume.metadata.prove(recoveryKey: read) == .refuted(.protectorNotOnVolume))
    }

    @Test("whoever has unlocked a volume can read its recovery passwords, and nobody else")
    func readingBack() throws {
        let volume = try TestVolume()
        let editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let read = try editor.recoveryPassword(of: volume.made.recoveryPasswordProtector)
        let same = read.matches(volume.password)
        #expect(same)
        let tpm = try #require(volume.made.tpmProtector)
        for other in [tpm, GUID(high: 1, low: 1)] {
            #expect(throws: VolumeEditError.noSuchProtector) { _ = try editor.recoveryPassword(of: other) }
        }
    }

    @Test("the last protector stays")
    func lastProtector() throws {
        let volume = try TestVolume()
        var editor = try VolumeEditor(openingFileAt: volume.path, recoveryPassword: volume.password)
        try editor.apply(try editor.planRemoving(try #require(volume.made.tpmProtector), now: TestVolume.now))
        #expect(throws: VolumeEditError.lastProtector) {
            _ = try editor.planRemoving(volume.made.recoveryPasswordProtector, now: TestVolume.now)
        }
        #expect(throws: VolumeEditError.noSuchProtector) {
            _ = try editor.planRemoving(GUID(high: 1, low: 1), now: TestVolume.now)
        }
    }

    @Test("a wrong secret does not unlock, and changes nothing")
    func wrongSecrets() throws {
        var volume = try TestVolume()
        let before = try volume.bytes
        let wrong = RecoveryPassword.generate(using: &volume.generator)
        let otherTPM = SimulatedTPM.generate(using: &volume.generator)
        let path = volume.path
        #expect(throws: VolumeEditError.wrongSecret) {
            _ = try VolumeEditor(openingFileAt: path, recoveryPassword: wrong)
        }
        #expect(throws: VolumeEditError.wrongSecret) {
            _ = try VolumeEditor(openingFileAt: path, simulatedTPM: otherTPM)
        }
        #expect(throws: VolumeEditError.noSuchProtector) { _ = try VolumeEditor(openingSuspendedFileAt: path) }
        #expect(try volume.bytes == before)
    }

    @Test("a volume is edited by one at a time")
    func locking() throws {
        let volume = try TestVolume()
        let path = volume.path
        let tpm = volume.tpm
        let editor = try VolumeEditor(openingFileAt: path, simulatedTPM: tpm)
        #expect(throws: VolumeEditError.access(.system(operation: "lock", errorNumber: EWOULDBLOCK))) {
            _ = try VolumeEditor(openingFileAt: path, simulatedTPM: tpm)
        }
        #expect(editor.volume.validCopies.count == 3)
    }

    @Test("a plan that the volume has moved on from is refused")
    func stalePlans() throws {
        var volume = try TestVolume()
        let new = RecoveryPassword.generate(using: &volume.generator)
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        let plan = try editor.planAdding(new, now: TestVolume.now, using: &volume.generator)
        try editor.apply(plan)
        #expect(throws: VolumeEditError.stalePlan) { try editor.apply(plan) }
    }

    @Test("tampered metadata is not built upon")
    func tampering() throws {
        let volume = try TestVolume()
        let path = volume.path
        let tpm = volume.tpm
        let metadata = try #require(try volume.metadata.newest)
        let changed = try Forgery(of: volume.bytes, at: Int(metadata.copyOffsets[1])).changing(byteAt: 16)
        try volume.write(changed, at: metadata.copyOffsets[1])
        #expect(throws: VolumeEditError.tampered(copies: [1])) {
            _ = try VolumeEditor(openingFileAt: path, simulatedTPM: tpm)
        }
        let proof = try volume.metadata.prove(
            recoveryPassword: volume.password,
            protector: volume.made.recoveryPasswordProtector
        )
        #expect(proof == .refuted(.metadataTampered(copies: [1])))
    }

    @Test("the metadata takes protectors until it is full, and then says so")
    func room() throws {
        var volume = try TestVolume()
        var editor = try VolumeEditor(openingFileAt: volume.path, simulatedTPM: volume.tpm)
        var failure: VolumeEditError?
        for _ in 0..<400 where failure == nil {
            let id = GUID.random(using: &volume.generator)
            let key = RecoveryKey.generate(protectorID: id, created: FileTime(TestVolume.now), using: &volume.generator)
            do throws(VolumeEditError) {
                let plan = try editor.planAdding(key, now: TestVolume.now)
                do { try editor.apply(plan) } catch { throw VolumeEditError.stalePlan }
            } catch {
                failure = error
            }
        }
        #expect(failure == .noRoom)
        #expect(editor.volume.newest?.protectors.count ?? 0 > 260)
        #expect(editor.volume.conditions.isEmpty)
    }

    // Disabled without the volumes that Windows made: they cannot be part of the project.
    @Test(
        "a suspended volume of Windows is opened by its clear key and takes a password",
        .enabled(if: Vectors.areAvailable)
    )
    func suspended() throws {
        let folder = try TemporaryFolder()
        let path = try Vectors.unpack(VectorImage.suspended[0], into: folder)
        var generator = SeededGenerator(seed: 9)
        let password = RecoveryPassword.generate(using: &generator)
        var editor = try VolumeEditor(openingSuspendedFileAt: path)
        let clearKey = try #require(editor.volume.newest?.protectors.first?.id)
        let plan = try editor.planAdding(password, now: TestVolume.now, using: &generator)
        try editor.apply(plan)
        try editor.apply(try editor.planRemoving(clearKey, now: TestVolume.now))
        #expect(editor.volume.conditions.isEmpty)
        #expect(
            editor.volume.prove(recoveryPassword: password, protector: try #require(plan.addedProtector)) == .proven
        )
    }

    // Disabled without the volumes that Windows made: they cannot be part of the project.
    @Test(
        "a volume of Windows is rotated, and its old password is readable before that",
        .enabled(if: Vectors.areAvailable),
        arguments: VectorImage.withPassword.filter { $0.archive.hasSuffix(".xz") }
    )
    func windowsVolumes(_ image: VectorImage) throws {
        let folder = try TemporaryFolder()
        let path = try Vectors.unpack(image, into: folder)
        var generator = SeededGenerator(seed: 9)
        let old = try RecoveryPassword(parsing: image.passwords[0].digits)
        let oldID = try #require(GUID(image.passwords[0].protector))
        let new = RecoveryPassword.generate(using: &generator)
        var editor = try VolumeEditor(openingFileAt: path, recoveryPassword: old)
        let read = try editor.recoveryPassword(of: oldID)
        let same = read.matches(old)
        #expect(same)
        let plan = try editor.planAdding(new, now: TestVolume.now, using: &generator)
        try editor.apply(plan)
        try editor.apply(try editor.planRemoving(oldID, now: TestVolume.now))
        let volume = try VolumeMetadata(readingFileAt: path)
        #expect(volume.conditions.isEmpty)
        #expect(volume.prove(recoveryPassword: new, protector: try #require(plan.addedProtector)) == .proven)
        #expect(volume.prove(recoveryPassword: old, protector: oldID) == .refuted(.protectorNotOnVolume))
        if let key = image.recoveryKey {
            let recoveryKey = try RecoveryKey(parsing: try Vectors.contents(of: key.file))
            #expect(volume.prove(recoveryKey: recoveryKey) == .proven)
        }
    }
}

import BitLocker
import Testing

@Suite("Recovery key")
struct RecoveryKeyTests {
    static let protectorID = GUID(high: 0x99B0_081A_60B6_47E4, low: 0x8482_DEA4_6EE1_891D)
    static let volumeID = GUID(high: 0x8F59_5209_F5B9_49A0, low: 0x85D4_CB8F_8025_8C27)

    static func file(withVolumeID: Bool = false) throws -> [UInt8] {
        let key = try unwrap(
            RecoveryKey(
                protectorID: Self.protectorID,
                created: FileTime(ticks: 132_781_901_904_593_836),
                key: [UInt8](1...32).span
            )
        )
        var bytes = key.withFileBytes { [UInt8]($0) }
        guard withVolumeID else { return bytes }
        // Between the name and the key, as Windows 10 2004 and later write it.
        bytes.insert(contentsOf: [24, 0, 0x19, 0, 0x17, 0, 1, 0] + Self.volumeID.windowsBytes, at: 112)
        bytes[0] = 180
        bytes[12] = 180
        bytes[48] = 132
        return bytes
    }

    @Test("what is written is 156 bytes long and is read again")
    func roundTrip() throws {
        let file = try Self.file()
        #expect(file.count == 156)
        let key = try RecoveryKey(parsing: file)
        #expect(key.protectorID == Self.protectorID)
        #expect(key.volumeID == nil)
        #expect(key.created.ticks == 132_781_901_904_593_836)
        #expect(key.withKey { [UInt8]($0) } == [UInt8](1...32))
        #expect(key.fileName == "{99B0081A-60B6-47E4-8482-DEA46EE1891D}.BEK")
    }

    @Test("the form with a volume ID, 180 bytes, is read")
    func longForm() throws {
        let file = try Self.file(withVolumeID: true)
        #expect(file.count == 180)
        let key = try RecoveryKey(parsing: file)
        #expect(key.volumeID == Self.volumeID)
        #expect(key.withKey { [UInt8]($0) } == [UInt8](1...32))
    }

    // Disabled without the files that Windows made: they cannot be part of the project.
    @Test(
        "what Windows wrote is written again byte for byte",
        .enabled(if: Vectors.areAvailable),
        arguments: ["recovery_key.bek", "4381F759-C4F8-4DE0-BB61-FC33A831BDA5.BEK"]
    )
    func windowsFiles(_ name: String) throws {
        let file = try Vectors.contents(of: name)
        let key = try RecoveryKey(parsing: file)
        #expect(key.withFileBytes { [UInt8]($0) } == file)
        if name.hasSuffix(".BEK") { #expect(key.fileName == "{\(name.dropLast(4))}.BEK") }
    }

    @Test("each wrong file is refused with its own reason")
    func refused() throws {
        let file = try Self.file()
        func error(_ change: (inout [UInt8]) -> Void) -> RecoveryKeyError? {
            var changed = file
            change(&changed)
            do throws(RecoveryKeyError) {
                _ = try RecoveryKey(parsing: changed)
                return nil
            } catch {
                return error
            }
        }
        #expect(error { _ in } == nil)
        #expect(error { $0 = [] } == .wrongSize(bytes: 0))
        #expect(error { $0 = [UInt8](repeating: 0, count: 5000) } == .wrongSize(bytes: 5000))
        #expect(error { $0 = [UInt8](repeating: 0, count: 156) } == .notARecoveryKeyFile)
        #expect(error { $0[4] = 2 } == .notARecoveryKeyFile)
        #expect(error { $0[50] = 7 } == .notARecoveryKeyFile)
        #expect(error { $0.removeLast() } == .malformed)
        #expect(error { $0.append(0) } == .malformed)
        #expect(error { $0[12] = 155 } == .malformed)
        #expect(error { $0[16] ^= 1 } == .malformed, "the two protector IDs differ")
        #expect(error { $0[80] = 0 } == .malformed, "an entry without a size")
        #expect(error { $0[80] = 200 } == .malformed, "an entry past the end")
        #expect(error { $0[120] = 3 } == .malformed, "a key of another type")
        #expect(error { $0[116] = 2 } == .noExternalKey)
    }

    @Test("no file, however damaged, crashes the parser")
    func mutations() throws {
        var generator = SeededGenerator(seed: 3)
        let files = [try Self.file(), try Self.file(withVolumeID: true)]
        var read = 0
        for round in 0..<20_000 {
            var file = files[round % 2]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                file[Int.random(in: 0..<file.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if round % 5 == 0 { file.removeLast(Int.random(in: 0...file.count, using: &generator)) }
            if (try? RecoveryKey(parsing: file)) != nil { read += 1 }
        }
        #expect(read > 0, "some changes hit only the key itself")
    }
}

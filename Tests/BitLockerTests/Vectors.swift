import BitLocker
import Foundation
import Testing

/// Real BitLocker volumes, made by Windows.
///
/// They are not part of the project (their licences are others'): they lie in `shared/vectors` beside the checkout, or
/// where `SPAREKEY_VECTORS` says. Tests that need them are disabled, visibly, where they are not to be had.
enum Vectors {
    static let directory: URL? = {
        let beside = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/vectors")
            .standardized
        let directory = ProcessInfo.processInfo.environment["SPAREKEY_VECTORS"].map { URL(filePath: $0) } ?? beside
        return FileManager.default.fileExists(atPath: directory.appending(path: "README.md").path) ? directory : nil
    }()

    static var areAvailable: Bool { self.directory != nil }

    static func contents(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: try #require(self.directory).appending(path: name)))
    }

    /// Unpacks a volume into a folder and says where it is.
    static func unpack(_ image: VectorImage, into folder: borrowing TemporaryFolder) throws -> String {
        let archive = try #require(self.directory).appending(path: image.archive).path
        let path = folder.path(image.name)
        if image.archive.hasSuffix(".tar.xz") {
            try self.run("tar xJSf '\(archive)' -C '\(folder.path)'")
        } else {
            try self.run("gunzip -c '\(archive)' | dd of='\(path)' conv=sparse bs=64K iflag=fullblock status=none")
        }
        return path
    }

    /// By the C library: Foundation's `Process` has been seen to crash when many are started at once.
    private static func run(_ command: String) throws {
        try #require(system(command) == 0, "\(command)")
    }
}

/// One volume and what is known about it.
struct VectorImage: Sendable, CustomTestStringConvertible {
    let archive: String
    var volumeID: String?
    var method = EncryptionMethod.xts128
    var kind = VolumeHeader.Kind.windows7
    /// Recovery passwords and the protectors that they belong to.
    var passwords: [(digits: String, protector: String)] = []
    /// The `.BEK` file and the protector that it belongs to.
    var recoveryKey: (file: String, protector: String)?
    var conditions: Set<VolumeCondition> = []
    var validCopies = 3

    var name: String {
        self.archive.hasSuffix(".tar.xz") ? self.archive.dropLast(7) + ".img" : String(self.archive.dropLast(3))
    }

    var testDescription: String { self.name }

    static let all: [VectorImage] = [
        VectorImage(
            archive: "bitlk-aes-xts-128.tar.xz",
            volumeID: "8f595209-f5b9-49a0-85d4-cb8f80258c27",
            passwords: [
                (
                    "235818-357951-253979-013365-241120-245575-342914-591910",
                    "64311dea-4587-4029-924a-ba299647998e"
                )
            ]
        ),
        VectorImage(
            archive: "bitlk-aes-xts-256.tar.xz",
            volumeID: "635b3bdd-2ae5-453b-9bae-68d325268a11",
            method: .xts256,
            passwords: [
                (
                    "404558-436711-420860-678557-638220-018909-039941-695321",
                    "83abdb8f-3218-4bfd-aced-215e1e189bdf"
                )
            ]
        ),
        VectorImage(
            archive: "bitlk-aes-cbc-128.tar.xz",
            volumeID: "e9726fab-7656-4bc5-bb9e-adf115953328",
            method: .cbc128,
            passwords: [
                (
                    "042647-302313-590458-071500-554323-116567-412181-516978",
                    "3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c"
                )
            ]
        ),
        VectorImage(
            archive: "bitlk-aes-cbc-elephant-128.tar.xz",
            volumeID: "d1668fb9-2c16-40aa-8959-3493815234e6",
            method: .cbc128Diffuser,
            passwords: [
                (
                    "529573-278784-259347-197835-171457-264044-610280-313269",
                    "b4454890-f4b2-4303-a788-e237176e400b"
                )
            ]
        ),
        VectorImage(
            archive: "bitlk-togo-aes-xts-128.tar.xz",
            volumeID: "dca1850a-0ef6-4ece-8acb-9f42ca63bdd1",
            kind: .toGo,
            passwords: [
                (
                    "243067-548680-059818-148852-287771-550088-628265-631653",
                    "cfc68dda-e393-44c3-9c3b-e73480f2bd17"
                )
            ]
        ),
        VectorImage(
            archive: "bitlk-aes-xts-128-startup-key.tar.xz",
            volumeID: "5a95db04-6ebc-4ba9-99a3-15a87a3d07b2",
            passwords: [
                (
                    "363770-230505-096371-652674-567006-579150-291038-408111",
                    "294bc732-f82f-404c-a2ce-d1094ed59506"
                )
            ],
            recoveryKey: (
                "4381F759-C4F8-4DE0-BB61-FC33A831BDA5.BEK",
                "4381f759-c4f8-4de0-bb61-fc33a831bda5"
            )
        ),
        VectorImage(
            archive: "bitlk-aes-xts-128-two-recovery.tar.xz",
            volumeID: "316a9dd0-5d5d-48fb-a2e8-0a02bb08701c",
            passwords: [
                (
                    "478401-067859-043868-000935-121330-337425-718509-484979",
                    "e7e48bae-ff13-4f14-8222-971d469fae0d"
                ),
                (
                    "297693-343387-338492-284526-405482-424886-634931-555093",
                    "b7adc334-fe6d-4ae4-b5c4-1c1d0dbc335b"
                ),
            ]
        ),
        VectorImage(
            archive: "bitlk-aes-xts-128-clearkey-only.tar.xz",
            volumeID: "df73cb51-ff48-4033-8d56-a32cc2b1ab7a",
            conditions: [.suspended]
        ),
        VectorImage(
            archive: "bitlk-aes-xts-128-crc.tar.xz",
            volumeID: "8f595209-f5b9-49a0-85d4-cb8f80258c27",
            passwords: [
                (
                    "235818-357951-253979-013365-241120-245575-342914-591910",
                    "64311dea-4587-4029-924a-ba299647998e"
                )
            ],
            conditions: [.copiesDamaged],
            validCopies: 1
        ),
        VectorImage(
            archive: "recovery_password.bin.gz",
            passwords: [
                (
                    "284867-596541-514998-422114-660297-261613-215424-199408",
                    ""
                )
            ]
        ),
        VectorImage(
            archive: "recovery_key.bin.gz",
            recoveryKey: ("recovery_key.bek", "99b0081a-60b6-47e4-8482-dea46ee1891d")
        ),
        VectorImage(
            archive: "suspended.bin.gz",
            conditions: [.suspended]
        ),
    ]

    static let withPassword = Self.all.filter { !$0.passwords.isEmpty }
    static let withRecoveryKey = Self.all.filter { $0.recoveryKey != nil }
    static let suspended = Self.all.filter { $0.conditions.contains(.suspended) }
}

import AuditLog
import BitLocker
import Crypto
import FoundationEssentials
import HTTPTypes
import MessageSignatures

/// Writes the inputs that a corpus begins with, into one folder a target: well-formed ones of each form there is.
///
/// They are made here, rather than taken from volumes that Windows made, so that they can be given away; and from a fixed
/// seed, so that making them again makes the same.
func writeSeeds(to directory: String) throws {
    var seeds = Seeds(directory: directory)
    try seeds.writeRecoveryPasswords()
    try seeds.writeRecoveryKeys()
    try seeds.writeVolumes()
    try seeds.writeBodies()
    try seeds.writeSignatures()
    try seeds.writeExport()
}

/// The 32 bytes of the recovery key that opens every volume among the seeds.
let seedKeyBytes: [UInt8] = Array(repeating: UInt8(ascii: "Z"), count: 32)

private struct Seeds {
    let directory: String
    fileprivate var generator = FixedGenerator()
    private let now = Date(timeIntervalSince1970: 1_764_000_000)

    init(directory: String) {
        self.directory = directory
    }

    fileprivate func write(_ bytes: some Collection<UInt8>, as name: String, for target: FuzzTarget) throws {
        let folder = self.directory + "/" + target.rawValue
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: folder + "/" + name))
    }

    func writeRecoveryPasswords() throws {
        let dashes = "111683-110022-683298-209352-468105-648483-571252-334455"
        let forms: [String: String] = [
            "dashes": dashes,
            "bare": dashes.filter { $0 != "-" },
            "spaces": String(dashes.map { $0 == "-" ? " " : $0 }),
            "lines": " 111683 - 110022 - 683298 - 209352\r\n468105-648483-571252-334455\n",
            "fullwidth": "１１１６８３－１１００２２\u{2013}683298-209352-468105-648483-571252-334455",
            "range": "956714-110022-683298-209352-468105-648483-571252-334455",
            "remainder": "111683-110022-683298-209352-468105-648483-571252-334456",
            "short": "111683-11002-683298-209352-468105-648483-571252-334455",
        ]
        for (name, text) in forms { try self.write(text.utf8, as: name, for: .recoveryPassword) }
    }

    mutating func writeRecoveryKeys() throws {
        let protector = GUID.random(using: &self.generator)
        let key = RecoveryKey.generate(protectorID: protector, created: FileTime(self.now), using: &self.generator)
        var file = key.withFileBytes { span in span.indices.map { span[$0] } }
        try self.write(file, as: "156", for: .recoveryKey)
        // Windows 10 2004 and later name the volume, too: 24 bytes more, in three places that say how many there are.
        file += [24, 0, 0x19, 0, 0x17, 0, 1, 0] + GUID.random(using: &self.generator).windowsBytes
        for at in [0, 12] { file[at] += 24 }
        file[48] += 24
        try self.write(file, as: "180", for: .recoveryKey)
    }

    mutating func writeVolumes() throws {
        for method in VolumeFormatter.Method.allCases {
            let path = self.directory + "/volume"
            let password = RecoveryPassword.generate(using: &self.generator)
            let tpm = SimulatedTPM.generate(using: &self.generator)
            _ = try VolumeFormatter(method: method).format(
                newFileAt: path,
                content: .empty(size: 2 << 20),
                recoveryPassword: password,
                simulatedTPM: method == .xts128 ? tpm : nil,
                now: self.now,
                using: &self.generator
            )
            defer { try? FileManager.default.removeItem(atPath: path) }
            try self.write(volumeAt: path, as: "\(method)-formatted")

            var editor = try VolumeEditor(openingFileAt: path, recoveryPassword: password)
            let key = seedKey(GUID.random(using: &self.generator))
            let plan = try editor.planAdding(key, now: self.now)
            struct Interrupted: Error {}
            do {
                try editor.apply(plan) { _ in throw Interrupted() }
            } catch is Interrupted {
                try self.write(volumeAt: path, as: "\(method)-interrupted")
            }
            try editor.apply(plan)
            try self.write(volumeAt: path, as: "\(method)-key")
        }
    }

    /// Writes a volume in the form of both targets that read one, as Windows 7 and later and as To Go write the sector.
    private func write(volumeAt path: String, as name: String) throws {
        let image = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let sector = Array(image.prefix(VolumeHeader.size))
        guard let header = VolumeHeader(parsing: sector) else { return expect(false, "what was formatted is a volume") }
        let copies = header.copyOffsets.map { offset in
            let copy = image.dropFirst(Int(offset))
            let size = Int(copy[copy.startIndex + 8]) | Int(copy[copy.startIndex + 9]) << 8
            return Array(copy.prefix(size * 16 + 88))
        }
        var toGo = sector
        toGo.replaceSubrange(3..<11, with: Array("MSWIN4.1".utf8))
        toGo.replaceSubrange(424..<464, with: sector[160..<200])
        for (sector, name) in [(sector, name), (toGo, name + "-togo")] {
            let parts = copies.flatMap { [UInt8(truncatingIfNeeded: $0.count), UInt8($0.count >> 8)] + $0 }
            try self.write(sector + parts, as: name, for: .volumeMetadata)
            try self.write(sector + copies[0], as: name, for: .metadataUpload)
            if let stripped = try? MetadataUpload(parsing: sector + copies[0]).strippingGuessableProtectors() {
                try self.write(stripped.bytes, as: name + "-stripped", for: .metadataUpload)
            }
        }
    }

    func writeBodies() throws {
        for (name, text) in jsonSeeds { try self.write(text.utf8, as: name, for: .jsonBodies) }
    }
}

extension Seeds {
    mutating func writeSignatures() throws {
        let key = try P256.Signing.PrivateKey(rawRepresentation: seedKeyBytes)
        let signer = RequestSigner(keyID: "8f595209-f5b9-49a0-85d4-cb8f80258c27", key: key)
        for (name, query) in ["path": nil, "query": "a=b&c"] as [String: String?] {
            let body = Array(#"{"outcome":"done"}"#.utf8)
            let request = SignedRequest(method: "POST", path: "/api/agent/v1/check-in", query: query, body: body)
            let fields = try signer.fields(for: request, at: seedTime, using: &self.generator)
            let lines = [
                "POST", "/api/agent/v1/check-in" + (query.map { "?" + $0 } ?? ""), fields[.signatureInput],
                fields[.signature], fields[.contentDigest],
            ]
            let head = lines.map { ($0 ?? "") + "\n" }.joined()
            try self.write(Array(head.utf8) + body, as: name, for: .requestSignature)
        }
    }

    mutating func writeExport() throws {
        let key = try SigningKey(name: "seed.example/log", seed: SymmetricKey(data: seedKeyBytes))
        var range = CompactRange()
        var entries: [LogEntry] = []
        for index in 0..<3 as Range<UInt64> {
            let entry = try LogEntry(
                index: index,
                time: seedTime * 1000 + Int64(index),
                kind: "key.disclosed",
                record: ["actor": "Zoë \"Z\"", "allowed": true, "n": [1, .null]],
                salt: LogEntry.salt(using: &self.generator)
            )
            range.append(entry.leaf.hash)
            entries.append(entry)
        }
        let head = try Checkpoint(origin: key.verifierKey.name, range: range).signed(by: key)
        var export: [UInt8] = []
        LogExport.appendHeader(origin: key.verifierKey.name, keys: [key.verifierKey], head: head, to: &export)
        for entry in entries { LogExport.appendEntry(entry, to: &export) }
        LogExport.appendCheckpoint(head, to: &export)
        try self.write(export, as: "export", for: .auditExport)
        try self.write(head.bytes, as: "note", for: .auditExport)
        try self.write(entries[0].leaf.bytes, as: "leaf", for: .auditExport)
    }
}

/// The same numbers every time (SplitMix64).
private struct FixedGenerator: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

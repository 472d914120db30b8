package import AuditLog
import BitLocker
package import EscrowCrypto
package import EscrowModel

/// All that can be asked of the opener. A closed set: what is none of these ends the connection.
package enum OpenerRequest: Sendable, Equatable {
    /// Open this keyring, or make one of this suite where there is no document. Once a connection.
    case start(document: [UInt8]?, masterKey: MasterKeyReference, suite: SealSuite)
    /// Follow the log of this key, in text form. Answered with how far it was seen before.
    case follow(key: String)
    /// Take the log as it is; only where nothing was seen before.
    case trust(edge: CompactRange, note: [UInt8])
    /// This was added to the log. Not answered; what does not fit makes the log lost.
    case extend(LogExtension)
    /// Say how far the log was followed.
    case position
    /// Open a secret.
    case open(SealedSecret, evidence: LogEvidence)
    /// See `KeyHolder.prove`.
    case prove(SealedSecret, metadata: [UInt8])
    /// See `KeyHolder.rewrap`.
    case rewrap([SealedSecret])
    /// See `KeyHolder.propose`.
    case propose([KeyringChange], now: Timestamp, evidence: LogEvidence?)
    /// See `KeyHolder.adopt`.
    case adopt(document: [UInt8], evidence: LogEvidence)
    /// See `KeyHolder.failedCanaries`.
    case canaries
    /// See `KeyHolder.check`.
    case check(document: [UInt8])
}

extension OpenerRequest {
    /// The request's bytes, without their frame.
    package var bytes: [UInt8] {
        var writer = WireWriter(reserving: 2048)
        switch self {
        case .start(let document, let masterKey, let suite):
            writer.write(1 as UInt8)
            writer.write(optional: document)
            writer.write(JSON.bytes(of: masterKey))
            writer.write(suite.rawValue)
        case .follow(let key):
            writer.write(2 as UInt8)
            writer.write(key)
        case .trust(let edge, let note):
            writer.write(3 as UInt8)
            writer.write(edge.bytes)
            writer.write(note)
        case .extend(let more):
            writer.write(4 as UInt8)
            writer.write(more.from)
            writer.write(UInt32(more.hashes.count))
            for hash in more.hashes { writer.write(bare: hash.bytes) }
            writer.write(optional: more.note)
        case .position: writer.write(5 as UInt8)
        case .open(let sealed, let evidence):
            writer.write(6 as UInt8)
            writer.write(sealed)
            writer.write(evidence)
        case .prove(let sealed, let metadata):
            writer.write(7 as UInt8)
            writer.write(sealed)
            writer.write(metadata)
        case .rewrap(let batch):
            writer.write(8 as UInt8)
            writer.write(UInt32(batch.count))
            for sealed in batch { writer.write(sealed) }
        case .propose(let changes, let now, let evidence):
            writer.write(9 as UInt8)
            writer.write(JSON.bytes(of: changes))
            writer.write(now.milliseconds)
            writer.write(UInt8(evidence == nil ? 0 : 1))
            if let evidence { writer.write(evidence) }
        case .adopt(let document, let evidence):
            writer.write(10 as UInt8)
            writer.write(document)
            writer.write(evidence)
        case .canaries: writer.write(11 as UInt8)
        case .check(let document):
            writer.write(12 as UInt8)
            writer.write(document)
        }
        return writer.bytes
    }

    /// Reads a request that may come from anybody.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = WireReader(bytes)
        switch try reader.number(UInt8.self) {
        case 1:
            let document = try reader.optionalBytes()
            let masterKey: MasterKeyReference = try JSON.value(of: try reader.bytes())
            guard let suite = SealSuite(rawValue: try reader.number(UInt16.self)) else { throw .malformed }
            self = .start(document: document, masterKey: masterKey, suite: suite)
        case 2: self = .follow(key: try reader.text())
        case 3:
            guard let edge = CompactRange(bytes: try reader.bytes()) else { throw .malformed }
            self = .trust(edge: edge, note: try reader.bytes())
        case 4:
            let from = try reader.number(UInt64.self)
            let hashes = try reader.list(ofAtLeast: 32) { (reader) throws(WireError) in try reader.hash() }
            self = .extend(LogExtension(from: from, hashes: hashes, note: try reader.optionalBytes()))
        case 5: self = .position
        case 6: self = .open(try reader.sealed(), evidence: try reader.evidence())
        case 7: self = .prove(try reader.sealed(), metadata: try reader.bytes())
        case 8:
            self = .rewrap(try reader.list(ofAtLeast: 57) { (reader) throws(WireError) in try reader.sealed() })
        case 9:
            let changes: [KeyringChange] = try JSON.value(of: try reader.bytes())
            let now = Timestamp(milliseconds: try reader.number(Int64.self))
            self = .propose(changes, now: now, evidence: try reader.flag() ? try reader.evidence() : nil)
        case 10: self = .adopt(document: try reader.bytes(), evidence: try reader.evidence())
        case 11: self = .canaries
        case 12: self = .check(document: try reader.bytes())
        default: throw .malformed
        }
        try reader.end()
    }
}

extension WireWriter {
    mutating func write(_ sealed: SealedSecret) {
        self.write(sealed.bytes)
        self.write(sealed.context.device)
        self.write(sealed.context.volume)
        self.write(sealed.context.protector)
        self.write(UInt8(sealed.context.secretKind == .recoveryKey ? 1 : 0))
        self.write(UInt32(clamping: sealed.context.keyVersion))
    }

    mutating func write(_ evidence: LogEvidence) {
        self.write(evidence.index)
        self.write(evidence.leaf)
        self.write(evidence.record)
        self.write(evidence.salt)
    }
}

extension WireReader {
    fileprivate mutating func hash() throws(WireError) -> TreeHash {
        guard let hash = TreeHash(bytes: try self.slice(of: TreeHash.byteCount)) else { throw .malformed }
        return hash
    }

    fileprivate mutating func sealed() throws(WireError) -> SealedSecret {
        let bytes = try self.bytes()
        let (device, volume, protector) = (try self.id(), try self.id(), try self.id())
        let kind: SecretKind = try self.flag() ? .recoveryKey : .recoveryPassword
        let version = Int(try self.number(UInt32.self))
        return SealedSecret(
            bytes,
            context: SealContext(device: device, volume: volume, protector: protector, kind: kind, keyVersion: version)
        )
    }

    fileprivate mutating func evidence() throws(WireError) -> LogEvidence {
        LogEvidence(
            index: try self.number(UInt64.self),
            leaf: try self.bytes(),
            record: try self.bytes(),
            salt: try self.bytes()
        )
    }
}

import Crypto
import CryptoExtras
import FoundationEssentials

/// AES in counter mode with CBC-MAC: authenticated encryption, from the bare block permutation.
///
/// swift-crypto has no CCM. This is meant for keys and hashes of less than a hundred bytes, not for bulk data.
/// Source: NIST SP 800-38C, appendix A; RFC 3610. The same construction in both.
package struct AESCCM {
    /// Why sealing or opening failed.
    package enum Failure: Error, Hashable {
        /// The key, nonce, tag, associated data or text has a length that the standard does not allow.
        case parameters
        /// The tag does not match: another key, or other bytes than were sealed.
        case authentication
    }

    private let key: SymmetricKey

    /// Takes a key of 16, 24 or 32 bytes.
    package init(key: Span<UInt8>) {
        self.key = key.withUnsafeBytes { SymmetricKey(data: $0) }
    }

    /// Takes a secret of 16, 24 or 32 bytes.
    package init(key: borrowing SecretBytes) {
        self.key = key.withUnsafeBytes { SymmetricKey(data: $0) }
    }

    /// Encrypts; the tag comes apart, because BitLocker puts it before the text and others after it.
    ///
    /// One nonce must never be used twice with the same key.
    package func seal(
        _ text: Span<UInt8>,
        nonce: [UInt8],
        associatedData: [UInt8] = [],
        tagSize: Int = 16
    ) throws(Failure) -> (text: [UInt8], tag: [UInt8]) {
        try self.check(nonce: nonce, associatedData: associatedData, tagSize: tagSize, textSize: text.count)
        var tag = try self.authenticator(text, nonce: nonce, associatedData: associatedData, tagSize: tagSize)
        defer { wipe(&tag) }
        var sealed = [UInt8](repeating: 0, count: text.count)
        try self.applyKeystream(to: text, nonce: nonce) { index, byte in sealed[index] = byte }
        let mask = try self.counterBlock(0, nonce: nonce)
        return (sealed, (0..<tagSize).map { tag[$0] ^ mask[$0] })
    }

    /// Decrypts; nothing of the text leaves before the tag was found right, in constant time.
    package func open(
        _ sealed: some RandomAccessCollection<UInt8>,
        tag: some RandomAccessCollection<UInt8>,
        nonce: [UInt8],
        associatedData: [UInt8] = []
    ) throws(Failure) -> SecretBytes {
        let sealed = Array(sealed)
        let tag = Array(tag)
        try self.check(nonce: nonce, associatedData: associatedData, tagSize: tag.count, textSize: sealed.count)
        let text = try SecretBytes(count: sealed.count) { storage throws(Failure) in
            try self.applyKeystream(to: sealed.span, nonce: nonce) { index, byte in storage[index] = byte }
        }
        var expected = try text.withSpan { text throws(Failure) in
            try self.authenticator(text, nonce: nonce, associatedData: associatedData, tagSize: tag.count)
        }
        defer { wipe(&expected) }
        let mask = try self.counterBlock(0, nonce: nonce)
        for index in tag.indices { expected[index] ^= mask[index] }
        guard constantTimeEqual(expected.span, tag.span) else { throw .authentication }
        return text
    }

    private func check(nonce: [UInt8], associatedData: [UInt8], tagSize: Int, textSize: Int) throws(Failure) {
        guard (7...13).contains(nonce.count), (4...16).contains(tagSize), tagSize.isMultiple(of: 2),
            associatedData.count <= UInt32.max
        else { throw .parameters }
        let lengthBits = 8 * (15 - nonce.count)
        guard lengthBits >= 63 || textSize < 1 << lengthBits else { throw .parameters }
    }

    /// The CBC-MAC, cut to the tag's size and not yet encrypted.
    private func authenticator(
        _ text: Span<UInt8>,
        nonce: [UInt8],
        associatedData: [UInt8],
        tagSize: Int
    ) throws(Failure) -> [UInt8] {
        let lengthSize = 15 - nonce.count
        let flags = (associatedData.isEmpty ? 0 : 0x40) | ((tagSize - 2) / 2) << 3 | (lengthSize - 1)
        var block = Self.block(flags: flags, nonce: nonce, number: text.count)
        try self.permute(&block)
        if !associatedData.isEmpty {
            try self.chain((Self.encodedLength(associatedData.count) + associatedData).span, into: &block)
        }
        try self.chain(text, into: &block)
        return Array(block.prefix(tagSize))
    }

    /// How the length of associated data is written before it: in two bytes, or in four behind a mark.
    private static func encodedLength(_ length: Int) -> [UInt8] {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        return length < 0xFF00 ? Array(bytes[2...]) : [0xFF, 0xFE] + bytes
    }

    /// CBC-MAC over the bytes, padded with zeros to whole blocks.
    private func chain(_ bytes: Span<UInt8>, into block: inout [UInt8]) throws(Failure) {
        for index in bytes.indices {
            block[index % 16] ^= bytes[index]
            if index % 16 == 15 { try self.permute(&block) }
        }
        if bytes.count % 16 != 0 { try self.permute(&block) }
    }

    private func applyKeystream(
        to bytes: Span<UInt8>,
        nonce: [UInt8],
        _ output: (Int, UInt8) -> Void
    ) throws(Failure) {
        var stream: [UInt8] = []
        defer { wipe(&stream) }
        for index in bytes.indices {
            if index % 16 == 0 { stream = try self.counterBlock(index / 16 + 1, nonce: nonce) }
            output(index, bytes[index] ^ stream[index % 16])
        }
    }

    private func counterBlock(_ counter: Int, nonce: [UInt8]) throws(Failure) -> [UInt8] {
        var block = Self.block(flags: 14 - nonce.count, nonce: nonce, number: counter)
        try self.permute(&block)
        return block
    }

    /// A block of flags, nonce, and a number that fills what is left, big-endian.
    private static func block(flags: Int, nonce: [UInt8], number: Int) -> [UInt8] {
        let size = 15 - nonce.count
        let tail = (0..<size).map { index in
            let shift = 8 * (size - 1 - index)
            return shift < 64 ? UInt8(truncatingIfNeeded: number >> shift) : 0
        }
        return [UInt8(truncatingIfNeeded: flags)] + nonce + tail
    }

    private func permute(_ block: inout [UInt8]) throws(Failure) {
        do {
            try AES.permute(&block, key: self.key)
        } catch {
            throw .parameters
        }
    }
}

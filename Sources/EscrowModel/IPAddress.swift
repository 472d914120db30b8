import Glibc

/// An address of the Internet Protocol. An IPv4 address in IPv6's form (`::ffff:192.0.2.1`, RFC 4291, section 2.5.5.2) is
/// the IPv4 address.
package struct IPAddress: Hashable, Sendable {
    /// The address as 128 bits; IPv4's are the last 32.
    let high: UInt64
    let low: UInt64
    /// Whether it is an IPv4 address.
    package let isIPv4: Bool

    /// Reads the usual forms: four decimal numbers, or RFC 4291's, with or without a zone. Nil for anything else.
    package init?(_ text: some StringProtocol) {
        var plain = String(text)
        if let zone = plain.firstIndex(of: "%"), plain.contains(":") { plain = String(plain[..<zone]) }
        // A NUL would end the text for the C library, but not for whoever reads it in a record.
        guard plain.utf8.count <= 45, !plain.utf8.contains(0) else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, plain, &four) == 1 {
            self.init(high: 0, low: UInt64(UInt32(bigEndian: four.s_addr)), isIPv4: true)
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, plain, &six) == 1 else { return nil }
        let (high, low) = withUnsafeBytes(of: &six) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        if high == 0, low >> 32 == 0xFFFF {
            self.init(high: 0, low: low & 0xFFFF_FFFF, isIPv4: true)
        } else {
            self.init(high: high, low: low, isIPv4: false)
        }
    }

    init(high: UInt64, low: UInt64, isIPv4: Bool) {
        self.high = high
        self.low = low
        self.isIPv4 = isIPv4
    }
}

extension IPAddress: CustomStringConvertible {
    /// The system's own text form, which for IPv6 is that of RFC 5952.
    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if self.isIPv4 {
            var four = in_addr(s_addr: UInt32(self.low).bigEndian)
            inet_ntop(AF_INET, &four, &buffer, socklen_t(buffer.count))
        } else {
            var six = in6_addr()
            withUnsafeMutableBytes(of: &six) { bytes in
                bytes.storeBytes(of: self.high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: self.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            inet_ntop(AF_INET6, &six, &buffer, socklen_t(buffer.count))
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

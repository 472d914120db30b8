/// A range of addresses in the form of RFC 4632: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct IPNetwork: Hashable, Sendable {
    /// Why a text is not a network.
    package enum Problem: Error, Equatable, Sendable {
        /// It is no address, or the length of its prefix is none.
        case malformed
        /// The address has bits beyond the prefix: the network is another one than it seems.
        case hostBits(network: String)
    }

    private let base: IPAddress
    /// How many bits count, of 32 or of 128.
    private let prefix: Int

    /// Reads an address with the length of the prefix, or an address alone. IPv4 in IPv6's form is IPv4.
    package init(_ text: some StringProtocol) throws(Problem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, !first.contains("%"), let base = IPAddress(first) else {
            throw .malformed
        }
        let isMapped = base.isIPv4 && first.contains(":")
        var prefix = base.isIPv4 ? 32 : 128
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int(digits), String(count) == digits
            else { throw .malformed }
            // Shorter than the 96 bits that all such addresses share, it is no IPv4 network.
            guard (isMapped ? 96...128 : 0...prefix).contains(count) else { throw .malformed }
            prefix = isMapped ? count - 96 : count
        }
        self.base = base
        self.prefix = prefix
        guard self.masked(base) == (base.high, base.low) else {
            let (high, low) = self.masked(base)
            throw .hostBits(network: "\(IPAddress(high: high, low: low, isIPv4: base.isIPv4))/\(prefix)")
        }
    }

    /// Whether an address is within the network. IPv4 is never within an IPv6 network, not even within `::/0`.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == self.base.isIPv4 && self.masked(address) == (self.base.high, self.base.low)
    }

    private func masked(_ address: IPAddress) -> (UInt64, UInt64) {
        // Shifts by 64 and more give 0 in Swift.
        if address.isIPv4 { return (0, address.low & (0xFFFF_FFFF << UInt64(32 - self.prefix)) & 0xFFFF_FFFF) }
        let high = UInt64.max << UInt64(max(64 - self.prefix, 0))
        let low = self.prefix <= 64 ? 0 : UInt64.max << UInt64(128 - self.prefix)
        return (address.high & high, address.low & low)
    }
}

extension IPNetwork: CustomStringConvertible {
    /// The form that it is read from.
    package var description: String { "\(self.base)/\(self.prefix)" }
}

extension IPNetwork.Problem: CustomStringConvertible {
    /// What must be written instead.
    package var description: String {
        switch self {
        case .malformed: "must be a network such as 10.0.0.0/8 or 2001:db8::/32"
        case .hostBits(let network): "has bits beyond its prefix (\(network)); write the first address of the network"
        }
    }
}

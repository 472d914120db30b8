import EscrowModel
import Testing

@Suite("IP networks")
struct IPNetworkTests {
    @Test(
        "an address is within a network or not",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.128/25", "192.0.2.128", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::1", true),
            ("2001:db8::8000:0:0:0/65", "2001:db8::1", false), ("::/0", "2001:db8::1", true), ("::1", "::1", true),
            ("2001:db8::/64", "2001:db8:0:0:ffff::", true), ("fe80::/10", "fe80::1%eth0", true),
            // IPv4 within IPv6 is IPv4, and an IPv6 network has none of it.
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("::/0", "10.0.0.1", false),
            ("::/0", "::ffff:10.0.0.1", false), ("0.0.0.0/0", "::1", false),
        ]
    )
    func contains(network: String, address: String, isWithin: Bool) throws {
        #expect(try IPNetwork(network).contains(try #require(IPAddress(address))) == isWithin)
    }

    @Test(
        "what is not a network is refused",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0/8",
            "010.0.0.0/8",
            "2001:db8::/129", "::ffff:10.0.0.0/8", "example.com", "fe80::%eth0/10", " 10.0.0.0/8", "10.0.0.0/٨",
        ]
    )
    func malformed(text: String) { #expect(throws: IPNetwork.Problem.malformed) { try IPNetwork(text) } }

    @Test(
        "a network with bits beyond its prefix is refused, and the one that it lies in is named",
        arguments: [
            ("10.1.2.3/8", "10.0.0.0/8"), ("10.0.0.1/31", "10.0.0.0/31"), ("2001:db8::1/64", "2001:db8::/64"),
            ("::ffff:10.1.0.0/104", "10.0.0.0/8"),
        ]
    )
    func hostBits(text: String, network: String) {
        #expect(throws: IPNetwork.Problem.hostBits(network: network)) { try IPNetwork(text) }
    }

    @Test(
        "what is not an address is none",
        arguments: ["", "local", "unknown", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "1.2.3.4\0"]
    )
    func notAddresses(text: String) { #expect(IPAddress(text) == nil) }

    @Test(
        "an address is printed in one way",
        arguments: [("::FFFF:192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1")]
    )
    func printed(text: String, printed: String) { #expect(IPAddress(text)?.description == printed) }
}

import EscrowAPI
import EscrowModel
import EscrowServer
import Foundation
import HTTPTypes
import Testing

@Suite("Forwarded addresses")
struct ForwardedAddressTests {
    static func client(_ peer: String, _ values: [String], trusting proxies: [String] = ["10.0.0.0/8"]) throws -> String
    {
        var fields = HTTPFields()
        fields[values: try #require(HTTPField.Name("X-Forwarded-For"))] = values
        return ForwardedAddress.client(of: peer, fields, trusting: try proxies.map { try IPNetwork($0) })
    }

    @Test(
        "the client is the last address that no trusted proxy has, by the word of trusted proxies only",
        arguments: [
            ("203.0.113.9", ["192.0.2.1"], "203.0.113.9"), ("10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", [], "10.0.0.1"),
            // Whatever the client itself put there stands further left, and does not count.
            ("10.0.0.1", ["10.9.9.9, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", ["127.0.0.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", ["192.0.2.1", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", ["192.0.2.1:4711"], "192.0.2.1"), ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.1", ["2001:DB8::1"], "2001:db8::1"), ("::ffff:10.0.0.1", ["::ffff:192.0.2.1"], "192.0.2.1"),
            // What cannot be read is nobody's address: no network has it.
            ("10.0.0.1", ["evil"], "unknown"), ("10.0.0.1", ["192.0.2.1, "], "unknown"), ("10.0.0.1", [""], "unknown"),
            ("10.0.0.1", ["192.0.2.1, evil, 10.0.0.2"], "unknown"), ("10.0.0.1", ["evil, 192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", ["[192.0.2.1"], "unknown"), ("10.0.0.1", ["192.0.2.1:99999"], "unknown"),
            ("unknown", ["192.0.2.1"], "unknown"),
        ]
    )
    func chain(peer: String, values: [String], client: String) throws {
        #expect(try Self.client(peer, values) == client)
    }

    @Test("without trusted proxies nobody is believed")
    func none() throws { #expect(try Self.client("10.0.0.1", ["192.0.2.1"], trusting: []) == "10.0.0.1") }

    @Test("the record has the client behind the proxy, and the peer where the proxy is a stranger")
    func records() async throws {
        let escrow = try await TestEscrow()
        let token = try await escrow.token(.reader)
        var settings = ServerSettings()
        settings.trustedProxies = [try IPNetwork("10.0.0.0/8")]
        var fields = HTTPFields()
        fields[try #require(HTTPField.Name("X-Forwarded-For"))] = "198.51.100.7"
        for (peer, address) in [("10.0.0.1", "198.51.100.7"), ("192.0.2.7", "192.0.2.7")] {
            let client = TestClientOfRoutes(escrow, .network(address: peer), settings: settings)
            let denied = try await client.send(.get, "\(keysPath)/audit", token: token, headers: fields)
            #expect(denied.status == .forbidden)
            let answer = try await escrow.console.send(.get, "\(keysPath)/audit?kind=access.denied&limit=1")
            #expect(answer.text.contains("\"address\":\"\(address)\""), "\(answer.text)")
        }
    }
}

import MasterKeyProviders
import Testing

struct KeyServiceAddressTests {
    @Test(
        "HTTPS anywhere, and HTTP on this machine, are addresses",
        arguments: [
            "https://bao.example.com", "https://bao.example.com:8200", "https://10.0.0.1:1",
            "https://[2001:db8::1]:8200",
            "http://127.0.0.1:8200", "http://127.9.9.9", "http://localhost:8200", "http://[::1]:8200",
        ]
    )
    func good(text: String) throws {
        #expect(try KeyServiceAddress(text).text == text)
        #expect(try KeyServiceAddress(text + "/").text == text)
    }

    @Test(
        "HTTP to another machine, and what is more or less than an address, is refused",
        arguments: [
            "", "bao.example.com", "http://bao.example.com", "http://10.0.0.1:8200", "http://127.0.0.1.example.com",
            "http://localhost.example.com", "https://", "https://:8200", "https://a:b@host", "https://host/path",
            "https://host?x", "https://host:0", "https://host:65536", "https://host:1:2", "https://[::1", "ftp://host",
            "https://host\n", "https://host#x", "http://127.1@evil.example.com", "https://[::1]x",
        ]
    )
    func bad(text: String) {
        #expect(throws: TransitError.self) { try KeyServiceAddress(text) }
    }
}

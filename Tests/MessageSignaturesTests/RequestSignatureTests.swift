import Crypto
import FoundationEssentials
import HTTPTypes
import MessageSignatures
import Testing

struct RequestSignatureTests {
    private let fixture = SigningFixture()
    private static let honest =
        #";created=1800000000;expires=1800000120;nonce="0123456789abcdef";keyid="device-1";alg="ecdsa-p256-sha256";tag="sparekey-agent-v1""#

    @Test(
        "A signed request verifies, with a query, an empty query and none, with content and without",
        arguments: [nil, "", "a=1&b=%20"],
        [[], Array("{}".utf8)]
    )
    func roundTrip(query: String?, body: [UInt8]) throws {
        let verified = try self.fixture.verify(try self.fixture.request(query: query, body: body))
        #expect(verified.keyID == "device-1")
        #expect(verified.expires == SigningFixture.now + 120)
    }

    @Test(
        "A request as HTTP libraries hold it is split at its first question mark",
        arguments: [
            ("/a/b", "/a/b", nil), ("/a?b=1", "/a", "b=1"), ("/a?", "/a", ""), ("/a?b=?c", "/a", "b=?c"),
            ("?b", "/", "b"),
        ]
    )
    func splitsTarget(target: String, path: String, query: String?) {
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: target)
        let request = SignedRequest(head, body: [])
        #expect(request.path == path)
        #expect(request.query == query)
        #expect(request.method == "GET")
    }

    @Test("The authority may be rewritten by a proxy, and fields that are not covered may be added")
    func survivesProxy() throws {
        var request = try self.fixture.request()
        request.headers[.userAgent] = "proxy"
        request.headers[.via] = "1.1 inner.example"
        _ = try self.fixture.verify(request)
    }

    @Test("Changing what is covered is noticed")
    func tampering() throws {
        let honest = try self.fixture.request(query: "a=1")
        let changes: [(SignatureError, (inout SignedRequest) -> Void)] = [
            (.wrongSignature, { $0.method = "PUT" }),
            (.wrongSignature, { $0.path = "/api/agent/v1/other" }),
            (.wrongSignature, { $0.query = "a=2" }),
            (.wrongSignature, { $0.query = "" }),
            (.unexpectedComponent("@query"), { $0.query = nil }),
            (.digestMismatch, { $0.body.append(0x20) }),
            (.digestMismatch, { $0.body = [] }),
            (
                .wrongSignature,
                {
                    $0.body = []
                    $0.headers[.contentDigest] = ContentDigest.value(of: [])
                }
            ),
        ]
        for (error, change) in changes {
            var request = honest
            change(&request)
            #expect(throws: error) { try self.fixture.verify(request) }
        }
        #expect(throws: SignatureError.missingComponent("@query")) {
            var request = try self.fixture.request()
            request.query = "a=1"
            _ = try self.fixture.verify(request)
        }
    }

    @Test("A control character in what is covered is refused, so that one component cannot pass for two")
    func controlCharacters() throws {
        var request = try self.fixture.request()
        request.path = "/a\n\"@query\": ?b"
        #expect(throws: SignatureError.malformedRequest(component: "@path")) { try self.fixture.verify(request) }
    }

    @Test("Each bit of the signature matters")
    func signatureBits() throws {
        let honest = try self.fixture.request()
        let value = try #require(honest.headers[.signature])
        let bytes = Array(try #require(Data(base64Encoded: String(value.dropFirst(6).dropLast()))))
        #expect(bytes.count == 64)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << (index % 8)
            var request = honest
            request.headers[.signature] = "sig1=:\(Data(changed).base64EncodedString()):"
            #expect(throws: SignatureError.wrongSignature) { try self.fixture.verify(request) }
        }
    }

    @Test("Another device's key is refused")
    func otherKey() throws {
        let request = try self.fixture.request()
        let signature = try RequestSignature(of: request, at: SigningFixture.now)
        #expect(throws: SignatureError.wrongSignature) {
            try signature.verified(with: DevicePublicKey(of: P256.Signing.PrivateKey()))
        }
    }

    @Test(
        "Each field must be there, once",
        arguments: ["Signature", "Signature-Input", "Content-Digest"]
    )
    func fields(name: String) throws {
        let field = try #require(HTTPField.Name(name))
        var request = try self.fixture.request()
        let value = try #require(request.headers[field])
        request.headers[field] = nil
        #expect(throws: SignatureError.missingField(name)) { try self.fixture.verify(request) }
        request.headers[values: field] = [value, value]
        #expect(throws: SignatureError.repeatedField(name)) { try self.fixture.verify(request) }
        request.headers[field] = value + ", " + value
        #expect(throws: SignatureError.duplicateLabel(field: name)) { try self.fixture.verify(request) }
        request.headers[field] = "\u{22}"
        #expect(throws: SignatureError.malformedField(name)) { try self.fixture.verify(request) }
        request.headers[field] = value + ";a=\"" + String(repeating: "x", count: 3000) + "\""
        #expect(throws: SignatureError.malformedField(name)) { try self.fixture.verify(request) }
        request.headers[field] = ""
        #expect(throws: SignatureError.self) { try self.fixture.verify(request) }
    }

    @Test("The signature must be under the profile's label alone")
    func labels() throws {
        for name in [HTTPField.Name.signature, .signatureInput] {
            var request = try self.fixture.request()
            let value = try #require(request.headers[name])
            request.headers[name] = "sig2" + value.dropFirst(4)
            #expect(throws: SignatureError.wrongLabel(field: name.rawName)) { try self.fixture.verify(request) }
            request.headers[name] = value + ", sig2" + value.dropFirst(4)
            #expect(throws: SignatureError.wrongLabel(field: name.rawName)) { try self.fixture.verify(request) }
        }
    }

    @Test(
        "Signature parameters are exactly the profile's, whatever else the device's key signed",
        arguments: [
            ("created=1800000000;", "", SignatureError.missingParameter("created")),
            ("expires=1800000120;", "", .missingParameter("expires")),
            (#"nonce="0123456789abcdef";"#, "", .missingParameter("nonce")),
            (#"keyid="device-1";"#, "", .missingParameter("keyid")),
            (#"alg="ecdsa-p256-sha256";"#, "", .missingParameter("alg")),
            (#";tag="sparekey-agent-v1""#, "", .missingParameter("tag")),
            ("created=1800000000", "created=1800000061", .createdInTheFuture(seconds: 61)),
            ("created=1800000000;expires=1800000120", "created=1799999700;expires=1799999999", .expired(secondsAgo: 1)),
            ("expires=1800000120", "expires=1800000301", .lifetimeTooLong(seconds: 301)),
            ("expires=1800000120", "expires=1800000000", .endsBeforeItBegins),
            ("created=1800000000", "created=1800000000.5", .malformedParameter("created")),
            ("created=1800000000", "created=-5", .malformedParameter("created")),
            ("created=1800000000", #"created="1800000000""#, .malformedParameter("created")),
            (#"nonce="0123456789abcdef""#, #"nonce="0123456789abcde""#, .malformedParameter("nonce")),
            (#"nonce="0123456789abcdef""#, #"nonce=:MDEyMzQ1Njc4OWFiY2RlZg==:"#, .malformedParameter("nonce")),
            (#"keyid="device-1""#, #"keyid="""#, .malformedParameter("keyid")),
            (#"alg="ecdsa-p256-sha256""#, #"alg="hmac-sha256""#, .unsupportedAlgorithm),
            (#"alg="ecdsa-p256-sha256""#, #"alg="none""#, .unsupportedAlgorithm),
            (#"tag="sparekey-agent-v1""#, #"tag="other""#, .wrongTag),
            (#"tag="sparekey-agent-v1""#, #"tag="sparekey-agent-v1";x=1"#, .unexpectedParameter("x")),
            // Twice the same parameter: RFC 9651 takes the last one; we take neither.
            ("expires=1800000120", "expires=1800000120;expires=1800000120", .malformedField("Signature-Input")),
            (";expires=1800000120", "; expires=1800000120", .malformedField("Signature-Input")),
        ]
    )
    func parameters(part: String, replacement: String, error: SignatureError) throws {
        #expect(Self.honest.contains(part))
        let request = try self.fixture.signed(parameters: Self.honest.replacing(part, with: replacement))
        #expect(throws: error) { try self.fixture.verify(request) }
    }

    @Test("The last second of the skew and of the lifetime still count")
    func edgesOfTime() throws {
        let request = try self.fixture.signed(parameters: Self.honest)
        _ = try self.fixture.verify(request, at: SigningFixture.now - 60)
        _ = try self.fixture.verify(request, at: SigningFixture.now + 120)
        #expect(throws: SignatureError.createdInTheFuture(seconds: 61)) {
            try self.fixture.verify(request, at: SigningFixture.now - 61)
        }
        #expect(throws: SignatureError.expired(secondsAgo: 1)) {
            try self.fixture.verify(request, at: SigningFixture.now + 121)
        }
    }

    @Test(
        "Exactly the profile's components are covered, in any order",
        arguments: [
            (#"("@method" "@path")"#, SignatureError.missingComponent("content-digest")),
            (#"("@method" "content-digest")"#, .missingComponent("@path")),
            (#"("@path" "content-digest")"#, .missingComponent("@method")),
            (#"()"#, .missingComponent("@method")),
            (#"("@method" "@path" "content-digest" "@query")"#, .unexpectedComponent("@query")),
            (#"("@method" "@path" "content-digest" "@authority")"#, .unexpectedComponent("@authority")),
            (#"("@method" "@path" "content-digest";bs)"#, .unexpectedComponent("content-digest")),
            (#"("@method" "@path" "content-digest" "@method")"#, .repeatedComponent("@method")),
            (#"("@method" "@path" content-digest)"#, .malformedField("Signature-Input")),
        ]
    )
    func components(components: String, error: SignatureError) throws {
        let request = try self.fixture.signed(components: components, parameters: Self.honest)
        #expect(throws: error) { try self.fixture.verify(request) }
    }

    @Test("The order of the components is the device's choice")
    func orderOfComponents() throws {
        let digest = ContentDigest.value(of: Array("{}".utf8))
        let request = try self.fixture.signed(
            components: #"("content-digest" "@path" "@method")"#,
            parameters: Self.honest,
            values: [("content-digest", digest), ("@path", "/api/agent/v1/deposit"), ("@method", "POST")]
        )
        _ = try self.fixture.verify(request)
    }

    @Test(
        "A signature of another length or shape is refused",
        arguments: [
            ("sig1=:AAAA:", SignatureError.malformedSignature), ("sig1=::", .malformedSignature),
            ("sig1=\"AAAA\"", .malformedField("Signature")), ("sig1=()", .malformedField("Signature")),
            ("sig1", .malformedField("Signature")), ("sig1=:AAAA:;a", .malformedField("Signature")),
        ]
    )
    func shapeOfSignature(value: String, error: SignatureError) throws {
        var request = try self.fixture.request()
        request.headers[.signature] = value
        #expect(throws: error) { try self.fixture.verify(request) }
    }

    @Test("A digest without SHA-256 is refused; others beside it do not matter")
    func digests() throws {
        let body = Array("{}".utf8)
        for value in ["sha-512=:AAAA:", "sha-256=:AAAA:", "sha-256=1", "sha-256=(1)", "sha-256"] {
            #expect(throws: SignatureError.unsupportedDigest) { try ContentDigest.check(value, of: body) }
        }
        try ContentDigest.check("sha-512=:AAAA:, " + ContentDigest.value(of: body), of: body)
    }

    @Test("No cut and no changed byte of the fields crashes the reader or is accepted")
    func hostileFields() throws {
        let honest = try self.fixture.request()
        for name in [HTTPField.Name.signature, .signatureInput, .contentDigest] {
            let value = Array(try #require(honest.headers[name]).utf8)
            for index in value.indices {
                for bytes in [Array(value[..<index]), value.replaced(at: index)] {
                    var request = honest
                    request.headers[name] = String(decoding: bytes, as: UTF8.self)
                    #expect(throws: SignatureError.self) { try self.fixture.verify(request) }
                }
            }
        }
    }

    @Test("What an error says names the profile and nothing of the request")
    func descriptions() {
        #expect(SignatureError.wrongTag.description.contains("sparekey-agent-v1"))
        #expect(SignatureError.expired(secondsAgo: 412).description.contains("412 s"))
    }
}

extension [UInt8] {
    fileprivate func replaced(at index: Int) -> [UInt8] {
        var bytes = self
        bytes[index] ^= 1
        return bytes
    }
}

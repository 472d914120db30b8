import Crypto
import FoundationEssentials
import HTTPTypes
import MessageSignatures
import Testing

/// RFC 9421, appendix B, and RFC 9530: examples that nobody here made.
struct PublishedVectorTests {
    /// RFC 9421, appendix B.1.3, `test-key-ecc-p256`.
    static let publicKey = """
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        """
    /// RFC 9421, appendix B.2.4.
    static let signature = "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw=="

    /// The example signs an answer, which the profile never does; so it goes through the parts that the profile is made of.
    private static func base(status: String = "200") -> SignatureBase {
        SignatureBase(
            components: [
                ("@status", status),
                ("content-type", "application/json"),
                (
                    "content-digest",
                    "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
                ),
                ("content-length", "23"),
            ],
            parameters: #"("@status" "content-type" "content-digest" "content-length")"#
                + #";created=1618884473;keyid="test-key-ecc-p256""#
        )
    }

    @Test("The signature of RFC 9421, appendix B.2.4, is valid over the base that we write")
    func verifiesPublishedSignature() throws {
        let key = try DevicePublicKey(base64: Self.publicKey)
        let signature = Array(try #require(Data(base64Encoded: Self.signature)))
        #expect(key.isValid(signature, over: Self.base()))
        #expect(!key.isValid(signature, over: Self.base(status: "201")))
        #expect(!key.isValid(signature.dropLast(), over: Self.base()))
    }

    @Test("A signature base is written as RFC 9421, appendix B.2.4, prints it")
    func writesPublishedBase() {
        #expect(
            Self.base().text == """
                "@status": 200
                "content-type": application/json
                "content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
                "content-length": 23
                "@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"
                """
        )
    }

    @Test("The digest of RFC 9530, section 1.1 and appendix D, is the one we write and accept")
    func writesPublishedDigest() throws {
        let body = Array(#"{"hello": "world"}"#.utf8) + [0x0A]
        let published = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        #expect(ContentDigest.value(of: body) == published)
        try ContentDigest.check(published, of: body)
    }
}

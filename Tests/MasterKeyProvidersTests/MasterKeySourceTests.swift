import EscrowCrypto
import EscrowModel
import MasterKeyProviders
import Testing

struct MasterKeySourceTests {
    private static let sources: [MasterKeySource] = [
        .file(path: "/etc/sparekey/master.key"),
        .passphrase(path: "passphrase"),
        .pkcs11(.init(module: "/usr/lib/m.so", token: "hsm 1", key: "sparekey", pinFile: "/etc/pin")),
        .transit(.init(address: "https://bao:8200", key: "k", login: .token(file: "/etc/token"))),
        .transit(
            .init(
                address: "https://bao:8200",
                mount: "a/b",
                key: "k",
                login: .appRole(roleID: "r", secretIDFile: "/etc/secret-id"),
                caFile: "/etc/ca.pem",
                namespace: "ns"
            )
        ),
    ]

    @Test("A source comes back from its words", arguments: Self.sources)
    func words(source: MasterKeySource) {
        #expect(MasterKeySource(source.reference) == source)
    }

    @Test("A word too many, a word too few and an unknown kind are not a source", arguments: Self.sources)
    func otherWords(source: MasterKeySource) {
        let words = source.reference.settings
        #expect(MasterKeySource(MasterKeyReference(words.merging(["more": ""]) { $1 })) == nil)
        for name in words.keys where !["caFile", "namespace"].contains(name) {
            #expect(MasterKeySource(MasterKeyReference(words.filter { $0.key != name })) == nil)
        }
        #expect(MasterKeySource(MasterKeyReference(words.merging(["kind": "cloud"]) { $1 })) == nil)
    }

    @Test("Words that no source has are refused by name")
    func resolver() async {
        let resolve = MasterKeySource.resolver(credentials: nil)
        await #expect(throws: MasterKeyError.unknownSource) {
            _ = try await resolve(MasterKeyReference(["kind": "cloud"]), true) { _ in }
        }
    }
}

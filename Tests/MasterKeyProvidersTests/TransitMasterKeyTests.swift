import BitLocker
import EscrowCrypto
import EscrowModel
import Foundation
import MasterKeyProviders
import NIOHTTP1
import Testing

@Suite(
    .enabled(if: OpenBao.binary != nil, "no OpenBao here (EndToEnd/requirements-optional.txt, or SPAREKEY_BAO)"),
    .serialized
)
struct TransitMasterKeyTests {
    private static func secret(_ count: Int = 32) -> SecretBytes {
        SecretBytes(copying: [UInt8](repeating: 7, count: count).span)
    }

    private func reason(_ body: () async throws -> Void) async throws -> String {
        let error = await #expect(throws: MasterKeyError.self) { try await body() }
        guard case .unavailable(_, let reason) = error else { return "\(String(describing: error))" }
        return reason
    }

    @Test("A key of the service wraps and unwraps, bound to its context, to its name and to every byte")
    func wrapping() async throws {
        try await OpenBao.with { openBao in
            let key = TransitMasterKey(openBao.source("a"), credentials: nil)
            let other = TransitMasterKey(openBao.source("b"), credentials: nil)
            #expect(try await key.createIfMissing())
            #expect(try await other.createIfMissing())
            #expect(try await !key.createIfMissing())
            #expect(key.id != other.id)
            let wrapped = try await key.wrap(Self.secret(), context: "x")
            let opened = try await key.unwrap(wrapped, context: "x")
            let isSame = opened.matches(Self.secret())
            #expect(isSame)
            await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: key.whereabouts)) {
                _ = try await key.unwrap(wrapped, context: "y")
            }
            await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: other.whereabouts)) {
                _ = try await other.unwrap(wrapped, context: "x")
            }
            for index in [0, 4, 5, 12, 20, 40, wrapped.count - 4] {
                var changed = wrapped
                changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                await #expect(throws: MasterKeyError.self) { _ = try await key.unwrap(changed, context: "x") }
            }
            await #expect(throws: MasterKeyError.badLength) { _ = try await key.wrap(Self.secret(65), context: "x") }

            // What an older version of the key wrapped goes on opening.
            _ = try #require(try await openBao.ask(.POST, "transit/keys/a/rotate", "{}"))
            let reopened = try await key.unwrap(wrapped, context: "x")
            let isStillSame = reopened.matches(Self.secret())
            #expect(isStillSame)
        }
    }

    @Test("An application logs in for each use, and a wrong secret ID is told from a wrong token")
    func logins() async throws {
        try await OpenBao.with { openBao in
            let rules = #"{"policy":"path \"transit/*\" {capabilities=[\"create\",\"read\",\"update\"]}"}"#
            try await openBao.ask(.POST, "sys/policies/acl/app", rules)
            try await openBao.ask(.POST, "auth/approle/role/app", #"{"token_policies":["app"],"secret_id_num_uses":0}"#)
            let role = try Self.text("role_id", in: try await openBao.ask(.GET, "auth/approle/role/app/role-id"))
            let secretID = try Self.text(
                "secret_id",
                in: try await openBao.ask(.POST, "auth/approle/role/app/secret-id")
            )
            var source = openBao.source("app")
            source.login = .appRole(roleID: role, secretIDFile: openBao.folder.write("secret-id", secretID + "\n"))
            let key = TransitMasterKey(source, credentials: nil)
            #expect(try await key.createIfMissing())
            let wrapped = try await key.wrap(Self.secret(), context: "x")
            _ = try await key.unwrap(wrapped, context: "x")

            let wrong = openBao.folder.write("wrong", "11111111-2222-3333-4444-555555555555")
            source.login = .appRole(roleID: role, secretIDFile: wrong)
            let refused = try await self.reason {
                _ = try await TransitMasterKey(source, credentials: nil).unwrap(wrapped, context: "x")
            }
            #expect(refused.contains("does not accept the role ID with the secret ID in \(wrong)"))
            let stranger = TransitMasterKey(openBao.source("app", token: "s.nobodys"), credentials: nil)
            let unknown = try await self.reason { _ = try await stranger.unwrap(wrapped, context: "x") }
            #expect(unknown.contains("does not know the token"))
            #expect(!unknown.contains("s.nobodys"))
        }
    }

    @Test("No key, no mount, a sealed service, one that is gone and one that hangs are each said")
    func outOfReach() async throws {
        try await OpenBao.with { openBao in
            let source = openBao.source("c")
            let key = TransitMasterKey(source, credentials: nil, timeout: 2)
            #expect(try await key.createIfMissing())
            let wrapped = try await key.wrap(Self.secret(), context: "x")
            func reason(_ change: (inout MasterKeySource.KeyService) -> Void) async throws -> String {
                var other = source
                change(&other)
                let key = TransitMasterKey(other, credentials: nil, timeout: 2)
                return try await self.reason { _ = try await key.unwrap(wrapped, context: "x") }
            }
            #expect(try await reason { $0.key = "none" }.contains("there is no key \"none\" in transit"))
            #expect(try await reason { $0.mount = "none" }.contains("nothing is mounted at none"))
            #expect(try await reason { $0.key = "../sys" }.contains("may have letters"))
            #expect(try await reason { $0.caFile = "/none" }.contains("/none has no certificate"))
            #expect(try await reason { $0.address = "http://127.0.0.1:1" }.contains("there is no connection to it"))

            openBao.pause()
            #expect(try await reason { _ in }.contains("did not answer in time"))
            openBao.resume()
            _ = try await key.unwrap(wrapped, context: "x")
            try await openBao.ask(.PUT, "sys/seal")
            #expect(try await reason { _ in }.contains("it is sealed"))
        }
    }

    @Test("The key is the same wherever the service is, and another in another mount or namespace")
    func identity() {
        let login = MasterKeySource.KeyService.Login.token(file: "/none")
        func id(_ address: String, _ mount: String, _ namespace: String?) -> String {
            let source = MasterKeySource.KeyService(
                address: address,
                mount: mount,
                key: "k",
                login: login,
                namespace: namespace
            )
            return TransitMasterKey(source, credentials: nil).id
        }
        #expect(id("https://a", "transit", nil) == id("https://b:8200", "transit", nil))
        #expect(Set([id("https://a", "t", nil), id("https://a", "u", nil), id("https://a", "t", "n")]).count == 3)
    }

    private static func text(_ name: String, in answer: String?) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(try #require(answer).utf8)) as? [String: Any]
        let content = try #require(object?["data"] as? [String: Any])
        return try #require(content[name] as? String)
    }
}

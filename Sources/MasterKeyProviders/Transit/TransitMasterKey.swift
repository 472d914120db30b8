package import BitLocker
import Crypto
package import EscrowCrypto
package import EscrowModel
import FoundationEssentials

/// A master key of the transit engine of OpenBao or Vault: it never leaves the service, which encrypts and decrypts.
///
/// What it wraps is `"SKMT" | 1 |` the service's own text (`vault:v1:…`), so that the service can rotate its key and still
/// open what an earlier version made. Magic and context are the associated data. Token and secret ID are read from their
/// files for each use, and each use as an application logs in and out.
package struct TransitMasterKey: MasterKeyProvider {
    private static let magic = Array("SKMT".utf8) + [1]
    /// How long the service may take for one answer, in seconds.
    package static let patience: Int64 = 15

    /// The kind, and something made from namespace, mount and name of the key.
    ///
    /// Not from the address: a service that moves to another one has the same key.
    package let id: String
    /// Names service and key.
    package var whereabouts: String { "the key \"\(self.source.key)\" of the key service \(self.source.address)" }
    private let source: MasterKeySource.KeyService
    private let secret: SecretFile
    private let timeout: Int64

    /// Names a key. Nothing is asked yet.
    ///
    /// - Parameters:
    ///   - source: which key, of which service.
    ///   - credentials: the folder of systemd's credentials, if there are any.
    ///   - timeout: how long one answer may take, in seconds.
    package init(_ source: MasterKeySource.KeyService, credentials: String?, timeout: Int64 = Self.patience) {
        self.source = source
        self.timeout = timeout
        switch source.login {
        case .token(let file): self.secret = SecretFile(file, credentials: credentials)
        case .appRole(_, let file): self.secret = SecretFile(file, credentials: credentials)
        }
        var digest = SHA256()
        for part in ["sparekey/master-key/v1/transit", source.namespace ?? "", source.mount, source.key] {
            digest.update(data: Array(part.utf8) + [0])
        }
        self.id = "transit:" + Hexadecimal.text(of: digest.finalize().prefix(8))
    }

    /// Makes the key when the service does not have it; tells whether it did.
    ///
    /// Where the token may neither read nor make keys, nothing is known: `wrap` will tell.
    package func createIfMissing() async throws(MasterKeyError) -> Bool {
        let path = "\(self.source.mount)/keys/\(self.source.key)"
        return try await self.loggedIn { (client, token) throws(TransitError) in
            let answer = try await client.get(path, token: token)
            if answer.status == 200 { return false }
            if answer.status == 403 {
                try await self.checkToken(client, token)
                return false
            }
            guard answer.status == 404 else { throw self.error(answer, path) }
            if answer.message.contains("no handler for route") { throw .noMount(self.source.mount) }
            let made = try await client.post(path, TransitMessages.NewKey(), token: token)
            // The service answers with the key's description, or with nothing.
            guard made.status == 200 || made.status == 204 else { throw self.error(made, path) }
            return true
        }
    }

    /// Has the service encrypt.
    package func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8] {
        guard (1...MasterKey.longestSecret).contains(secret.count) else { throw .badLength }
        let request = secret.withUnsafeBytes { bytes in
            var plain = Data(bytes)
            defer { plain.wipe() }
            return TransitMessages.Encrypt(
                plaintext: plain.base64EncodedString(),
                associatedData: Self.associatedData(context)
            )
        }
        let text: String = try await self.loggedIn { (client, token) throws(TransitError) in
            let path = "\(self.source.mount)/encrypt/\(self.source.key)"
            let answer = try await client.post(path, request, token: token)
            guard answer.status == 200 else { throw try await self.explain(answer, path, client, token) }
            let decoder = JSONDecoder()
            guard
                let content = try? decoder.decode(
                    TransitMessages.Answer<TransitMessages.Ciphertext>.self,
                    from: answer.body
                ).data
            else { throw .unexpected(status: answer.status, message: "no ciphertext in it") }
            return content.ciphertext
        }
        return Self.magic + text.utf8
    }

    /// Has the service decrypt.
    package func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes {
        guard wrapped.starts(with: Self.magic), wrapped.count <= 4096,
            let text = String(validating: wrapped.dropFirst(Self.magic.count), as: UTF8.self)
        else { throw .malformed(whereabouts: self.whereabouts) }
        let request = TransitMessages.Decrypt(ciphertext: text, associatedData: Self.associatedData(context))
        let secret: SymmetricKey? = try await self.loggedIn { (client, token) throws(TransitError) in
            let path = "\(self.source.mount)/decrypt/\(self.source.key)"
            let answer = try await client.post(path, request, token: token)
            if answer.status == 400, Self.isRefusalOfCiphertext(answer.message) { return nil }
            guard answer.status == 200 else { throw try await self.explain(answer, path, client, token) }
            guard
                let content = try? JSONDecoder().decode(
                    TransitMessages.Answer<TransitMessages.Plaintext>.self,
                    from: answer.body
                ).data,
                var plain = Data(base64Encoded: content.plaintext),
                (1...MasterKey.longestSecret).contains(plain.count)
            else { throw .unexpected(status: answer.status, message: "no plaintext in it") }
            defer { plain.wipe() }
            return SymmetricKey(data: plain)
        }
        guard let secret else { throw .doesNotUnwrap(whereabouts: self.whereabouts) }
        return SecretBytes(secret)
    }

    // MARK: Getting in

    private func loggedIn<Value>(
        _ body: (TransitClient, SymmetricKey) async throws(TransitError) -> Value
    ) async throws(MasterKeyError) -> Value {
        let secret = try self.secret.line().key
        do throws(TransitError) {
            let client = try TransitClient(self.source, timeout: self.timeout)
            guard case .appRole(let roleID, _) = self.source.login else { return try await body(client, secret) }
            let token = try await self.logIn(client, roleID, secret)
            do throws(TransitError) {
                let value = try await body(client, token)
                await self.logOut(client, token)
                return value
            } catch {
                await self.logOut(client, token)
                throw error
            }
        } catch {
            throw .unavailable(whereabouts: self.whereabouts, reason: error.description)
        }
    }

    private func logIn(
        _ client: TransitClient,
        _ roleID: String,
        _ secret: SymmetricKey
    ) async throws(TransitError) -> SymmetricKey {
        let secretID = secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let request = TransitMessages.AppRole(roleID: roleID, secretID: secretID)
        let answer = try await client.post("auth/approle/login", request, token: nil)
        if answer.status == 400 || answer.status == 403 { throw .badAppRole(secretIDFile: self.secret.path) }
        guard answer.status == 200,
            let login = try? JSONDecoder().decode(TransitMessages.Login.self, from: answer.body)
        else { throw .unexpected(status: answer.status, message: answer.message) }
        return SymmetricKey(data: Array(login.auth.clientToken.utf8))
    }

    /// A token that is no longer needed is given back; one that cannot be ends by itself.
    private func logOut(_ client: TransitClient, _ token: SymmetricKey) async {
        _ = try? await client.post("auth/token/revoke-self", [String: String](), token: token)
    }

    // MARK: What went wrong

    /// The service says "permission denied" to a token that it does not know, and to one that may not do this.
    private func explain(
        _ answer: TransitClient.Answer,
        _ path: String,
        _ client: TransitClient,
        _ token: SymmetricKey
    ) async throws(TransitError) -> TransitError {
        if answer.status == 403 { try await self.checkToken(client, token) }
        return self.error(answer, path)
    }

    private func checkToken(_ client: TransitClient, _ token: SymmetricKey) async throws(TransitError) {
        guard case .token = self.source.login else { return }
        let answer = try await client.get("auth/token/lookup-self", token: token)
        guard answer.status != 403 else { throw .badToken(file: self.secret.path) }
    }

    private func error(_ answer: TransitClient.Answer, _ path: String) -> TransitError {
        let message = answer.message
        switch answer.status {
        case 403: return .permissionDenied(path: path)
        case 404 where message.contains("no handler for route"): return .noMount(self.source.mount)
        case 400 where message.contains("encryption key not found"), 404:
            return .noKey(name: self.source.key, mount: self.source.mount)
        default: return .unexpected(status: answer.status, message: message)
        }
    }

    private static func isRefusalOfCiphertext(_ message: String) -> Bool {
        ["message authentication failed", "invalid ciphertext"].contains { message.contains($0) }
    }

    private static func associatedData(_ context: String) -> String {
        Data(Self.magic + context.utf8).base64EncodedString()
    }
}

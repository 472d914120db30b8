import Crypto
import EscrowServer
import Foundation

/// A certificate for `localhost`, valid until 2126, whose key is made of a well-known text: no private key lies in the
/// repository.
///
/// Made by `openssl req -x509 -new -key … -days 36500 -subj /CN=localhost` with the names `localhost` and `127.0.0.1`.
enum TestCertificate {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUGgAwIBAgIUHdGQWM0Qly0iUuikcjncXeyoYhswCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDE0MTk0MVoYDzIxMjYxMDMx
        MTQxOTQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAASZY5m9ayPdF21lOCkr4jWlbQ3RtYBLt765uBIYJGpdmsGAXEvgajJB
        Y/lu2kd7vm+yF6jYsQ81u7RbxxenHbo6o28wbTAdBgNVHQ4EFgQUIY2oKiKq0ZRF
        qNgNsbZQ3zU2XZswHwYDVR0jBBgwFoAUIY2oKiKq0ZRFqNgNsbZQ3zU2XZswDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSAAwRQIgFV1klVJfb8d8mk1Lg9+f8Ep5BXFrnNaHDFgrMaRaQiACIQCG
        SQVtxooybMySIeC9tH04RlqQdrTh8ZIyh6ueD2affQ==
        -----END CERTIFICATE-----

        """

    /// The certificate's key.
    static var key: P256.Signing.PrivateKey {
        get throws {
            try P256.Signing.PrivateKey(rawRepresentation: SHA256.hash(data: Data("sparekey test server".utf8)))
        }
    }

    /// Writes the two files into a directory.
    static func write(to directory: URL, key: P256.Signing.PrivateKey? = nil) throws -> ServerSettings.TLSFiles {
        let files = ServerSettings.TLSFiles(
            certificateChain: directory.appending(path: "server.crt").path,
            privateKey: directory.appending(path: "server.key").path
        )
        try Data(Self.pem.utf8).write(to: URL(filePath: files.certificateChain))
        try Data((key ?? Self.key).pemRepresentation.utf8).write(to: URL(filePath: files.privateKey))
        return files
    }
}

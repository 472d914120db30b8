import FoundationEssentials
import NIOSSL

extension TLSConfiguration {
    /// Reads a certificate chain and its key, and checks that they belong together. TLS 1.2 is the least.
    static func server(_ files: ServerSettings.TLSFiles) throws(ServerStartError) -> TLSConfiguration {
        let chain = try Self.certificates(files.certificateChain)
        let key = try Self.privateKey(files.privateKey)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .keyMismatch(certificateChain: files.certificateChain, privateKey: files.privateKey)
        }
        return configuration
    }

    private static func certificates(_ path: String) throws(ServerStartError) -> [NIOSSLCertificate] {
        let pem = try Self.contents(path)
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(pem), !chain.isEmpty else {
            throw .noCertificate(path: path)
        }
        return chain
    }

    private static func privateKey(_ path: String) throws(ServerStartError) -> NIOSSLPrivateKey {
        var pem = try Self.contents(path)
        defer { pem.wipe() }
        guard let key = try? NIOSSLPrivateKey(bytes: pem, format: .pem) else { throw .noPrivateKey(path: path) }
        return key
    }

    private static func contents(_ path: String) throws(ServerStartError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch let error as CocoaError {
            throw .unreadableFile(path: path, reason: Self.reason(error))
        } catch {
            throw .unreadableFile(path: path, reason: "it is not a file")
        }
    }

    private static func reason(_ error: CocoaError) -> String {
        switch error.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "permission denied"
        default: "it is not a readable file"
        }
    }
}

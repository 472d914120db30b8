import Foundation
import Glibc

/// A connection whose bytes a test writes and reads itself, without ever blocking one of Swift's threads.
final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Connects to a port on loopback.
    init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        self.descriptor = try Self.connected(AF_INET, &address)
    }

    /// Connects to a Unix socket.
    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        self.descriptor = try Self.connected(AF_UNIX, &address)
    }

    deinit { close(self.descriptor) }

    private static func connected<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        return descriptor
    }

    func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Reads until the text so far satisfies, the peer closes, or the time is up. The second is whether it was closed.
    func read(
        for time: Duration = .seconds(20),
        until isEnough: (String) -> Bool = { _ in false }
    ) async throws -> (text: String, isClosed: Bool) {
        let deadline = ContinuousClock.now + time
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while ContinuousClock.now < deadline {
            let count = recv(self.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { bytes += buffer[..<count] }
            let text = String(decoding: bytes, as: UTF8.self)
            if count == 0 || count < 0 && errno == ECONNRESET { return (text, true) }
            if isEnough(text) { return (text, false) }
            if count < 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        return (String(decoding: bytes, as: UTF8.self), false)
    }

    /// Reads one answer, whose head and body are complete.
    func answer(for time: Duration = .seconds(20)) async throws -> String {
        try await self.read(for: time) { text in
            guard let head = text.range(of: "\r\n\r\n") else { return false }
            let length = text[..<head.lowerBound].split(separator: "\r\n")
                .first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ").last ?? "") }
            return text[head.upperBound...].utf8.count >= length ?? 0
        }.text
    }
}

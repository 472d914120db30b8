import Glibc

/// A connection to 127.0.0.1, closed when it goes.
struct BenchSocket: ~Copyable {
    /// The socket.
    let descriptor: Int32

    /// Connects.
    init(port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("cannot make a socket: \(SmallFile.reason)") }
        var address = Self.loopback(port)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            defer { close(descriptor) }
            throw Failure("cannot connect to 127.0.0.1:\(port): \(SmallFile.reason)")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Sends bytes.
    borrowing func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(self.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("cannot send: \(SmallFile.reason)") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Sends one request and gives the answer's status.
    borrowing func status(of request: [UInt8]) throws -> Int {
        try request.withUnsafeBytes { try self.send($0) }
        var answer = BenchAnswer()
        while true {
            if let complete = try answer.receive(from: self.descriptor) { return complete.status }
        }
    }

    /// The address of a port of 127.0.0.1; 0 for any.
    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// An HTTP answer on its way in: as much of HTTP/1.1 as our own server speaks to us.
struct BenchAnswer: ~Copyable {
    /// A whole answer.
    struct Complete {
        /// The status code.
        let status: Int
        /// How many bytes it has before its body.
        let headCount: Int
        /// How many bytes it has in all.
        let count: Int
    }

    private static let capacity = 64 * 1024
    private let bytes: UnsafeMutableRawBufferPointer
    private var count = 0

    init() {
        self.bytes = .allocate(byteCount: Self.capacity, alignment: 1)
    }

    deinit { self.bytes.deallocate() }

    /// The body of an answer just received, as text.
    func body(of answer: Complete) -> String {
        String(decoding: self.bytes[answer.headCount..<answer.count], as: UTF8.self)
    }

    /// Receives what is there, waiting when nothing is; gives the answer when it is whole, and begins the next one.
    mutating func receive(from descriptor: Int32) throws -> Complete? {
        let space = UnsafeMutableRawBufferPointer(rebasing: self.bytes[self.count...])
        let got = recv(descriptor, space.baseAddress, space.count, 0)
        if got < 0, errno == EINTR { return nil }
        guard got > 0 else { throw Failure("the server closed a connection") }
        self.count += got
        guard let complete = try self.parse() else {
            guard self.count < Self.capacity else { throw Failure("an answer is too long") }
            return nil
        }
        self.count = 0
        return complete
    }

    /// Goes through the head line by line; nil while its end, or the end of the body, has not come.
    private func parse() throws -> Complete? {
        guard let start = self.bytes.baseAddress else { return nil }
        var at = 0
        var length: Int?
        while let end = memchr(start + at, 0x0A, self.count - at) {
            let line = self.bytes[at..<UnsafeRawPointer(end) - UnsafeRawPointer(start)]
            at += line.count + 1
            if line.count == 1 { return try self.complete(headCount: at, length: length) }
            if length == nil { length = Self.contentLength(UnsafeRawBufferPointer(rebasing: line)) }
        }
        return nil
    }

    private func complete(headCount: Int, length: Int?) throws -> Complete? {
        guard headCount > 16 else { throw Failure("an answer is not HTTP") }
        let status = self.bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
        guard let length = length ?? (status == 204 ? 0 : nil) else {
            throw Failure("an answer does not say how long it is")
        }
        guard self.count >= headCount + length else { return nil }
        guard self.count == headCount + length else { throw Failure("an answer is longer than it says") }
        return Complete(status: status, headCount: headCount, count: headCount + length)
    }

    /// The value of a `Content-Length` line; nil for any other line.
    private static func contentLength(_ line: UnsafeRawBufferPointer) -> Int? {
        let name: StaticString = "content-length:"
        guard let start = line.baseAddress, line.count > name.utf8CodeUnitCount,
            strncasecmp(start, UnsafeRawPointer(name.utf8Start), name.utf8CodeUnitCount) == 0
        else { return nil }
        return line[name.utf8CodeUnitCount...].reduce(0) { total, byte in
            (48...57).contains(byte) ? total * 10 + Int(byte) - 48 : total
        }
    }
}

/// Requests as bytes.
enum BenchRequest {
    /// A request without a body.
    static func get(_ target: String) -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
    }

    /// A request with a JSON body.
    static func post(_ target: String, fields: [(String, String)], body: [UInt8]) -> [UInt8] {
        var head = "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }
}

/// Cuts a stream of bytes into lines of bounded length.
struct LineSplitter {
    enum Line {
        /// A line without its newline.
        case whole([UInt8])
        /// A line that is longer than ``LogExport/maximumLineByteCount``; its bytes were not kept.
        case tooLong
    }

    /// The bytes that were added and not yet handed out, from `start` on.
    private var bytes: [UInt8] = []
    private var start = 0
    /// How far the bytes were searched for a newline.
    private var searched = 0
    /// Whether the beginning of the line was thrown away already.
    private var isTooLong = false

    mutating func add(_ more: [UInt8]) {
        self.bytes.removeSubrange(..<self.start)
        self.searched -= self.start
        self.start = 0
        self.bytes.append(contentsOf: more)
    }

    /// The next line that is there with its newline.
    mutating func next() -> Line? {
        guard let newline = self.bytes[self.searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            self.searched = self.bytes.count
            if self.searched - self.start > LogExport.maximumLineByteCount {
                self.isTooLong = true
                self.start = self.searched
            }
            return nil
        }
        defer {
            self.start = newline + 1
            self.searched = newline + 1
            self.isTooLong = false
        }
        return self.line(endingAt: newline)
    }

    /// What follows the last newline, if anything does.
    mutating func last() -> Line? {
        guard self.start < self.bytes.count || self.isTooLong else { return nil }
        defer {
            self.start = self.bytes.count
            self.isTooLong = false
        }
        return self.line(endingAt: self.bytes.count)
    }

    private func line(endingAt end: Int) -> Line {
        let isTooLong = self.isTooLong || end - self.start > LogExport.maximumLineByteCount
        return isTooLong ? .tooLong : .whole(Array(self.bytes[self.start..<end]))
    }
}

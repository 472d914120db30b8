import FoundationEssentials
import Glibc

/// A directory of this process's own, which nobody else may read, until it is removed.
struct TemporaryDirectory {
    /// Where it is.
    let path: String

    /// Makes one within another directory.
    init(in parent: String, named name: String) throws(Failure) {
        // The six letters are mkdtemp's, which puts others in their place.
        let place = "\(parent)/\(name)-" + String(repeating: "X", count: 6)
        var template = Array(place.utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure("cannot make a directory in \(parent): \(SmallFile.reason)")
        }
        self.path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? place }
    }

    /// Removes it with all that is in it.
    func remove() { try? FileManager.default.removeItem(atPath: self.path) }
}

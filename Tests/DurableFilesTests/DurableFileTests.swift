import DurableFiles
import Foundation
import Synchronization
import Testing

@Suite("Durable files")
struct DurableFileTests {
    private let folder: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "durable-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder.path
    }

    @Test("what was put in a file's place is read back, by its owner only, and nothing lies beside it")
    func replaced() throws {
        let path = self.folder + "/file"
        try DurableFile.replace(path, with: Array("one".utf8))
        try DurableFile.replace(path, with: Array("two".utf8))
        #expect(try DurableFile.read(path, atMost: 100) == Array("two".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder) == ["file"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a file that is not there is nil, and no more is read than was asked for")
    func bounds() throws {
        let path = self.folder + "/file"
        #expect(try DurableFile.read(path, atMost: 100) == nil)
        try DurableFile.replace(path, with: [UInt8](repeating: 7, count: 50_000))
        #expect(try DurableFile.read(path, atMost: 40_000)?.count == 40_000)
        #expect(try DurableFile.read(path, atMost: 60_000)?.count == 50_000)
    }

    @Test("what cannot be written is an error that names the file, and the file that was there stays")
    func refused() throws {
        let path = self.folder + "/file"
        try DurableFile.replace(path, with: [1])
        // What is written beside the file cannot be, for a folder has its name.
        try FileManager.default.createDirectory(atPath: path + ".new", withIntermediateDirectories: true)
        let error = #expect(throws: DurableFileError.self) { try DurableFile.replace(path, with: [2]) }
        #expect(error?.path == path + ".new")
        #expect(try DurableFile.read(path, atMost: 10) == [1])
    }

    @Test(
        "the folder of a file is what stands before its last slash",
        arguments: [
            ("a", "."), ("/a", "/"), ("b/a", "b"), ("/c/b/a", "/c/b"),
        ]
    )
    func folders(path: String, folder: String) {
        #expect(DurableFile.folder(of: path) == folder)
    }

    @Test("the latest of many is in the file once it is flushed")
    func latest() throws {
        let file = LatestFile(path: self.folder + "/latest")
        for number in 0..<100 { file.note([UInt8(number)]) }
        file.flush()
        #expect(try DurableFile.read(file.path, atMost: 10) == [99])
        #expect(file.problem == nil)
    }

    @Test("what could not be written is told, tried again, and no problem any more once it was")
    func triedAgain() throws {
        let told = Mutex(0)
        let file = LatestFile(path: self.folder + "/later/latest") { _ in told.withLock { $0 += 1 } }
        file.note([1])
        file.flush()
        #expect(file.problem != nil)
        #expect(told.withLock { $0 } > 0)
        try FileManager.default.createDirectory(atPath: self.folder + "/later", withIntermediateDirectories: true)
        file.flush()
        #expect(file.problem == nil)
        #expect(try DurableFile.read(file.path, atMost: 10) == [1])
    }
}

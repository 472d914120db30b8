import AuditLog
import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Writes")
struct WriteTests {
    @Test("a committed write is there with its event", arguments: Engine.available)
    func commit(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        let device = try await store.write { tx throws(StoreError) in
            let device = try tx.insert(Sample.device(1))
            return Audited(device, Sample.event(device: device.id))
        }
        let found = try await store.read { reader throws(StoreError) in try reader.device(device.id) }
        #expect(found == device)
        let entries = try await store.read { reader throws(StoreError) in try reader.logEntries(from: 0, limit: 10) }
        #expect(entries.map(\.leaf.kind) == ["device.enrolled"])
    }
}

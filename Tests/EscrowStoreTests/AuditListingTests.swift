import AuditLog
import BitLocker
import EscrowModel
import EscrowStore
import Testing

@Suite("Lists of the log")
struct AuditListingTests {
    @Test(
        "the log shows what a look at everything shows, for any filter, the newest first, page by page",
        arguments: Engine.available
    )
    func filters(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        var generator = SeededGenerator(state: 11)
        let devices = try await store.changing { tx throws(StoreError) in
            var devices: [Device] = []
            for number in 0..<6 as Range<UInt64> {
                devices.append(try tx.insert(Sample.device(number, group: Population.groups[Int(number % 3)])))
            }
            return devices
        }
        var written: [(event: AuditEvent, time: Timestamp, group: String?)] = [(Sample.event(), fixture.clock.now, nil)]
        for _ in 0..<300 {
            if generator.below(3) == 0 { fixture.clock.now = fixture.clock.now + .seconds(1) }
            let device = generator.below(4) == 0 ? nil : devices[generator.below(6)]
            let event = AuditEvent(
                AuditEvent.Kind.allCases[generator.below(5)],
                AuditEvent.Outcome.allCases[generator.below(3)],
                by: Self.callers(devices)[generator.below(6)],
                device: device?.id
            )
            try await store.write { _ throws(StoreError) in Audited((), event) }
            written.append((event, fixture.clock.now, device?.group))
        }
        for _ in 0..<300 {
            var filter = AuditFilter()
            if generator.below(4) == 0 { filter.scope = .groups(["sales", "plant"]) }
            for _ in 0..<generator.below(4) {
                let caller = Self.callers(devices)[generator.below(6)]
                switch generator.below(8) {
                case 0: filter.principal = caller.principal
                case 1: filter.name = caller.displayName
                case 2: filter.device = devices[generator.below(6)].id
                case 3: filter.kind = AuditEvent.Kind.allCases[generator.below(5)]
                case 4: filter.source = caller.source.address
                case 5: filter.outcome = AuditEvent.Outcome.allCases[generator.below(3)]
                case 6: filter.since = Sample.start + .seconds(Int64(generator.below(110)))
                default: filter.before = Sample.start + .seconds(Int64(generator.below(110)))
                }
            }
            let expected = written.indices.reversed().filter { index in
                let (event, time, group) = written[index]
                return (filter.principal.map { $0 == event.caller.principal } ?? true)
                    && (filter.name.map { $0 == event.caller.displayName } ?? true)
                    && (filter.device.map { $0 == event.device } ?? true)
                    && (filter.kind.map { $0 == event.kind } ?? true)
                    && (filter.source.map { $0 == event.caller.source.address } ?? true)
                    && (filter.outcome.map { $0 == event.outcome } ?? true)
                    && (filter.since.map { time >= $0 } ?? true) && (filter.before.map { time < $0 } ?? true)
                    && (filter.scope == .everything || group.map { filter.scope.includes(group: $0) } ?? false)
            }
            let wanted = filter
            var found: [AuditListing] = []
            var page: PageRequest? = PageRequest(limit: 40)
            while let request = page {
                let part = try await store.read { reader throws(StoreError) in try reader.auditListings(wanted, request)
                }
                found += part.items
                page = part.next.map { PageRequest(after: $0, limit: 40) }
            }
            try #require(found.map { Int($0.index) } == expected, "\(filter)")
            #expect(found.allSatisfy { $0.time == written[Int($0.index)].time })
        }
    }

    @Test("an entry's time is the server's, and never goes back", arguments: Engine.available)
    func time(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        for seconds in [0, 10, 5, 20] as [Int64] {
            fixture.clock.now = Sample.start + .seconds(seconds)
            try await store.write { _ throws(StoreError) in Audited((), Sample.event()) }
        }
        let entries = try await store.read { reader throws(StoreError) in try reader.entries() }
        let times = entries.map(\.leaf.time)
        #expect(times.map { ($0 - Sample.start.milliseconds) / 1000 } == [0, 10, 10, 20])
    }

    @Test(
        "a record holds every part of its event under the documented name, and nothing else",
        arguments: Engine.available
    )
    func record(engine: Engine) async throws {
        let store = try await Fixture(engine).start()
        let caller = Caller(
            identity: .client(id: Sample.id(1), name: "help desk"),
            role: .helpdesk,
            scope: .groups(["sales", "plant"]),
            source: Source(address: "192.0.2.1", agent: "curl/8", requestID: "r1")
        )
        let event = AuditEvent(
            .keyDisclosed,
            .success,
            by: caller,
            action: .revealKey,
            rule: "helpdesk.reveal",
            device: Sample.id(2),
            deviceName: "PC-1",
            volume: Sample.id(3),
            protector: Sample.id(4),
            rotation: Sample.id(5),
            token: Sample.id(6),
            reason: try DisclosureReason(code: .other, ticket: "INC-1", comment: "said \"why\""),
            detail: "recoveryPassword"
        )
        try await store.write { _ throws(StoreError) in
            Audited((), event, AuditEvent(.serverStarted, by: .system("server")))
        }
        let records = try await store.read { reader throws(StoreError) in
            try reader.auditListings(AuditFilter(), PageRequest()).items.compactMap(\.record)
        }
        let texts = records.map { String(decoding: $0, as: UTF8.self) }
        #expect(
            texts[1]
                == """
                {"action":"revealKey","caller":{"name":"help desk","principal":"client:\(Sample.id(1))","role":"helpdesk",\
                "scope":["plant","sales"]},"detail":"recoveryPassword","device":"\(Sample.id(2))","deviceName":"PC-1",\
                "kind":"key.disclosed","outcome":"success","protector":"\(Sample.id(4))",\
                "reason":{"code":"other","comment":"said \\"why\\"","ticket":"INC-1"},"rotation":"\(Sample.id(5))",\
                "rule":"helpdesk.reveal","source":{"address":"192.0.2.1","agent":"curl/8","requestId":"r1"},\
                "token":"\(Sample.id(6))","volume":"\(Sample.id(3))"}
                """
        )
        #expect(
            texts[0]
                == """
                {"caller":{"name":"server","principal":"system:server","role":"system","scope":"everything"},\
                "kind":"server.started","outcome":"success","source":{"address":"local"}}
                """
        )
    }

    private static func callers(_ devices: [Device]) -> [Caller] {
        [
            .system("deadlines"), .system("test"),
            Caller(
                identity: .client(id: Sample.id(100), name: "help desk"),
                role: .helpdesk,
                scope: .everything,
                source: Source(address: "192.0.2.1")
            ),
            Caller(
                identity: .client(id: Sample.id(101), name: "help desk"),
                role: .helpdesk,
                scope: .everything,
                source: Source(address: "192.0.2.2")
            ),
            Caller(
                identity: .device(devices[0].id),
                role: .device,
                scope: .groups([]),
                source: Source(address: "198.51.100.1")
            ),
            Caller(
                identity: .localOperator(name: "root"),
                role: .administrator,
                scope: .everything,
                source: Source(address: "local")
            ),
        ]
    }
}

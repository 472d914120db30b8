import AuditFormats
import AuditLog
import EscrowModel
import Foundation
import Testing

@Suite("The forms in which entries leave")
struct EntryFormatterTests {
    private static let origin = "example.com/log"

    private static func text(_ entry: AuditListing, as format: AuditFormat) -> String {
        var bytes: [UInt8] = []
        EntryFormatter(format, origin: Self.origin).append(entry, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func object(_ entry: AuditListing, as format: AuditFormat) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(Self.text(entry, as: format).utf8))
        return try #require(value as? [String: Any])
    }

    // MARK: All of them

    @Test(
        "every kind of event has a title, a severity and a class, and no other has",
        arguments: AuditEvent.Kind.allCases
    )
    func meanings(kind: AuditEvent.Kind) {
        #expect(EventMeaning.isKnown(kind), "add \(kind.rawValue) to EventMeaning.known")
        #expect(EventMeaning.unused.isEmpty, "take these out of EventMeaning.known")
    }

    @Test("what was denied or failed is of medium severity at least", arguments: AuditEvent.Kind.allCases)
    func severity(kind: AuditEvent.Kind) {
        for outcome in [AuditEvent.Outcome.denied, .failure] {
            #expect(EventMeaning(kind: kind.rawValue, outcome: outcome).severity >= .medium)
        }
    }

    @Test("every kind goes out in every form, on one line, with its index, its kind and what it is about")
    func everyKind() async throws {
        let events = try AuditEvent.Kind.allCases.flatMap { kind in
            try AuditEvent.Outcome.allCases.map { try Entry.event(kind, $0) }
        }
        for (entry, event) in zip(try await Entry.stored(events), events) {
            for format in AuditFormat.allCases {
                let text = Self.text(entry, as: format)
                #expect(!text.utf8.contains { $0 < 0x20 }, "\(text)")
                #expect(text.contains(event.kind.rawValue))
                #expect(text.contains("LAPTOP-1"), "\(text)")
                #expect(text.contains("00000000-0000-0000-0000-000000000001"), "\(text)")
                #expect(text.contains("client:00000000-0000-0000-0000-000000000009"), "\(text)")
                #expect(text.contains("INC-1"), "\(text)")
                #expect(text.contains("roleInScope"), "\(text)")
            }
        }
    }

    @Test("an entry whose record was erased still goes out, with index, time and kind", arguments: AuditFormat.allCases)
    func erased(format: AuditFormat) {
        let entry = AuditListing(index: 7, time: Timestamp(seconds: 1_800_000_000), kind: "key.disclosed", record: nil)
        let text = Self.text(entry, as: format)
        #expect(text.contains("key.disclosed"))
        #expect(text.contains("7"))
    }

    @Test("a record that is not what was written goes out rather than missing", arguments: AuditFormat.allCases)
    func spoilt(format: AuditFormat) {
        let entry = AuditListing(
            index: 7,
            time: Timestamp(seconds: 1_800_000_000),
            kind: "key.disclosed",
            record: Array("{broken\n".utf8)
        )
        let text = Self.text(entry, as: format)
        #expect(text.contains("{broken"))
        #expect(!text.contains("\n"))
    }

    @Test("a member that this version does not know is passed on", arguments: AuditFormat.allCases)
    func unknownMember(format: AuditFormat) {
        let record = #"{"caller":{"name":"max","shoe":"44"},"kind":"key.new","policy":"0a1b2c"}"#
        let entry = AuditListing(index: 7, time: Timestamp(seconds: 0), kind: "key.new", record: Array(record.utf8))
        let text = Self.text(entry, as: format)
        #expect(text.contains("0a1b2c"))
        #expect(text.contains("44"))
        #expect(text.contains("key.new"))
    }

    // MARK: JSON Lines

    @Test("JSON Lines have the record byte for byte as the log commits to it")
    func jsonLines() async throws {
        let entry = try await Entry.stored(try Entry.event(.keyDisclosed))
        let record = String(decoding: try #require(entry.record), as: UTF8.self)
        #expect(
            Self.text(entry, as: .jsonl)
                == #"{"index":0,"kind":"key.disclosed","record":\#(record),"time":"2027-01-15T08:00:00.250Z"}"#
        )
    }

    // MARK: CSV

    @Test("a table has a header, and as many cells in each row")
    func table() async throws {
        var bytes: [UInt8] = []
        let formatter = EntryFormatter(.csv, origin: Self.origin)
        formatter.appendHeader(to: &bytes)
        formatter.appendLine(try await Entry.stored(try Entry.event(.keyDisclosed)), to: &bytes)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("index,time,kind,severity,outcome,caller,callerName,"))
        #expect(lines[0].hasSuffix(",more"))
        #expect(lines[0].split(separator: ",", omittingEmptySubsequences: false).count == 25)
        #expect(lines[1].split(separator: ",", omittingEmptySubsequences: false).count == 25)
        #expect(lines[1].hasPrefix("0,2027-01-15T08:00:00.250Z,key.disclosed,medium,success,"))
    }

    @Test(
        "a cell is quoted where RFC 4180 wants it, and none is a formula",
        arguments: [
            ("max", "max"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+2", "'=1+2"),
            ("+49 30", "'+49 30"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("a=b", "a=b"),
            ("Müller 🔑", "Müller 🔑"),
        ]
    )
    func cells(name: String, cell: String) async throws {
        let event = AuditEvent(.serverStarted, by: Entry.caller(name: name))
        let text = Self.text(try await Entry.stored(event), as: .csv)
        #expect(text.contains(",client:00000000-0000-0000-0000-000000000009,\(cell),helpdesk,everything,"), "\(text)")
    }

    // MARK: CEF

    @Test("CEF has its seven fields, then pairs")
    func cef() async throws {
        let text = Self.text(try await Entry.stored(try Entry.event(.keyDisclosed, .denied)), as: .cef)
        #expect(
            text
                == "CEF:0|Sparekey|Sparekey|\(Product.version)|key.disclosed|Key disclosed|5|rt=1800000000250 externalId=0 "
                + "deviceExternalId=example.com/log outcome=denied suid=client:00000000-0000-0000-0000-000000000009 "
                + "suser=max spriv=helpdesk src=192.0.2.7 requestClientApplication=curl/8 act=revealKey "
                + "duid=00000000-0000-0000-0000-000000000001 dhost=LAPTOP-1 reason=other msg=for the audit "
                + "cs1=00000000-0000-0000-0000-000000000002 cs1Label=volume "
                + "cs2=00000000-0000-0000-0000-000000000003 cs2Label=protector cs3=INC-1 cs3Label=ticket "
                + "cs4=roleInScope cs4Label=rule cs5=detail cs5Label=detail cs6=everything cs6Label=scope "
                + "flexString1=00000000-0000-0000-0000-000000000004 flexString1Label=rotation "
                + "flexString2=00000000-0000-0000-0000-000000000005 flexString2Label=token sparekeyRequestId=r-1"
        )
    }

    @Test(
        "CEF escapes an equals sign and a backslash, and needs not escape a bar, in a value",
        arguments: [("a=b", "a\\=b"), (#"a\b"#, #"a\\b"#), ("a|b", "a|b"), ("Müller", "Müller")]
    )
    func cefValues(name: String, value: String) async throws {
        let event = AuditEvent(.serverStarted, by: Entry.caller(name: name))
        #expect(Self.text(try await Entry.stored(event), as: .cef).contains(" suser=\(value) spriv="))
    }

    @Test("CEF escapes a bar and a backslash in its fields, and a line break in a value")
    func cefFields() {
        let record = Array(#"{"deviceName":"a\nb\rc","detail":"x"}"#.utf8)
        let entry = AuditListing(index: 1, time: Timestamp(seconds: 0), kind: #"odd|ki\nd"#, record: record)
        let text = Self.text(entry, as: .cef)
        #expect(text.hasPrefix("CEF:0|Sparekey|Sparekey|\(Product.version)|odd\\|ki\\\\nd|odd\\|ki\\\\nd|3|rt=0 "))
        #expect(text.contains(" dhost=a\\nb\\rc "))
    }

    @Test(
        "CEF has an address by its version",
        arguments: [
            ("192.0.2.7", " src=192.0.2.7 "), ("2001:db8::1", " c6a2=2001:db8::1 c6a2Label=Source IPv6 Address "),
            ("local", " shost=local "),
        ]
    )
    func cefAddress(address: String, pair: String) async throws {
        let event = AuditEvent(.serverStarted, by: Entry.caller(name: "max", address: address))
        #expect(Self.text(try await Entry.stored(event), as: .cef).contains(pair))
    }

    // MARK: OCSF

    @Test("a disclosure is an API activity that reads")
    func disclosure() async throws {
        let event = try Self.object(try await Entry.stored(try Entry.event(.keyDisclosed)), as: .ocsf)
        #expect(event["class_uid"] as? Int == 6003)
        #expect(event["type_uid"] as? Int == 600302)
        #expect(event["time"] as? Int == 1_800_000_000_250)
        #expect((event["api"] as? [String: Any])?["operation"] as? String == "revealKey")
        #expect(
            (event["resources"] as? [[String: Any]])?.map { $0["type"] as? String }.prefix(3) == [
                "Device", "Volume", "Key Protector",
            ]
        )
        let metadata = try #require(event["metadata"] as? [String: Any])
        #expect(metadata["sequence"] as? Int == 0)
        #expect(metadata["uid"] as? String == "example.com/log/0")
        #expect(metadata["correlation_uid"] as? String == "r-1")
    }

    @Test("a deposit is an entity that is created")
    func deposit() async throws {
        let event = try Self.object(try await Entry.stored(try Entry.event(.keyDeposited)), as: .ocsf)
        #expect(event["class_uid"] as? Int == 3004)
        #expect(event["type_uid"] as? Int == 300401)
        let entity = try #require(event["entity"] as? [String: Any])
        #expect(entity["uid"] as? String == "00000000-0000-0000-0000-000000000003")
        #expect((entity["device"] as? [String: Any])?["name"] as? String == "LAPTOP-1")
    }

    @Test("every kind has the number of its type from its class and its activity")
    func types() async throws {
        let events = try AuditEvent.Kind.allCases.map { try Entry.event($0) }
        for entry in try await Entry.stored(events) {
            let event = try Self.object(entry, as: .ocsf)
            let (type, activity) = (event["class_uid"] as? Int, event["activity_id"] as? Int)
            #expect([3004, 6003].contains(type))
            #expect(event["type_uid"] as? Int == (type ?? 0) * 100 + (activity ?? 0))
            // API Activity has no more activities than these.
            #expect(type != 6003 || [1, 2, 3, 4, 99].contains(activity))
        }
    }
}

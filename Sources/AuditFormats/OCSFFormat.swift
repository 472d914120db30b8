import AuditLog
import EscrowModel

/// The Open Cybersecurity Schema Framework, version 1.6.0, a JSON object for each entry.
///
/// What changes a thing that Sparekey manages is Entity Management (3004); what is asked for, shown or refused is API Activity (6003).
/// docs/siem.md has the whole mapping.
enum OCSFFormat {
    private static let version = "1.6.0"

    /// A class of events.
    private enum Class: Int64 {
        case entityManagement = 3004
        case apiActivity = 6003

        /// The category, the class's number in thousands.
        var category: Int64 { self.rawValue / 1000 }
    }

    static func append(_ record: LoggedRecord, origin: String, to bytes: inout [UInt8]) {
        Self.event(record, origin: origin).encode(into: &bytes)
    }

    private static func event(_ record: LoggedRecord, origin: String) -> CanonicalJSON.Object {
        let meaning = record.meaning
        let activity = Int64(meaning.activity.rawValue)
        // A record that was erased says no more of who and what: an entity needs a name, so its kind stands for it.
        let `class` = meaning.entity == nil ? Class.apiActivity : .entityManagement
        var event: CanonicalJSON.Object = [
            "activity_id": .number(activity),
            "activity_name": .string(meaning.activity.name ?? record.action ?? record.kind),
            "category_uid": .number(`class`.category),
            "class_uid": .number(`class`.rawValue),
            "type_uid": .number(`class`.rawValue * 100 + activity),
            "time": .number(record.time.milliseconds),
            "message": .string(meaning.title),
            "metadata": .object(Self.metadata(record, origin: origin)),
            "severity_id": .number(Int64(meaning.severity.rawValue)),
            "severity": .string(meaning.severity.word.capitalizedWord),
            "src_endpoint": .object(Self.endpoint(record.address)),
            "actor": .object(Self.actor(record)),
        ]
        Self.addStatus(record, to: &event)
        if let entity = meaning.entity {
            event["entity"] = .object(Self.entity(entity, record))
            event["comment"] = record.comment.map { .string($0) }
        } else {
            event["api"] = .object(Self.api(record))
            if let agent = record.agent { event["http_request"] = .object(["user_agent": .string(agent)]) }
            let resources = Self.resources(record)
            if !resources.isEmpty { event["resources"] = .array(resources) }
        }
        let unmapped = Self.unmapped(record, hasEntity: meaning.entity != nil)
        if !unmapped.members.isEmpty { event["unmapped"] = .object(unmapped) }
        return event
    }

    private static func metadata(_ record: LoggedRecord, origin: String) -> CanonicalJSON.Object {
        var metadata: CanonicalJSON.Object = [
            "version": .string(Self.version),
            "product": [
                "name": .string(Product.name), "vendor_name": .string(Product.name),
                "version": .string(Product.version),
            ],
            "uid": .string("\(origin)/\(record.index)"),
            "sequence": .number(record.index),
            "event_code": .string(record.kind),
            "log_name": .string(origin),
            "original_time": .string(record.time.description),
        ]
        metadata["correlation_uid"] = record.requestID.map { .string($0) }
        return metadata
    }

    private static func addStatus(_ record: LoggedRecord, to event: inout CanonicalJSON.Object) {
        switch record.outcome {
        case .success:
            event["status_id"] = 1
            event["status"] = "Success"
        case .denied, .failure:
            event["status_id"] = 2
            event["status"] = "Failure"
            event["status_code"] = record.outcome.map { .string($0.rawValue) }
        case nil:
            event["status_id"] = 0
            event["status"] = "Unknown"
        }
        event["status_detail"] = record.detail.map { .string($0) }
    }

    private static func endpoint(_ address: String?) -> CanonicalJSON.Object {
        guard let address, IPVersion(of: address) != nil else { return ["name": .string(address ?? "erased")] }
        return ["ip": .string(address)]
    }

    private static func actor(_ record: LoggedRecord) -> CanonicalJSON.Object {
        guard let principal = record.principal else { return ["user": ["name": "erased", "type_id": 0]] }
        let type: (id: Int64, name: String) =
            switch record.role {
            case "system", "device": (3, "System")
            case "administrator": (2, "Admin")
            default: (1, "User")
            }
        return [
            "user": [
                "name": .string(record.name ?? principal),
                "uid": .string(principal),
                "type_id": .number(type.id),
                "type": .string(type.name),
            ]
        ]
    }

    private static func api(_ record: LoggedRecord) -> CanonicalJSON.Object {
        var api: CanonicalJSON.Object = [
            "operation": .string(record.action ?? record.kind),
            "service": ["name": .string(Product.name), "version": .string(Product.version)],
        ]
        if let id = record.requestID { api["request"] = .object(["uid": .string(id)]) }
        return api
    }
}

extension String {
    /// The word with a capital letter, as OCSF writes its captions.
    fileprivate var capitalizedWord: String { self.prefix(1).uppercased() + self.dropFirst() }
}

extension CanonicalJSON {
    /// A number that is within range: an index, a time, a number of the schema.
    static func number(_ value: Int64) -> CanonicalJSON { .integer(Integer(clamping: value)) }
}

import AuditLog
import EscrowModel

extension OCSFFormat {
    /// What an access was to: the device, its volume and the key protector.
    static func resources(_ record: LoggedRecord) -> [CanonicalJSON] {
        var resources: [CanonicalJSON] = []
        if let device = record.device {
            var resource: CanonicalJSON.Object = ["type": "Device", "uid": .string(device)]
            resource["name"] = record.deviceName.map { .string($0) }
            resources.append(.object(resource))
        }
        for (type, uid) in [
            (ManagedEntity.volume, record.volume), (.key, record.protector), (.rotation, record.rotation),
            (.token, record.token),
        ] {
            guard let uid else { continue }
            resources.append(["type": .string(type.rawValue), "uid": .string(uid)])
        }
        return resources
    }

    /// The thing that was managed, with the device that it belongs to.
    static func entity(_ entity: ManagedEntity, _ record: LoggedRecord) -> CanonicalJSON.Object {
        let uid: String? =
            switch entity {
            case .device: record.device
            case .volume: record.volume
            case .key: record.protector ?? record.volume
            case .rotation: record.rotation
            case .token, .enrolmentToken, .account, .session: record.token
            case .approval: record.more["approval"]?.text
            case .keyring, .policy, .sink, .breakGlass, .campaign: record.token ?? record.detail
            }
        var object: CanonicalJSON.Object = [
            "type": .string(entity.rawValue),
            "type_id": .number(entity.typeID),
        ]
        object["uid"] = uid.map { .string($0) }
        if entity == .device {
            object["name"] = record.deviceName.map { .string($0) }
        } else if let device = record.device {
            var owner: CanonicalJSON.Object = ["uid": .string(device), "type_id": 0, "type": "Unknown"]
            owner["name"] = record.deviceName.map { .string($0) }
            object["device"] = .object(owner)
        }
        // The schema wants an entity to be told by something.
        if object["uid"] == nil, object["name"] == nil, object["device"] == nil {
            object["name"] = .string(record.isErased ? "erased" : entity.rawValue)
        }
        return object
    }

    /// What the schema has no place for, by the names that the log has for it.
    static func unmapped(_ record: LoggedRecord, hasEntity: Bool) -> CanonicalJSON.Object {
        var unmapped = record.more
        var fields: [(CanonicalJSON.Key, String?)] = [
            ("action", record.action), ("rule", record.rule), ("role", record.role), ("scope", record.scope),
            ("reason", record.reason), ("ticket", record.ticket), ("outcome", record.outcome?.rawValue),
        ]
        if hasEntity {
            // An API activity has these among its resources, and the agent in its request.
            fields += [
                ("volume", record.volume), ("protector", record.protector), ("rotation", record.rotation),
                ("token", record.token), ("agent", record.agent),
            ]
        } else {
            fields.append(("comment", record.comment))
        }
        for (key, value) in fields where unmapped[key] == nil { unmapped[key] = value.map { .string($0) } }
        if record.isErased { unmapped["erased"] = true }
        return unmapped
    }
}

import EscrowModel

extension SinkSettings {
    /// A sink as it is written. A member that is not known is an error, so that a mistyped one does not go unnoticed.
    struct Written: Decodable {
        /// Where a new sink begins.
        enum Start: String, CaseIterable, Decodable {
            case now
            case beginning
        }

        private enum Key: String, CodingKey, CaseIterable {
            case name, type, format, kinds, severity, from, address, url, secretFile, caFile, certificate, key, plain,
                batch
        }

        private struct AnyKey: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        let name: String?
        let type: Kind?
        let format: AuditFormat?
        let kinds: [String]?
        let severity: String?
        let from: Start?
        let address: String?
        let url: String?
        let secretFile: String?
        let caFile: String?
        let certificate: String?
        let key: String?
        let plain: Bool?
        let batch: Int?

        init(from decoder: any Decoder) throws {
            for key in try decoder.container(keyedBy: AnyKey.self).allKeys
            where Key(stringValue: key.stringValue) == nil {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: decoder.codingPath + [key],
                        debugDescription: "a sink has no such member; it has \(known)"
                    )
                )
            }
            let members = try decoder.container(keyedBy: Key.self)
            self.name = try members.decodeIfPresent(String.self, forKey: .name)
            self.type = try members.decodeIfPresent(Kind.self, forKey: .type)
            self.format = try members.decodeIfPresent(AuditFormat.self, forKey: .format)
            self.kinds = try members.decodeIfPresent([String].self, forKey: .kinds)
            self.severity = try members.decodeIfPresent(String.self, forKey: .severity)
            self.from = try members.decodeIfPresent(Start.self, forKey: .from)
            self.address = try members.decodeIfPresent(String.self, forKey: .address)
            self.url = try members.decodeIfPresent(String.self, forKey: .url)
            self.secretFile = try members.decodeIfPresent(String.self, forKey: .secretFile)
            self.caFile = try members.decodeIfPresent(String.self, forKey: .caFile)
            self.certificate = try members.decodeIfPresent(String.self, forKey: .certificate)
            self.key = try members.decodeIfPresent(String.self, forKey: .key)
            self.plain = try members.decodeIfPresent(Bool.self, forKey: .plain)
            self.batch = try members.decodeIfPresent(Int.self, forKey: .batch)
        }
    }
}

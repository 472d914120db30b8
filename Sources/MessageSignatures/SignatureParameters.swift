import RawStructuredFieldValues

/// The covered components and the parameters of a signature: the value of `Signature-Input` under the profile's label.
struct SignatureParameters {
    /// What is covered, in the order signed.
    let components: [SignatureComponent]
    /// When it was made, in seconds since 1970-01-01 UTC.
    let created: Int64
    /// When it ends, in seconds since 1970-01-01 UTC.
    let expires: Int64
    /// Makes the signature one of a kind.
    let nonce: String
    /// Which key made it.
    let keyID: String

    /// Reads what a device sent, and checks all of it that needs neither the request nor the time.
    init(_ list: InnerList) throws(SignatureError) {
        self.components = try Self.components(list.bareInnerList)
        var values: [String: RFC9651BareItem] = [:]
        for (name, value) in list.rfc9651Parameters { values[name] = value }
        self.created = try Self.integer("created", in: &values)
        self.expires = try Self.integer("expires", in: &values)
        self.nonce = try Self.string("nonce", in: &values, length: SignatureProfile.nonceLength)
        self.keyID = try Self.string("keyid", in: &values, length: SignatureProfile.keyIDLength)
        guard try Self.string("alg", in: &values, length: 0...64) == SignatureProfile.algorithm else {
            throw .unsupportedAlgorithm
        }
        guard try Self.string("tag", in: &values, length: 0...64) == SignatureProfile.tag else { throw .wrongTag }
        if let other = values.keys.min() { throw .unexpectedParameter(other) }
    }

    /// Takes the parameters of a signature that is to be made.
    init(components: [SignatureComponent], created: Int64, expires: Int64, nonce: String, keyID: String) {
        self.components = components
        self.created = created
        self.expires = expires
        self.nonce = nonce
        self.keyID = keyID
    }

    /// The structured field value.
    var list: InnerList {
        let none = OrderedMap<String, RFC9651BareItem>()
        var components = BareInnerList()
        for component in self.components {
            components.append(Item(bareItem: .string(component.rawValue), parameters: none))
        }
        var parameters = OrderedMap<String, RFC9651BareItem>()
        parameters["created"] = .integer(self.created)
        parameters["expires"] = .integer(self.expires)
        parameters["nonce"] = .string(self.nonce)
        parameters["keyid"] = .string(self.keyID)
        parameters["alg"] = .string(SignatureProfile.algorithm)
        parameters["tag"] = .string(SignatureProfile.tag)
        return InnerList(bareInnerList: components, parameters: parameters)
    }

    /// Checks that exactly the components of the profile are covered, in any order.
    func checkComponents(of request: SignedRequest) throws(SignatureError) {
        let wanted = SignatureProfile.components(of: request)
        for component in wanted where !self.components.contains(component) {
            throw .missingComponent(component.rawValue)
        }
        for component in self.components where !wanted.contains(component) {
            throw .unexpectedComponent(component.rawValue)
        }
    }

    /// Checks the signature's times against the server's clock.
    func checkTimes(at now: Int64) throws(SignatureError) {
        // Integers of a structured field have at most 15 digits, so no difference can overflow.
        guard self.expires > self.created else { throw .endsBeforeItBegins }
        guard self.expires - self.created <= SignatureProfile.longestLifetime else {
            throw .lifetimeTooLong(seconds: self.expires - self.created)
        }
        guard self.created <= now + SignatureProfile.clockSkew else {
            throw .createdInTheFuture(seconds: self.created - now)
        }
        guard now <= self.expires else { throw .expired(secondsAgo: now - self.expires) }
    }

    private static func components(_ list: BareInnerList) throws(SignatureError) -> [SignatureComponent] {
        var components: [SignatureComponent] = []
        for item in list {
            guard case .string(let name) = item.rfc9651BareItem else { throw .malformedField("Signature-Input") }
            // A parameter (`;key`, `;req`, `;bs`…) changes what is covered; the profile has none.
            guard let component = SignatureComponent(rawValue: name), item.rfc9651Parameters.isEmpty else {
                throw .unexpectedComponent(name)
            }
            guard !components.contains(component) else { throw .repeatedComponent(name) }
            components.append(component)
        }
        return components
    }

    private static func integer(
        _ name: String,
        in values: inout [String: RFC9651BareItem]
    ) throws(SignatureError) -> Int64 {
        guard let value = values.removeValue(forKey: name) else { throw .missingParameter(name) }
        guard case .integer(let number) = value, number >= 0 else { throw .malformedParameter(name) }
        return number
    }

    private static func string(
        _ name: String,
        in values: inout [String: RFC9651BareItem],
        length: ClosedRange<Int>
    ) throws(SignatureError) -> String {
        guard let value = values.removeValue(forKey: name) else { throw .missingParameter(name) }
        guard case .string(let text) = value, length.contains(text.utf8.count) else { throw .malformedParameter(name) }
        return text
    }
}

extension InnerList {
    /// The text form, nil when a string in it is not printable ASCII.
    var serialized: String? {
        var serializer = StructuredFieldValueSerializer()
        return (try? serializer.writeListFieldValue([.innerList(self)])).map { String(decoding: $0, as: UTF8.self) }
    }
}

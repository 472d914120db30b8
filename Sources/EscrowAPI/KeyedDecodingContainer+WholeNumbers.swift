extension KeyedDecodingContainer {
    /// Reads a whole number, where there is one.
    ///
    /// Within this module it takes the place of the standard library's in what the compiler writes for `Codable`: that
    /// one does not say in which field a number with a fraction stands.
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        guard let number = try self.decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard let whole = Int(exactly: number) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "must be a whole number")
        }
        return whole
    }
}

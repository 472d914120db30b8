import CPKCS11

/// A list of attributes for PKCS #11, which takes pointers only.
struct PKCS11Template {
    private var attributes: [(type: CK_ATTRIBUTE_TYPE, value: [UInt8])] = []

    /// Adds an attribute of bytes.
    mutating func add(_ type: CK_ATTRIBUTE_TYPE, _ value: [UInt8]) { self.attributes.append((type, value)) }

    /// Adds a number.
    mutating func add(_ type: CK_ATTRIBUTE_TYPE, _ value: UInt) {
        self.add(type, withUnsafeBytes(of: value) { Array($0) })
    }

    /// Lends the attributes, and how many there are.
    func withAttributes<Value>(_ body: (UnsafeMutablePointer<CK_ATTRIBUTE>?, UInt) -> Value) -> Value {
        var values = self.attributes.flatMap(\.value)
        return values.withUnsafeMutableBytes { buffer in
            var offset = 0
            var list: [CK_ATTRIBUTE] = []
            for attribute in self.attributes {
                let start = buffer.baseAddress.map { $0 + offset }
                let length = UInt(attribute.value.count)
                list.append(CK_ATTRIBUTE(type: attribute.type, pValue: start, ulValueLen: length))
                offset += attribute.value.count
            }
            return list.withUnsafeMutableBufferPointer { body($0.baseAddress, UInt($0.count)) }
        }
    }
}

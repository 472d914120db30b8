/// The field of 256 elements that Shamir's scheme computes in: polynomials over bits, modulo x^8 + x^4 + x^3 + x + 1, as in
/// AES (FIPS 197, section 4).
///
/// No branch and no table look-up depends on a value, so that time and caches tell nothing of a secret.
package enum ShamirField {
    /// The product of two elements. Sums are exclusive or.
    package static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product: UInt8 = 0
        var left = left
        var right = right
        for _ in 0..<8 {
            product ^= left & (0 &- (right & 1))
            let carry = 0 &- (left >> 7)
            left = left << 1 ^ 0x1B & carry
            right >>= 1
        }
        return product
    }

    /// The inverse of an element; 0 for 0, which has none.
    package static func inverse(_ element: UInt8) -> UInt8 {
        // The group has 255 elements, so the 254th power is the inverse: 254 = 0b1111_1110.
        var square = element
        var inverse: UInt8 = 1
        for _ in 0..<7 {
            square = Self.product(square, square)
            inverse = Self.product(inverse, square)
        }
        return inverse
    }
}

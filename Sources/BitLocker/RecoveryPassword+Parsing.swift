extension RecoveryPassword {
    /// Reads what people type and paste.
    ///
    /// Digits may be ASCII or full-width; spaces, line breaks and dashes of every kind may stand anywhere or nowhere.
    /// The value is held to the specification: 48 digits, each group divisible by 11 and below 720,896.
    public init(parsing text: some StringProtocol) throws(RecoveryPasswordError) {
        try self.init(scalars: text.unicodeScalars)
    }

    /// Reads the same from UTF-8, without ever making a string of it.
    public init(parsing utf8: some Collection<UInt8>) throws(RecoveryPasswordError) {
        try self.init(scalars: UTF8Scalars(iterator: utf8.makeIterator()))
    }

    private init(scalars: some Sequence<Unicode.Scalar>) throws(RecoveryPasswordError) {
        var groups = GroupReader()
        self.init(
            storage: try SecretBytes(count: 16) { storage throws(RecoveryPasswordError) in
                var position = 0
                for scalar in scalars {
                    position += 1
                    switch scalar.value {
                    case 0x30...0x39: groups.take(digit: scalar.value - 0x30, into: storage)
                    case 0xFF10...0xFF19: groups.take(digit: scalar.value - 0xFF10, into: storage)
                    case _ where scalar.isSeparator: groups.endRun()
                    default: throw .unexpectedCharacter(position: position)
                    }
                }
                groups.endRun()
                try groups.check()
            }
        )
    }
}

/// Gathers digits into groups, and remembers the first thing that is wrong with them.
private struct GroupReader {
    private var digits = 0
    private var value: UInt32 = 0
    private var firstWrongGroup: RecoveryPasswordError?
    // Digits between two separators: tells which group a digit is missing from when the person wrote them apart.
    private var runLength = 0
    private var runs = 0
    private var firstWrongRun: RecoveryPasswordError?

    mutating func take(digit: UInt32, into storage: UnsafeMutableRawBufferPointer) {
        self.digits += 1
        self.runLength += 1
        guard self.digits <= 48 else { return }
        self.value = self.value * 10 + digit
        guard self.digits % 6 == 0 else { return }
        let group = self.digits / 6
        if self.firstWrongGroup == nil {
            if !self.value.isMultiple(of: 11) {
                self.firstWrongGroup = .notDivisibleBy11(group: group)
            } else if self.value >= 720_896 {
                self.firstWrongGroup = .outOfRange(group: group)
            }
        }
        let word = self.value / 11
        storage[2 * group - 2] = UInt8(truncatingIfNeeded: word)
        storage[2 * group - 1] = UInt8(truncatingIfNeeded: word >> 8)
        self.value = 0
    }

    mutating func endRun() {
        guard self.runLength > 0 else { return }
        self.runs += 1
        if self.runLength != 6, self.firstWrongRun == nil {
            self.firstWrongRun = .wrongGroupLength(group: self.runs, digits: self.runLength)
        }
        self.runLength = 0
    }

    func check() throws(RecoveryPasswordError) {
        guard self.digits == 48 else {
            if self.runs == RecoveryPassword.groupCount, let error = self.firstWrongRun { throw error }
            throw .wrongLength(digits: self.digits)
        }
        if let error = self.firstWrongGroup { throw error }
    }
}

extension Unicode.Scalar {
    /// White space and dashes, also those that word processors, mail programs and other keyboards make of them.
    fileprivate var isSeparator: Bool {
        if self.properties.isWhitespace || self.properties.isDash { return true }
        switch self.value {
        case 0x00AD, 0x200B...0x200F, 0x2043, 0x2060, 0x30FC, 0xFEFF, 0xFF70: return true
        default: return false
        }
    }
}

/// Decodes UTF-8 scalar by scalar; a malformed byte becomes U+FFFD, which no recovery password contains.
private struct UTF8Scalars<Bytes: IteratorProtocol<UInt8>>: Sequence, IteratorProtocol {
    var iterator: Bytes
    private var decoder = UTF8()

    init(iterator: Bytes) {
        self.iterator = iterator
    }

    mutating func next() -> Unicode.Scalar? {
        switch self.decoder.decode(&self.iterator) {
        case .scalarValue(let scalar): scalar
        case .emptyInput: nil
        case .error: "\u{FFFD}"
        }
    }
}

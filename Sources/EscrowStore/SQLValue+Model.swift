import BitLocker
import EscrowModel

extension SQLValue {
    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    static func bool(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
    static func guid(_ id: GUID?) -> SQLValue { id.map { .guid($0) } ?? .null }
    static func time(_ moment: Timestamp) -> SQLValue { .integer(moment.milliseconds) }
    static func time(_ moment: Timestamp?) -> SQLValue { moment.map { .integer($0.milliseconds) } ?? .null }
    static func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    static func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    static func word(_ word: some RawRepresentable<String>) -> SQLValue { .text(word.rawValue) }
    static func word<Word: RawRepresentable<String>>(_ word: Word?) -> SQLValue {
        word.map { .text($0.rawValue) } ?? .null
    }

    /// GUIDs in order, 16 bytes each.
    static func guids(_ ids: [GUID]) -> SQLValue { .bytes(ids.flatMap(\.bytes)) }
}

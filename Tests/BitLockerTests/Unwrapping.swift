/// What `#require` cannot do for a value that cannot be copied.
func unwrap<Value: ~Copyable>(_ value: consuming Value?) throws -> Value {
    guard let value else { throw NothingThere() }
    return value
}

struct NothingThere: Error {}

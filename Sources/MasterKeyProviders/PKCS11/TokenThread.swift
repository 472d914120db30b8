import Dispatch
import Synchronization

/// Where calls to tokens run: one after the other, and off the threads that serve requests.
///
/// A module's initialisation and its log-ins are the whole process's, so two uses at a time would end each other's.
enum TokenThread {
    private static let queue = DispatchQueue(label: "sparekey.pkcs11")

    /// Runs a call, and gives up waiting for it after a number of seconds.
    ///
    /// A call that hangs cannot be ended: later ones wait behind it, and give up too.
    static func run<Value: Sendable>(
        timeout seconds: Int,
        _ body: @Sendable @escaping () throws(PKCS11Error) -> Value
    ) async throws(PKCS11Error) -> Value {
        let result = await withCheckedContinuation { continuation in
            let answer = FirstAnswer<Result<Value, PKCS11Error>>(continuation)
            Self.queue.async {
                do throws(PKCS11Error) {
                    answer.give(.success(try body()))
                } catch {
                    answer.give(.failure(error))
                }
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) {
                answer.give(.failure(.timedOut(seconds: seconds)))
            }
        }
        return try result.get()
    }
}

/// A continuation that several may answer; the first counts.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, Never>?>

    init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

    func give(_ value: Value) {
        let continuation = self.continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: value)
    }
}

import BitLocker
import Synchronization

/// The streams that are open: no more than so many for a session, and so many in all, since each keeps a connection.
final class LiveStreams: Sendable {
    /// How many streams one session may have: windows that are looked at, not those behind them.
    static let perSession = 6

    private let most: Int
    private let open = Mutex<[GUID: Int]>([:])

    /// Begins without any.
    ///
    /// - Parameter most: how many there may be in all.
    init(most: Int) { self.most = most }

    /// How many there are.
    var count: Int { self.open.withLock { $0.values.reduce(0, +) } }

    /// A place for a stream of a session, given back when nobody has it any more; nil when there is none left.
    func enter(_ session: GUID) -> Place? {
        let isIn = self.open.withLock { open in
            guard open.values.reduce(0, +) < self.most, open[session, default: 0] < Self.perSession else {
                return false
            }
            open[session, default: 0] += 1
            return true
        }
        return isIn ? Place(streams: self, session: session) : nil
    }

    /// A stream's place. An object, because the answer that has it may never be begun.
    final class Place: Sendable {
        private let streams: LiveStreams
        private let session: GUID

        fileprivate init(streams: LiveStreams, session: GUID) {
            self.streams = streams
            self.session = session
        }

        deinit {
            self.streams.open.withLock { open in
                let left = open[self.session, default: 1] - 1
                open[self.session] = left > 0 ? left : nil
            }
        }
    }
}

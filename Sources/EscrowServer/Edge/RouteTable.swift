import Hummingbird
import Synchronization

/// All routes, by path and method: what tells 405 from 404.
final class RouteTable: Sendable {
    /// A route as its path's parts, a variable one as nil, and its method.
    private struct Entry: Sendable {
        let parts: [String?]
        /// Whether anything may follow the parts.
        let isOpenEnded: Bool
        let method: String

        func matches(_ path: [Substring]) -> Bool {
            guard self.isOpenEnded ? self.parts.count < path.count : self.parts.count == path.count else {
                return false
            }
            return zip(self.parts, path).allSatisfy { part, given in part.map { $0 == given } ?? true }
        }
    }

    // Set once, after the last route was added: the router's middleware must exist before the routes do.
    private let entries = Mutex<[Entry]>([])

    /// Takes over a router's routes, each as its path in the form `/api/devices/{id}` and its method.
    func fill(with routes: [(path: String, method: String)]) {
        let entries = routes.map { route in
            let isOpenEnded = route.path.hasSuffix("/**")
            let parts = route.path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
            return Entry(
                parts: Array(isOpenEnded ? parts.dropLast() : parts[...]),
                isOpenEnded: isOpenEnded,
                method: route.method
            )
        }
        self.entries.withLock { $0 = entries }
    }

    /// The methods that a path has, sorted; none when there is no such path.
    ///
    /// As in the router, a path with a fixed part comes before one with a variable part in the same place.
    func methods(at path: String) -> [String] {
        let path = path.split(separator: "/")
        let matching = self.entries.withLock { $0.filter { $0.matches(path) } }
        let mostFixed = matching.map { $0.parts.count { $0 != nil } }.max()
        return matching.filter { $0.parts.count { $0 != nil } == mostFixed }.map(\.method).sorted()
    }
}

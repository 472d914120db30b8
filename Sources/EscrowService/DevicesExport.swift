package import EscrowModel
import EscrowPolicy
import EscrowStore

/// Devices that a filter shows, a batch at a time: it does not grow in memory with the fleet.
package struct DevicesExport: AsyncSequence, Sendable {
    package typealias Element = [Device]

    let service: EscrowService
    let filter: DeviceFilter
    let scope: Scope

    /// Begins at the first device.
    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    /// Walks the list page by page.
    package struct Iterator: AsyncIteratorProtocol {
        private let export: DevicesExport
        private var page: DevicePageRequest?

        fileprivate init(export: DevicesExport) {
            self.export = export
            self.page = DevicePageRequest(limit: PageRequest.maximumLimit)
        }

        /// The next devices; nil after the last. Throws `EscrowError`.
        package mutating func next() async throws -> [Device]? {
            guard let page = self.page else { return nil }
            let found = try await self.export.service.page(of: self.export.filter, page, in: self.export.scope)
            self.page = found.next.map { DevicePageRequest(.after($0), limit: PageRequest.maximumLimit) }
            return found.items
        }
    }
}

extension EscrowService {
    /// All devices within the caller's scope that a filter shows; that they were exported is recorded.
    package func exportDevices(_ filter: DeviceFilter, by caller: Caller) async throws(EscrowError) -> DevicesExport {
        let permit = try await self.require(.listKeys, by: caller, on: .scope)
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            .done((), [permit.event(.devicesExported)])
        }
        return DevicesExport(service: self, filter: filter, scope: caller.scope)
    }
}

import AuditFormats
import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/devices.csv`: the list of devices as a table for spreadsheets, whole, written as it is read; that it was is recorded.
struct DeviceListCSV: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("devices.csv", use: self.portal.page(self.export))
    }

    /// A new column goes at the end, so that people's formulas stay right.
    private static let columns = [
        "deviceId", "name", "serial", "owner", "operatingSystem", "group", "state", "status", "reason", "statusSince",
        "enrolledAt", "lastSeenAt", "legalHold",
    ]

    @Sendable
    private func export(_ visit: Visit) async throws -> Response {
        let query = try DeviceQuery(of: visit.request, at: self.portal.clock(), scope: visit.caller.scope)
        let export = try await visit.service.exportDevices(query.filter, by: visit.caller)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8",
                .contentDisposition: "attachment; filename=\"devices.csv\"",
            ],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: Self.columns.joined(separator: ",") + "\r\n"))
                for try await devices in export {
                    var bytes: [UInt8] = []
                    for device in devices { Self.append(device, to: &bytes) }
                    try await writer.write(ByteBuffer(bytes: bytes))
                }
                try await writer.finish(nil)
            }
        )
    }

    private static func append(_ device: Device, to bytes: inout [UInt8]) {
        let cells = [
            device.id.description, device.facts.name, device.facts.serial ?? "", device.facts.owner ?? "",
            device.facts.operatingSystem ?? "", device.group, device.state.rawValue, device.status.state.rawValue,
            device.status.reason.rawValue, device.status.since.description, device.enrolledAt.description,
            device.lastSeenAt.description, device.isOnLegalHold ? "yes" : "no",
        ]
        for (number, cell) in cells.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            CSVFormat.append(cell: cell, to: &bytes)
        }
        bytes += [0x0D, 0x0A]
    }
}

import EscrowCrypto
import EscrowStore

/// The file that a server has which only takes deposits: `sparekey keyring export-ingest` writes it.
enum IngestFile {
    /// Reads it, and checks the stored keyring by it. Throws what is wrong, with what to do.
    static func serverKeys(_ path: String, in store: Store) async throws -> ServerKeys {
        guard let isOpenToOthers = IngestKeys.isOpenToOthers(path) else {
            throw Failure(
                "cannot open \(path): \(SmallFile.reason). Write it on a full server's machine with "
                    + "`sparekey keyring export-ingest --out FILE`, and name it with --ingest-file"
            )
        }
        guard !isOpenToOthers else {
            throw Failure("\(path) can be read by others than its owner. Type: chmod 0600 \(path)")
        }
        let keys = try IngestKeys(json: try SmallFile.read(path))
        let stored = try await store.read { (reader) throws(StoreError) in try reader.keyringDocument()?.bytes }
        guard let stored else {
            throw Failure("there is no keyring in the database yet: start a server with --role full on it first")
        }
        return try keys.serverKeys(with: KeyringDocument(json: stored))
    }
}

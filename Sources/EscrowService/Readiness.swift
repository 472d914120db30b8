import EscrowCrypto
import EscrowModel
import EscrowStore

extension EscrowService {
    /// What keeps the server from doing its work, one sentence each; empty when it is ready.
    package func readiness() async -> [String] {
        var problems = self.keys.failedCanaries().map { "The keyring cannot open secrets: \($0)" }
        do throws(EscrowError) {
            _ = try await self.snapshot { (reader) throws(StoreError) in try reader.logHead() }
        } catch {
            problems.append("The store cannot be read.")
        }
        return problems
    }
}

/// How a batch gets to a peer.
protocol Destination: Sendable {
    /// How many entries a batch has at most.
    var batchLimit: Int { get }

    /// Delivers a batch, and returns once the peer has acknowledged all of it.
    ///
    /// When it throws, nobody knows what the peer has: all of the batch is to be delivered again.
    func deliver(_ batch: Batch) async throws(DeliveryError)

    /// Lets go of what it holds.
    func close() async
}

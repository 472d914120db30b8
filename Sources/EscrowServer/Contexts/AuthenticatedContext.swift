import BitLocker
import EscrowModel
import Hummingbird

/// The context of routes for people and clients: there is a caller, or the route is not reached.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who makes the request.
    let caller: Caller
    /// The whole body.
    let content: RequestContent

    init(context: ServerContext) throws {
        guard let caller = context.caller else { throw EscrowError.notAuthenticated }
        self.coreContext = context.coreContext
        self.caller = caller
        self.content = context.content
    }
}

/// The context of routes for devices: there is a device, known by its own signature, or the route is not reached.
struct DeviceContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    /// The device as a caller.
    let caller: Caller
    /// The whole body.
    let content: RequestContent

    init(context: ServerContext) throws {
        guard let caller = context.caller, case .device = caller.identity else { throw EscrowError.notAuthenticated }
        self.coreContext = context.coreContext
        self.caller = caller
        self.content = context.content
    }
}

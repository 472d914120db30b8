package import EscrowModel
package import EscrowService
import Hummingbird
package import IdentityProvider
package import Logging

/// All routes, on the operations of one service: the same for the network, the admin socket and calls within the process.
package struct EscrowRouter: Sendable {
    private let service: EscrowService
    private let settings: ServerSettings
    private let provider: IdentityProvider?
    private let clock: @Sendable () -> Timestamp

    /// Makes the routes.
    ///
    /// - Parameters:
    ///   - provider: the identity provider that people sign in with; nil where there is none.
    ///   - clock: what time it is; decides about signatures and ages.
    package init(
        service: EscrowService,
        settings: ServerSettings,
        provider: IdentityProvider? = nil,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.service = service
        self.settings = settings
        self.provider = provider
        self.clock = clock
    }

    /// Where the keys are; the paths below it are promised to the outside.
    static let keysPath: RouterPath = "api/devices/security/bitlocker/keys"

    /// Every route as its path, with variable parts in braces, and its method. A part at the end that may have slashes in it
    /// is `{tile}`: only tiles have one.
    /// Pages are not among them.
    package var routes: [(path: String, method: String)] {
        let pages = Set(self.pages.map { "\($0.method) \($0.path)" })
        return Self.list(self.router()).filter { !pages.contains("\($0.method) \($0.path)") }
            .map { (path: $0.path.replacing("**", with: "{tile}"), method: $0.method) }
    }

    /// The portal's pages in the same form: for people with a browser, and no part of the API.
    package var pages: [(path: String, method: String)] {
        let router = Router(context: ServerContext.self)
        self.addPages(to: router)
        return Self.list(router)
    }

    /// What answers requests. Without deadlines nothing is ever too slow.
    package func responder(deadlines: RequestDeadlines?, logger: Logger) -> EdgeResponder {
        EdgeResponder(
            router: self.router().buildResponder(),
            contents: RequestContents(limits: self.settings.bodyLimits, deadlines: deadlines),
            deadlines: deadlines,
            headers: ResponseHeaders(isTLS: self.settings.tls != nil),
            trustedProxies: self.settings.trustedProxies,
            logger: logger
        )
    }

    private func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        let table = RouteTable()
        router.add(middleware: UnknownPaths(routes: table))

        OperationsRoutes(service: self.service).add(to: router.group())
        BreakGlassOpening(service: self.service).add(to: router.group("api/break-glass"))

        let people = router.group()
            .add(middleware: CallerAuthentication(service: self.service))
            .group(context: AuthenticatedContext.self)
        let keys = people.group(Self.keysPath)
        KeyRoutes(service: self.service, clock: self.clock).add(to: keys)
        KeyActionRoutes(service: self.service).add(to: keys, and: people.group("api/rotations"))
        AuditRoutes(service: self.service).add(to: keys)
        LogRoutes(service: self.service).add(to: router.group("log"), and: people.group("log"))
        DeviceRoutes(service: self.service).add(to: people.group("api/devices"))
        ApprovalRoutes(service: self.service, clock: self.clock).add(to: people.group("api/approvals"))
        PolicyRoutes(service: self.service).add(to: people.group("api/policy"))
        TokenRoutes(service: self.service).add(
            to: people.group("api/tokens"),
            and: people.group("api/enrolment-tokens")
        )
        CompromiseRoutes(service: self.service).add(to: people.group("api/compromises"))
        BreakGlassRoutes(service: self.service).add(to: people.group("api/break-glass"))
        KeyringRoutes(service: self.service).add(to: people.group("api/keyring"))
        MasterKeyRoutes(service: self.service).add(to: people.group("api/keyring"))
        AccountRoutes(service: self.service).add(to: people.group("api/accounts"))
        self.addPages(to: router)

        let signatures = DeviceSignatures(clock: self.clock)
        EnrolmentRoutes(service: self.service, signatures: signatures).add(to: router.group("api/agent/v1"))
        let devices = router.group("api/agent/v1")
            .add(middleware: DeviceAuthentication(service: self.service, signatures: signatures))
            .group(context: DeviceContext.self)
        AgentRoutes(service: self.service).add(to: devices)

        table.fill(with: Self.list(router))
        return router
    }

    /// The portal: pages for people, who are known by their sessions.
    private func addPages(to router: Router<ServerContext>) {
        let pages = Pages()
        let portal = Portal(
            service: self.service,
            pages: pages,
            provider: self.provider,
            clock: self.clock,
            areCookiesSecure: self.settings.areCookiesSecure
        )
        let group = router.group().add(middleware: PortalGuard(pages: pages))
        SignInRoutes(portal: portal).add(to: group)
        if let provider = self.provider {
            ProviderRoutes(portal: portal, provider: provider).add(to: group, and: router.group())
        }
        InvitationRoutes(portal: portal).add(to: group)
        AccountPages(portal: portal).add(to: group)
        HelpDeskPage(portal: portal).add(to: group)
        RevealPage(portal: portal).add(to: group)
        FleetPage(portal: portal).add(to: group)
        DeviceListPage(portal: portal).add(to: group)
        DeviceListCSV(portal: portal).add(to: group)
        RotationsPage(portal: portal).add(to: group)
        DevicePage(portal: portal).add(to: group)
        DeviceActions(portal: portal).add(to: group)
        LiveRoutes(portal: portal, most: self.settings.maximumConnections / 2).add(to: group)
        MyDevicesPage(portal: portal).add(to: group)
        RevealPage(portal: portal, isOwn: true).add(to: group)
        ApprovalsPage(portal: portal).add(to: group)
        SignInAgainRoutes(portal: portal, atProvider: portal.provider.map(ProviderRoutes.signInAgain)).add(to: group)
        PortalFiles().add(to: group)
    }

    private static func list(_ router: Router<ServerContext>) -> [(path: String, method: String)] {
        router.routes.map { (path: $0.path.description, method: $0.method.rawValue) }
    }
}

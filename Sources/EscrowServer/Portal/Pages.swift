import HTTPTypes
import Hummingbird
import Mustache

/// The portal's pages, made on the server; they work without a script.
package struct Pages: Sendable {
    /// A page, by its template.
    package enum Name: String, CaseIterable, Sendable {
        case signin
        case code
        case invitation
        case codes
        case account
        case message
        case device
        case devices
        case fleet
        case rotations
        case helpdesk
        case reveal
        case revealed
        case my
        case myreveal
        case myrevealed
        case approvals
        case approval
        case again
        case provider

        fileprivate var source: [UInt8] {
            switch self {
            case .signin: PackageResources.signin_mustache
            case .code: PackageResources.code_mustache
            case .invitation: PackageResources.invitation_mustache
            case .codes: PackageResources.codes_mustache
            case .account: PackageResources.account_mustache
            case .message: PackageResources.message_mustache
            case .device: PackageResources.device_mustache
            case .devices: PackageResources.devices_mustache
            case .fleet: PackageResources.fleet_mustache
            case .rotations: PackageResources.rotations_mustache
            case .helpdesk: PackageResources.helpdesk_mustache
            case .reveal: PackageResources.reveal_mustache
            case .revealed: PackageResources.revealed_mustache
            case .my: PackageResources.my_mustache
            case .myreveal: PackageResources.myreveal_mustache
            case .myrevealed: PackageResources.myrevealed_mustache
            case .approvals: PackageResources.approvals_mustache
            case .approval: PackageResources.approval_mustache
            case .again: PackageResources.again_mustache
            case .provider: PackageResources.provider_mustache
            }
        }
    }

    /// Every text of the pages.
    var catalogue: Catalogue { PortalSources.bytes("messages.json").map { Catalogue($0) } ?? self.builtInCatalogue }
    private let builtInCatalogue = Catalogue()
    private let builtIn: MustacheLibrary

    /// Reads the templates that are built in.
    package init() { self.builtIn = Self.library { _, builtIn in builtIn } }

    /// What pages are put together with.
    private static let parts = [
        ("layout", PackageResources.layout_mustache), ("status", PackageResources.status_mustache),
    ]

    /// The templates that are there; one that cannot be read is none.
    private static func library(_ source: (String, [UInt8]) -> [UInt8]) -> MustacheLibrary {
        var templates: [String: MustacheTemplate] = [:]
        let sources = Name.allCases.map { ($0.rawValue, $0.source) } + Self.parts
        for (name, builtIn) in sources {
            let bytes = source(name + ".mustache", builtIn)
            templates[name] = try? MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
        }
        return MustacheLibrary(templates: templates)
    }

    private var library: MustacheLibrary {
        guard PortalSources.bytes("layout.mustache") != nil else { return self.builtIn }
        return Self.library { PortalSources.bytes($0) ?? $1 }
    }

    /// The names of the pages whose templates can be read: all of them, which a test sees to.
    package var readable: [Name] { Name.allCases.filter { self.builtIn.getTemplate(named: $0.rawValue) != nil } }

    /// A page's HTML.
    ///
    /// - Parameters:
    ///   - title: the key of its heading.
    ///   - values: what its template shows beside the texts.
    package func html(_ page: Name, title: String, _ language: Language, _ values: [String: Any] = [:]) -> String {
        var object = values.mapValues { Self.shown($0) }
        object["t"] = self.catalogue.texts(language)
        object["title"] = self.catalogue.text(title, language)
        object["language"] = language.rawValue
        return self.library.render(object, withTemplate: page.rawValue) ?? ""
    }

    /// An empty text is nothing to a section, as whoever writes a template expects. It hides one of the same name further out.
    private static func shown(_ value: Any) -> Any {
        switch value {
        case let text as String: text.isEmpty ? NoText() : text
        case let object as [String: Any]: object.mapValues { Self.shown($0) }
        case let list as [[String: Any]]: list.map { $0.mapValues { Self.shown($0) } }
        default: value
        }
    }

    private struct NoText: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }

    /// A page as an answer, kept by nobody and shown in no frame.
    func response(
        _ page: Name,
        title: String,
        _ language: Language,
        status: HTTPResponse.Status = .ok,
        _ values: [String: Any] = [:]
    ) -> Response {
        let html = self.html(page, title: title, language, values)
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentLanguage: language.rawValue,
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
                    + "form-action 'self'; base-uri 'none'; "
                    + "frame-ancestors 'none'",
                .crossOriginOpenerPolicy: "same-origin",
                .referrerPolicy: "same-origin",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }
}

import HTTPTypes
import Hummingbird
import Mustache

/// The portal's pages, made on the server; they work without a script.
package struct Pages: Sendable {
    /// A page, by its template.
    package enum Name: String, CaseIterable, Sendable {
        case signin, code, invitation, codes, account, message

        fileprivate var source: [UInt8] {
            switch self {
            case .signin: PackageResources.signin_mustache
            case .code: PackageResources.code_mustache
            case .invitation: PackageResources.invitation_mustache
            case .codes: PackageResources.codes_mustache
            case .account: PackageResources.account_mustache
            case .message: PackageResources.message_mustache
            }
        }
    }

    /// Every text of the pages.
    let catalogue = Catalogue()
    private let library: MustacheLibrary

    /// Reads the templates that are built in.
    package init() {
        var templates: [String: MustacheTemplate] = [:]
        let sources = Name.allCases.map { ($0.rawValue, $0.source) } + [("layout", PackageResources.layout_mustache)]
        for (name, source) in sources {
            templates[name] = try? MustacheTemplate(string: String(decoding: source, as: UTF8.self))
        }
        self.library = MustacheLibrary(templates: templates)
    }

    /// The names of the pages whose templates can be read: all of them, which a test sees to.
    package var readable: [Name] { Name.allCases.filter { self.library.getTemplate(named: $0.rawValue) != nil } }

    /// A page's HTML.
    ///
    /// - Parameters:
    ///   - title: the key of its heading.
    ///   - values: what its template shows beside the texts.
    package func html(_ page: Name, title: String, _ language: Language, _ values: [String: Any] = [:]) -> String {
        var object = values
        object["t"] = self.catalogue.texts(language)
        object["title"] = self.catalogue.text(title, language)
        object["language"] = language.rawValue
        return self.library.render(object, withTemplate: page.rawValue) ?? ""
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
                    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                    + "frame-ancestors 'none'",
                .crossOriginOpenerPolicy: "same-origin",
                .referrerPolicy: "same-origin",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }
}

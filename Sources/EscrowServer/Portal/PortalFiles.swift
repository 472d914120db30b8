#if DEBUG
import FoundationEssentials
import Glibc
#endif
import HTTPTypes
import Hummingbird

/// The one style sheet, the one script and the icon.
struct PortalFiles: Sendable {
    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("portal.css") { _, _ in
            Self.file("portal.css", PackageResources.portal_css, "text/css; charset=utf-8")
        }
        pages.get("portal.js") { _, _ in
            Self.file("portal.js", PackageResources.portal_js, "text/javascript; charset=utf-8")
        }
        pages.get("portal.svg") { _, _ in Self.file("portal.svg", PackageResources.portal_svg, "image/svg+xml") }
    }

    private static func file(_ name: String, _ builtIn: [UInt8], _ type: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: PortalSources.bytes(name) ?? builtIn))
        )
    }
}

/// Where pages come from while somebody works on them: a debug build reads the files in the folder that
/// `SPAREKEY_PORTAL` names for every answer, so that a change is seen without a build.
enum PortalSources {
    /// A file of that folder; nil in a release build, and when none is named.
    static func bytes(_ name: String) -> [UInt8]? {
        #if DEBUG
        guard let folder = getenv("SPAREKEY_PORTAL"),
            let data = FileManager.default.contents(
                atPath: String(cString: folder) + "/" + name
            )
        else { return nil }
        return Array(data)
        #else
        return nil
        #endif
    }
}

/// The folder in which systemd hands a service its credentials: `$CREDENTIALS_DIRECTORY`.
///
/// Root fills it before the service starts; nobody else can write there.
package enum CredentialsFolder {
    /// Whether a path is that of a credential: a file right in the folder.
    package static func contains(_ path: String, folder: String?) -> Bool {
        guard let folder, folder.hasPrefix("/") else { return false }
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        guard path.hasPrefix(prefix) else { return false }
        let name = path.dropFirst(prefix.count)
        return !name.isEmpty && !name.contains("/") && name != "." && name != ".."
    }

    /// What a setting means: a name without a slash is a credential's, where there is one of that name.
    package static func resolve(_ name: String, folder: String?, exists: (String) -> Bool) -> String {
        guard !name.contains("/"), name != "-", let folder else { return name }
        let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
        return exists(path) ? path : name
    }
}

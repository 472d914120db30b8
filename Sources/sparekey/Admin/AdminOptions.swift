import ArgumentParser

/// Which server a command is for, and how it gets in.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server's address, such as https://keys.example.com; or SPAREKEY_SERVER. Needs a token.",
            valueName: "url"
        )
    )
    var server: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the API token, - for standard input; or SPAREKEY_TOKEN_FILE, or the token itself "
                + "in SPAREKEY_TOKEN.",
            valueName: "file"
        )
    )
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the certificates to believe the server by, instead of the system's.",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "The data directory on this machine, instead of a server's address; or SPAREKEY_DATA. Works while the server "
                + "runs and while it does not, and needs no token.",
            valueName: "dir"
        )
    )
    var data: String?

    @OptionGroup(title: "Only with --data while no server runs")
    var masterKey: MasterKeyOptions

    /// Where the command goes.
    enum Target {
        /// A server at an address, with a token.
        case remote(ServerAddress, token: String)
        /// What is in a directory on this machine.
        case local(directory: String)
    }

    /// Decides by flags first, then by the environment.
    func target() throws(Failure) -> Target {
        switch (self.server, self.data) {
        case (.some, .some): throw Failure("give either --server or --data, not both", code: 64)
        case (let server?, nil): return try Self.remote(server, tokenFile: self.tokenFile)
        case (nil, let data?): return .local(directory: data)
        case (nil, nil):
            if let data = Environment["SPAREKEY_DATA"] { return .local(directory: data) }
            if let server = Environment["SPAREKEY_SERVER"] { return try Self.remote(server, tokenFile: self.tokenFile) }
            throw Failure("say which server: --server URL with a token, or --data DIR on the server itself", code: 64)
        }
    }

    /// A server at an address, with the token from a file or from the environment.
    static func remote(_ server: String, tokenFile: String?) throws(Failure) -> Target {
        let address = try ServerAddress(server)
        if let file = tokenFile ?? Environment["SPAREKEY_TOKEN_FILE"] {
            return .remote(address, token: String(decoding: try SmallFile.line(file), as: UTF8.self))
        }
        guard let token = Environment["SPAREKEY_TOKEN"] else {
            throw Failure("a token is needed: name a file that has it with --token-file, or set SPAREKEY_TOKEN")
        }
        return .remote(address, token: token)
    }
}

// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every Swift target: the imports are the architecture diagram, and a warning stops the build.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "sparekey",
    products: [
        .executable(name: "sparekey", targets: ["sparekey"]),
        .library(name: "BitLocker", targets: ["BitLocker"]),
        .library(name: "AuditLog", targets: ["AuditLog"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // A target may depend on those above it only.
        .target(name: "CStretch"),
        // What the benchmark needs and Swift cannot say: epoll, and a loop of bare instructions.
        .target(name: "CBench"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPKCS11", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        // What an fsync is needed for, once: five parts keep small files of their own.
        .target(name: "DurableFiles", swiftSettings: settings),
        .target(name: "BitLocker", dependencies: ["CStretch", crypto, cryptoExtras], swiftSettings: settings),
        .target(name: "AuditLog", dependencies: [crypto], swiftSettings: settings),
        .target(
            name: "MessageSignatures",
            dependencies: [
                crypto, httpTypes, .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
            ],
            swiftSettings: settings
        ),
        .target(name: "EscrowModel", dependencies: ["BitLocker"], swiftSettings: settings),
        .target(name: "EscrowAPI", dependencies: ["EscrowModel", "BitLocker"], swiftSettings: settings),
        .target(
            name: "EscrowPolicy",
            dependencies: ["EscrowModel", "BitLocker", crypto, .product(name: "Yams", package: "Yams")],
            swiftSettings: settings
        ),
        .target(
            name: "EscrowCrypto",
            dependencies: ["EscrowModel", "BitLocker", crypto, cryptoExtras],
            swiftSettings: settings
        ),
        .target(name: "AuditFormats", dependencies: ["AuditLog", "EscrowModel"], swiftSettings: settings),
        .target(
            name: "MasterKeyProviders",
            dependencies: [
                "EscrowCrypto", "EscrowModel", "BitLocker", "CPKCS11", crypto, httpClient, nioCore, nioHTTP1, nioSSL,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SignIn",
            dependencies: ["EscrowModel", "EscrowCrypto", "BitLocker", crypto, jwtKit],
            swiftSettings: settings
        ),
        .target(
            name: "IdentityProvider",
            dependencies: ["SignIn", "EscrowModel", "BitLocker", httpClient, nioCore, nioHTTP1, nioSSL],
            swiftSettings: settings
        ),
        .target(
            name: "EscrowStore",
            dependencies: ["EscrowModel", "BitLocker", "AuditLog", "DurableFiles", "CSQLite"],
            swiftSettings: settings
        ),
        .target(
            name: "EscrowService",
            dependencies: [
                "EscrowModel", "EscrowPolicy", "EscrowCrypto", "EscrowStore", "SignIn", "AuditLog", "BitLocker", crypto,
                logging,
            ],
            swiftSettings: settings
        ),
        // The process that holds private keys, and the server's side of it.
        .target(
            name: "EscrowOpener",
            dependencies: [
                "EscrowModel", "EscrowPolicy", "EscrowCrypto", "AuditLog", "DurableFiles", "BitLocker", crypto,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "AuditDelivery",
            dependencies: [
                "EscrowService", "AuditFormats", "AuditLog", "EscrowModel", crypto, logging, nioCore, nioPosix,
                nioHTTP1,
                nioSSL, httpClient, lifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "EscrowServer",
            dependencies: [
                "EscrowService", "SignIn", "IdentityProvider", "EscrowPolicy", "AuditFormats", "EscrowModel",
                "EscrowAPI",
                "AuditLog", "MessageSignatures", "DurableFiles", "BitLocker", mustache,
                crypto, logging, httpTypes,
                nioCore, nioPosix, hummingbird, lifecycle,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                nioSSL,
            ],
            resources: [.embedInCode("Resources/openapi.yaml"), .embedInCode("Resources/portal")],
            swiftSettings: settings
        ),
        .target(
            name: "LogWitness",
            dependencies: [
                "EscrowService", "EscrowModel", "AuditLog", httpClient, nioCore, nioHTTP1, lifecycle, logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DeviceSimulator",
            dependencies: [
                "BitLocker", "EscrowModel", "EscrowAPI", "MessageSignatures", "DurableFiles", crypto, httpTypes,
                nioCore,
                nioHTTP1, httpClient, logging,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sparekey",
            dependencies: [
                "EscrowServer", "EscrowService", "EscrowStore", "EscrowCrypto", "EscrowPolicy", "EscrowModel",
                "EscrowAPI", "MasterKeyProviders", "AuditFormats", "AuditDelivery", "EscrowOpener", "SignIn",
                "IdentityProvider",
                "DurableFiles",
                // For the benchmark.
                "CBench", "CSQLite", "MessageSignatures",
                "AuditLog", "LogWitness", "BitLocker", "DeviceSimulator", crypto, logging, nioCore, nioPosix,
                hummingbird, httpClient,
                httpTypes, lifecycle, nioHTTP1, nioSSL,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "DurableFilesTests", dependencies: ["DurableFiles"], swiftSettings: settings),
        .testTarget(name: "BitLockerTests", dependencies: ["BitLocker", "CStretch", crypto], swiftSettings: settings),
        .testTarget(
            name: "AuditLogTests",
            dependencies: ["AuditLog", crypto],
            exclude: ["Vectors"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AuditFormatsTests",
            dependencies: ["AuditFormats", "AuditLog", "EscrowModel", "EscrowStore", "BitLocker", crypto],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MessageSignaturesTests",
            dependencies: ["MessageSignatures", crypto, httpTypes],
            swiftSettings: settings
        ),
        .testTarget(name: "EscrowModelTests", dependencies: ["EscrowModel", "BitLocker"], swiftSettings: settings),
        .testTarget(
            name: "EscrowPolicyTests",
            dependencies: ["EscrowPolicy", "EscrowModel", "BitLocker"],
            exclude: ["role-matrix.txt"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EscrowCryptoTests",
            dependencies: ["EscrowCrypto", "EscrowModel", "BitLocker", crypto],
            exclude: ["keyring-format-1.json"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MasterKeyProvidersTests",
            dependencies: [
                "MasterKeyProviders", "EscrowCrypto", "EscrowModel", "BitLocker", "CPKCS11", crypto, httpClient,
                nioCore, nioHTTP1,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SignInTests",
            dependencies: ["SignIn", "EscrowCrypto", "EscrowModel", "BitLocker", crypto, cryptoExtras, jwtKit],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EscrowStoreTests",
            dependencies: ["EscrowStore", "EscrowModel", "AuditLog", "BitLocker", crypto],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EscrowServiceTests",
            dependencies: [
                "EscrowService", "EscrowStore", "EscrowCrypto", "EscrowPolicy", "EscrowModel", "SignIn", "AuditLog",
                "BitLocker", crypto,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EscrowOpenerTests",
            dependencies: [
                "EscrowOpener", "EscrowCrypto", "EscrowModel", "AuditLog", "BitLocker", crypto,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EscrowServerTests",
            dependencies: [
                "EscrowServer", "EscrowService", "EscrowStore", "EscrowCrypto", "EscrowModel", "EscrowAPI", "AuditLog",
                "MessageSignatures", "BitLocker", crypto, logging, httpTypes, nioCore, hummingbird, lifecycle,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AuditDeliveryTests",
            dependencies: [
                "AuditDelivery", "AuditFormats", "AuditLog", "EscrowService", "EscrowStore", "EscrowModel", "BitLocker",
                crypto, nioCore, nioPosix, nioSSL, httpClient, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DeviceSimulatorTests",
            dependencies: ["DeviceSimulator", "EscrowAPI", "EscrowModel", "BitLocker"],
            swiftSettings: settings
        ),
    ]
)

// `scripts/fuzz` sets this and adds the fuzz targets. A package of their own could not have them: it would see neither
// `package` declarations nor targets that are no product. And they cannot always be here: they link with libFuzzer only,
// whose `main` they use (hence -parse-as-library), and a package with unsafe flags in it can be nobody's dependency.
if Context.environment["SPAREKEY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "sparekey-fuzz",
            dependencies: ["BitLocker", "EscrowAPI", "AuditLog", "MessageSignatures", crypto, httpTypes],
            path: "Fuzz",
            exclude: ["Corpora"],
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]
        )
    )
}

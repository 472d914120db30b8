/// Why the store did not do what it was asked to. Nothing was changed, and no value of a row is in here.
package enum StoreError: Error, Hashable, Sendable {
    /// Not now: try again later.
    case unavailable(Cause)
    /// The schema refused it.
    case constraint(Constraint)
    /// What is stored cannot be what was stored; the text names the table and column or SQLite's code.
    case corrupt(String)
    /// The store does not start.
    case refused(Refusal)

    /// What is in the way for now.
    package enum Cause: String, CaseIterable, Sendable {
        /// No space is left for the database.
        case diskFull
        /// The database, or a file of its, cannot be read or written.
        case inputOutput
        /// Another connection holds the database.
        case busy
        /// There is no memory for it.
        case outOfMemory
        /// More requests wait than the store takes.
        case overloaded
        /// The store is being closed, or is.
        case closed
        /// `startLog` was not called yet, so nothing can be recorded.
        case logNotStarted
        /// `startLog` was called, so nothing can be changed without a record any more.
        case logStarted
    }

    /// Why the store does not start.
    package enum Refusal: Hashable, Sendable {
        /// Another process has this directory open.
        case alreadyOpen(directory: String)
        /// A file or directory cannot be made or opened, with the system's reason.
        case cannotOpen(path: String, reason: String)
        /// The database was written by a later version of the program.
        case newerSchema(found: Int64, known: Int64)
        /// A setting that durability or integrity depends on did not take.
        case settingNotTaken(String)
        /// The log has another origin than the one asked for.
        case otherOrigin(found: String, expected: String)
        /// The head of the log does not fit its entries or its own signature.
        case brokenHead(String)
        /// The anchor file is not a checkpoint that this log's key signed.
        case brokenAnchor(path: String, reason: String)
        /// The log is shorter than its anchor.
        case olderThanAnchor(path: String, size: Int64, anchored: Int64)
        /// The log is not the one that was anchored.
        case forkedFromAnchor(path: String, anchored: Int64)
    }
}

extension StoreError: CustomStringConvertible {
    /// What happened and what to do about it.
    package var description: String {
        switch self {
        case .unavailable(let cause): cause.description
        case .constraint(let constraint): "the database's rule \(constraint.rawValue) does not allow it"
        case .corrupt(let place):
            "the database holds something it cannot hold (\(place)); check the disk, then restore a backup"
        case .refused(let refusal): refusal.description
        }
    }
}

extension StoreError.Cause: CustomStringConvertible {
    /// A sentence for people.
    package var description: String {
        switch self {
        case .diskFull: "no space is left for the database; free some"
        case .inputOutput: "the database cannot be read or written; check the disk"
        case .busy: "another program holds the database; end it"
        case .outOfMemory: "there is not enough memory"
        case .overloaded: "too many requests wait for the database; try again later"
        case .closed: "the server is being stopped"
        case .logNotStarted: "the audit log is not running, so nothing can be changed"
        case .logStarted: "the audit log is running, so nothing can be changed without a record"
        }
    }
}

extension StoreError.Refusal: CustomStringConvertible {
    /// A sentence for people, which says what to do.
    package var description: String {
        switch self {
        case .alreadyOpen(let directory):
            "another sparekey has \(directory) open; stop it first, or use another directory"
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .newerSchema(let found, let known):
            "the database has version \(found) and this program knows versions up to \(known); run the newer program"
        case .settingNotTaken(let setting):
            "the database engine did not take the setting \(setting), without which nothing is safe here"
        case .otherOrigin(let found, let expected):
            "the audit log in the database is \(found), not \(expected); start with the origin it has"
        case .brokenHead(let why):
            "the head of the audit log does not fit its entries (\(why)): somebody changed the database. "
                + "Restore a backup"
        case .brokenAnchor(let path, let reason):
            "the anchor \(path) is not a checkpoint of this audit log (\(reason)). Find out who changed it, and put "
                + "the right one back"
        case .olderThanAnchor(let path, let size, let anchored):
            "the database is older than its anchor: the audit log has \(size) entries and \(path) bears witness to "
                + "\(anchored). Was an old backup restored? Restore the newest one"
        case .forkedFromAnchor(let path, let anchored):
            "the audit log is not the one of its anchor: the first \(anchored) entries differ from those that "
                + "\(path) bears witness to. Somebody changed the database, or it belongs to another installation; "
                + "restore the right one"
        }
    }
}

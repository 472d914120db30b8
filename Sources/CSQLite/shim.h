#ifndef SPAREKEY_CSQLITE_H
#define SPAREKEY_CSQLITE_H

#include <sqlite3.h>

/* What Swift cannot say itself: casts of an integer to a function pointer, and functions of any number of arguments. */

/* Binds text or bytes, which SQLite copies before it returns. */
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, count == 0 ? "" : text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, count == 0 ? "" : bytes, count, SQLITE_TRANSIENT);
}

/* Refuses SQL that could corrupt the file (writes to the schema's own table or to shadow tables). */
static inline int csqlite_defend(sqlite3 *connection) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

#endif

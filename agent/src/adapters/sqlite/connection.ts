import type Sqlite from "better-sqlite3";

/** An open SQLite file. */
export type Connection = Sqlite.Database;

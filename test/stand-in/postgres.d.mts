export declare class PostgresServer {
  /** `settings` of the server; unless they say otherwise it does not wait for the disk. */
  static start(settings?: Readonly<Record<string, string>>): Promise<PostgresServer>;
  /** The URL of a new database: empty, or a copy of the one at the URL `template`, to which nobody may be connected. */
  database(template?: string): Promise<string>;
  /** Ends it as a crash would, and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export declare class PostgresServer {
  /** `settings` of the server; unless they say otherwise it does not wait for the disk. */
  static start(settings?: Readonly<Record<string, string>>): Promise<PostgresServer>;
  /** The URL of a new, empty database. */
  database(): Promise<string>;
  /** Ends it as a crash would, and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

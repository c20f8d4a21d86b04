/** A certificate and its key, in PEM. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

export declare class Authority {
  static make(): Promise<Authority>;
  /** Its own certificate, in PEM. */
  readonly certificate: string;
  /** Certifies a node for the names of hosts, or a user. Good for so many hours, days when left out; below nought it has expired. */
  certify(name: string, hosts: readonly string[], hoursLeft?: number): Promise<Certified>;
}

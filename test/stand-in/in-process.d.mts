import type { Duplex } from 'node:stream';

export declare function piecesPassed(): number;
export declare function reservePort(): number;
export declare function listenOn(port: number, accept: (connection: Duplex) => void): void;
export declare function stopListening(port: number): void;

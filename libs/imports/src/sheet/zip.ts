import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { Problem } from '@app/kernel';
import { piecesOf, unreadable } from './sheet.js';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const MAX_DIRECTORY_BYTES = 4_000_000;
const MAX_ENTRIES = 5_000;

interface Entry {
  readonly method: number;
  readonly compressed: number;
  readonly offset: number;
}

/**
 * The entries of a zip file, each read as a stream and never unpacked beyond what its reader allows. Written out here
 * because the libraries at hand unpack a whole file into memory before anybody can say stop.
 */
export class ZipFile {
  private constructor(
    private readonly file: FileHandle,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /** @throws Problem `import-file-invalid` for what is no zip file. */
  static async open(file: FileHandle): Promise<ZipFile> {
    const { size } = await file.stat();
    const tail = await read(file, Math.max(0, size - END_BYTES - LONGEST_COMMENT), Math.min(size, END_BYTES + LONGEST_COMMENT));
    let end = tail.length - END_BYTES;
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
    if (end < 0) throw broken();
    const count = tail.readUInt16LE(end + 10);
    const bytes = tail.readUInt32LE(end + 12);
    const offset = tail.readUInt32LE(end + 16);
    if (count > MAX_ENTRIES || bytes > MAX_DIRECTORY_BYTES || offset + bytes > size) throw broken();
    return new ZipFile(file, directory(await read(file, offset, bytes), count));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /**
   * One entry unpacked, piece by piece and at most `limit` bytes of it.
   * @throws Problem `import-file-invalid` for more bytes than that, or broken ones.
   */
  async *read(name: string, limit: number): AsyncGenerator<Buffer> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw unreadable('workbook', `不是有效的 XLSX 文件：缺少 ${name}`);
    const head = await read(this.file, entry.offset, 30);
    if (head.length < 30 || head.readUInt32LE(0) !== LOCAL_ENTRY || (entry.method !== 0 && entry.method !== 8)) throw broken();
    const start = entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
    const stored = Readable.from(piecesOf(this.file, start, start + entry.compressed), { objectMode: false });
    const unpacked = entry.method === 0 ? stored : pipeline(stored, createInflateRaw(), () => undefined);
    let total = 0;
    try {
      for await (const chunk of unpacked) {
        const piece = chunk as Buffer;
        total += piece.length;
        if (total > limit) throw unreadable('too-large', `文件解压后过大（${name} 超过 ${Math.floor(limit / 1_000_000)} MB）`);
        yield piece;
      }
    } catch (error) {
      // What the unpacking itself complains of.
      throw error instanceof Problem || !String((error as { code?: unknown }).code).startsWith('Z_') ? error : broken();
    }
  }
}

function directory(bytes: Buffer, count: number): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw broken();
    const flags = bytes.readUInt16LE(at + 8);
    const nameBytes = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameBytes);
    if ((flags & 1) !== 0) throw unreadable('encrypted', '文件有密码保护，请去除密码后再导入');
    const compressed = bytes.readUInt32LE(at + 20);
    const offset = bytes.readUInt32LE(at + 42);
    if (compressed === 0xffffffff || offset === 0xffffffff) throw broken();
    entries.set(name.replace(/^\//, ''), { method: bytes.readUInt16LE(at + 10), compressed, offset });
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const broken = () => unreadable('workbook', '不是有效的 XLSX 文件，或文件已损坏');

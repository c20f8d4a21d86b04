import { unreadable } from './sheet.js';

/** A tag longer than this belongs to no spreadsheet. */
const MAX_TAG = 100_000;
/** A text between two tags; cells hold at most 32,767 characters. */
const MAX_TEXT = 200_000;

export interface XmlListener {
  /** `attributes` as written; see `attribute`. */
  open(name: string, attributes: string): void;
  close(name: string): void;
  text(text: string): void;
}

/**
 * Reads the XML of a spreadsheet piece by piece: elements by local name, texts with their entities resolved. Not a full
 * parser: document types are refused, so there are no entities but the five and numbers.
 */
export class XmlReader {
  private rest = '';

  constructor(private readonly listener: XmlListener) {}

  write(chunk: string): void {
    const xml = this.rest === '' ? chunk : this.rest + chunk;
    let at = 0;
    for (;;) {
      const tag = xml.indexOf('<', at);
      if (tag < 0) break;
      const end = endOfTag(xml, tag);
      if (end < 0) break;
      if (tag > at) this.listener.text(resolved(xml.slice(at, tag)));
      this.tag(xml, tag, end);
      at = end;
    }
    this.rest = xml.slice(at);
    if (this.rest.length > MAX_TAG + MAX_TEXT) throw broken();
  }

  end(): void {
    if (this.rest.trim() !== '') throw broken();
  }

  private tag(xml: string, start: number, end: number): void {
    const second = xml.charCodeAt(start + 1);
    // <! and <?
    if (second === 33) {
      if (xml.startsWith('<![CDATA[', start)) this.listener.text(xml.slice(start + 9, end - 3));
      else if (!xml.startsWith('<!--', start)) throw broken();
      return;
    }
    if (second === 63) return;
    if (second === 47) {
      this.listener.close(localName(xml.slice(start + 2, end - 1).trim()));
      return;
    }
    const isEmpty = xml.charCodeAt(end - 2) === 47;
    const inside = xml.slice(start + 1, isEmpty ? end - 2 : end - 1);
    const blank = inside.search(/\s/);
    const name = localName(blank < 0 ? inside : inside.slice(0, blank));
    this.listener.open(name, blank < 0 ? '' : inside.slice(blank));
    if (isEmpty) this.listener.close(name);
  }
}

/** Where the tag that begins at `start` is over; -1 while it is not all there. */
function endOfTag(xml: string, start: number): number {
  if (xml.startsWith('<!--', start)) return after(xml, '-->', start + 4);
  if (xml.startsWith('<![CDATA[', start)) return after(xml, ']]>', start + 9);
  let close = xml.indexOf('>', start);
  if (close < 0) return -1;
  // A > may stand inside a quoted attribute.
  for (let quotes = 0, at = start; ;) {
    for (; at < close; at += 1) {
      const code = xml.charCodeAt(at);
      if (quotes === 0 ? code === 34 || code === 39 : code === quotes) quotes = quotes === 0 ? code : 0;
    }
    if (quotes === 0) return close + 1;
    close = xml.indexOf('>', close + 1);
    if (close < 0) return -1;
  }
}

function after(xml: string, mark: string, from: number): number {
  const at = xml.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolved(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const PATTERNS = new Map<string, RegExp>();

/** The value of an attribute, by local name. */
export function attribute(attributes: string, name: string): string | undefined {
  if (attributes === '') return undefined;
  let pattern = PATTERNS.get(name);
  if (pattern === undefined) PATTERNS.set(name, (pattern = new RegExp(`(?:^|[\\s:])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`)));
  const match = pattern.exec(attributes);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : resolved(value);
}

const broken = () => unreadable('workbook', '不是有效的 XLSX 文件，或文件已损坏');

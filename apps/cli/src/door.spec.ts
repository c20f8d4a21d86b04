import { describe, expect, it } from '@jest/globals';
import { serverDoor } from './door.js';

describe('the address of a server', () => {
  it.each([
    'http://li:secret@127.0.0.1:8080',
    'https://:secret@ledger.example',
    '127.0.0.1:8080',
    'localhost:8080',
    'ftp://ledger.example',
  ])('is refused by its option, and not repeated: %s', (address) => {
    const refused = expect.objectContaining({ code: 'invalid-input', errors: [expect.objectContaining({ field: '--server' })] });
    const repeating = expect.objectContaining({ detail: expect.stringContaining('secret') });
    const open = () => serverDoor(address);
    expect(open).toThrow(refused);
    expect(open).not.toThrow(repeating);
  });

  it('is told by its origin when nobody answers there', async () => {
    const door = serverDoor('http://127.0.0.1:9/?key=secret');
    await expect(door.call({ method: 'GET', path: '/health', token: '' })).rejects.toMatchObject({
      code: 'server-unreachable',
      detail: expect.not.stringContaining('secret'),
    });
  });
});

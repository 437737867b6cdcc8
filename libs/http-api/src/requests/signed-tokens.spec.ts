import { SignedTokens } from './signed-tokens';

const SECRET = Buffer.from('0123456789abcdef');

describe('SignedTokens', () => {
  const tokens = new SignedTokens(SECRET, 'offset');

  it('reads back what it issued, after a restart too', () => {
    const token = tokens.issue(Buffer.from([1, 2, 3]));
    expect(new SignedTokens(SECRET, 'offset').read(token)).toEqual(Buffer.from([1, 2, 3]));
  });

  it('reads nothing else', () => {
    const token = tokens.issue(Buffer.from([1, 2, 3]));
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(tokens.read(changed)).toBeUndefined();
    }
    for (const other of ['', 'x', `${token}A`, token.slice(1), `${token}=`, ` ${token}`, '💥', 'A'.repeat(10_000)]) {
      expect(tokens.read(other)).toBeUndefined();
    }
  });

  it('keeps purposes and secrets apart', () => {
    const token = tokens.issue(Buffer.from([1]));
    expect(new SignedTokens(SECRET, 'cursor').read(token)).toBeUndefined();
    expect(new SignedTokens(Buffer.from('fedcba9876543210'), 'offset').read(token)).toBeUndefined();
  });

  it('refuses a short secret', () => {
    expect(() => new SignedTokens(Buffer.from('short'), 'offset')).toThrow('at least 16');
  });
});

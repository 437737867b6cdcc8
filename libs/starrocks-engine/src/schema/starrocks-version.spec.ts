import { demandVersion, isTooOld } from './starrocks-version';

describe('the version of StarRocks', () => {
  it.each([
    ['3.3.1 a1b2c3d', false],
    ['3.3.0 a1b2c3d', true],
    ['3.3.0-rc01', true],
    ['3.2.16 5f7ea1a', true],
    ['2.5.22', true],
    ['3.3.10', false],
    ['3.4.0', false],
    ['4.0', false],
    ['3.3', true],
    ['StarRocks version 3.1.2', true],
    ['main 7d3c1f2', false],
    ['', false],
  ])('%s', (version, isOld) => {
    expect(isTooOld(version)).toBe(isOld);
  });

  it('is refused with what to do', async () => {
    const session = { rows: () => Promise.resolve([{ version: '3.2.16 5f7ea1a' }]) };
    await expect(demandVersion(session)).rejects.toThrow(/3\.2\.16 .*needs 3\.3\.1 or newer/);
  });
});

import { GuidLedger } from './guid-ledger';

describe('GuidLedger', () => {
  it('knows who has each guid of its range, until it is retired for ever', () => {
    const ledger = new GuidLedger(10, 5);
    expect([9, 10, 14, 15].map((guid) => ledger.has(guid))).toEqual([false, true, true, false]);
    expect([ledger.bind(10, 'anna'), ledger.bind(14, 'bert'), ledger.bind(10, 'anna')]).toEqual([null, null, null]);
    expect([ledger.live, ledger.binds(10, 'anna'), ledger.binds(10, 'bert'), ledger.binds(11, 'anna')]).toEqual([
      2,
      true,
      false,
      false,
    ]);
    expect(ledger.bind(14, 'carl')).toBe('guid 14 belongs to carl and to another cuid');
    expect([ledger.retire(10, 'anna'), ledger.retire(10, 'anna')]).toEqual([null, null]);
    expect([ledger.live, ledger.retired, ledger.isRetired(10), ledger.binds(10, 'anna')]).toEqual([1, 1, true, false]);
    expect(ledger.bind(10, 'anna')).toBe('guid 10 of anna was retired and is bound again');
    expect(ledger.retire(14, 'carl')).toBe('guid 14 belongs to carl and to another cuid');
  });

  it('tells cuids apart that differ in a little', () => {
    const ledger = new GuidLedger(1, 1);
    ledger.bind(1, 'user-000000001');
    const others = ['user-000000002', 'user-00000001', 'user-0000000010', 'User-000000001', '', '\u0000', 'é'];
    expect(others.map((cuid) => ledger.binds(1, cuid))).toEqual(others.map(() => false));
  });
});

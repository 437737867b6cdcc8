import { notMadeYet } from './not-made-yet';
import { isUnknownColumn, starrocksError } from './starrocks-error';
import { readWriteOutcome } from './write-outcome';

function answer(errno: number, message: string): Error {
  return Object.assign(new Error(message), { errno, sqlState: 'HY000' });
}

describe('starrocksError', () => {
  it.each([
    [1064, 'Too many versions. tablet_id: 7, version_count: 1001, limit: 1000', 'overloaded', true],
    [1064, 'Memory of process exceed limit. Used: 1, Limit: 1', 'overloaded', true],
    [1064, 'No alive backends', 'overloaded', true],
    [5077, 'Query cancelled by crash of backends.', 'overloaded', true],
    [1064, 'Compute node not found. Check if any compute node is down.', 'overloaded', true],
    [5904, 'Warehouse default_warehouse is not available.', 'overloaded', true],
    [5300, 'Failed to acquire lock: Failed to acquire lock within 10 s', 'overloaded', true],
    [1203, "User tessera already has more than 'max_user_connections' active connections", 'overloaded', true],
    [
      5024,
      "Insert reached its timeout of 20 seconds, please increase the 'insert_timeout' session variable",
      'late',
      true,
    ],
    [1064, 'Query timeout. Increase the query_timeout session variable and retry', 'late', true],
    [1064, 'Getting syntax error at line 1. Detail message: Unexpected input', 'refused', false],
    [5502, "Unknown table 'nothing'", 'refused', false],
    [5203, 'Access denied; you need (at least one of) the ALTER privilege(s) on TABLE t', 'denied', false],
    [1045, "Access denied for user 'a'", 'denied', false],
  ])('knows what %i %s means', (errno, message, kind, retriable) => {
    expect(starrocksError(answer(errno, message), [])).toMatchObject({ kind, retriable, code: errno });
  });

  it('takes what is no answer for a broken connection', () => {
    const broken = Object.assign(new Error('read ECONNRESET'), { errno: -104, code: 'ECONNRESET' });
    expect(starrocksError(broken, [])).toMatchObject({ kind: 'lost', isUnknown: true, retriable: true, code: null });
  });

  it('shortens what it says, and leaves secrets out', () => {
    const { message } = starrocksError(answer(1064, `hunter2 ${'x'.repeat(2_000)}`), ['hunter2', '']);
    expect(message).toMatch(/^StarRocks: \*\*\* x+…$/);
    expect(message.length).toBeLessThan(700);
  });
});

describe('isUnknownColumn', () => {
  it.each([
    [1064, "Getting analyzing error at line 1, column 7. Detail message: Column 'city' cannot be resolved.", true],
    [1064, "Getting analyzing error. Detail message: Column '`p1`.`city`' cannot be resolved.", true],
    [1054, "Unknown column 'city' in 'profile_1_person'", true],
    [1064, 'Getting syntax error at line 1, column 9. Detail message: Unexpected input', false],
    [5502, "Unknown table 'profile_1_person'", false],
  ])('of %i %s', (errno, message, expected) => {
    const error = starrocksError(answer(errno, message), []);
    expect(isUnknownColumn(error)).toBe(expected);
    expect(notMadeYet(error)).toEqual(expected || errno === 5502 ? expect.objectContaining({ retriable: true }) : null);
  });
});

describe('readWriteOutcome', () => {
  it('reads what stands behind the byte of length', () => {
    const text = "F{'label':'insert_7', 'status':'VISIBLE', 'txnId':'7'}";
    expect(readWriteOutcome(2, text)).toEqual({ rows: 2, label: 'insert_7', transaction: '7', isVisible: true });
    const committed = "{'label':'a', 'status':'COMMITTED', 'txnId':'8', 'err':'publish timeout'}";
    expect(readWriteOutcome(1, committed)).toEqual({ rows: 1, label: 'a', transaction: '8', isVisible: false });
    expect(readWriteOutcome(0, '')).toEqual({ rows: 0, label: null, transaction: null, isVisible: true });
  });
});

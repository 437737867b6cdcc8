// Loaded before the main file of the ingest worker by worker-faults.spec.ts: node -r register-swc.cjs -r worker-fault.ts main.ts
// Puts itself between the worker and its servers, and kills the process at the call that `INGEST_FAULT` (a `WorkerFault` as JSON) names. All calls
// reach the real servers; without the variable nothing but the session in Kafka is changed.
import { GroupProducer, KafkaClient } from '@tessera/kafka';
import { RedisProfiles } from '@tessera/online-profile';
import { StarrocksPool, StreamLoadClient } from '@tessera/starrocks-engine';

/** Where the worker is to die. */
export interface WorkerFault {
  /** As `pointsOf` and the calls at the end of this file name it. */
  readonly point: string;
  readonly phase: 'before' | 'after';
  /** Which call of the point, from 1. */
  readonly call: number;
}

type Call = (...args: unknown[]) => unknown;

/** How soon Kafka gives the partitions of a process that died to another one. */
const SESSION = { sessionTimeout: 3_000, heartbeatInterval: 300 };
const fault = JSON.parse(process.env['INGEST_FAULT'] ?? 'null') as WorkerFault | null;
let calls = 0;

/** What a statement that writes is for. Positions of several topics may be in one. */
function pointsOf(sql: string): readonly string[] {
  const table = /^(?:INSERT INTO|DELETE FROM) `(\w+)`/.exec(sql)?.[1];
  if (table === undefined) return [];
  if (sql.startsWith('DELETE')) return ['delete'];
  if (table !== 'sys_positions') return [`write ${kindOf(table)}`];
  if (sql.includes("'checks'")) return ['check'];
  if (sql.includes("'repeats/")) return ['repeats'];
  if (!sql.includes(' AS v ')) return ['claim'];
  return [...(sql.includes(', 0)') ? ['begin'] : []), ...(sql.includes(', 1)') ? ['end'] : [])];
}

/** `sys_users`, `profile_1_person`. */
function kindOf(table: string): string {
  return table.startsWith('sys_') ? table.slice(4) : (table.split('_')[0] ?? table);
}

async function pass(points: readonly string[], call: () => unknown): Promise<unknown> {
  const isIt = fault !== null && points.includes(fault.point) && ++calls === fault.call;
  if (isIt && fault.phase === 'before') await die(fault);
  const result = await call();
  if (isIt) await die(fault);
  return result;
}

/** Nobody hears of what was called. */
function die({ phase, point }: WorkerFault): Promise<never> {
  process.stdout.write(`dies ${phase} ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

/** @param around is given the object's own call. */
function replace(on: object, name: string, around: (call: Call, args: unknown[]) => unknown): void {
  const call = Reflect.get(on, name) as Call;
  Reflect.set(on, name, function (this: unknown, ...args: unknown[]): unknown {
    return around(call.bind(this), args);
  });
}

function wrap(on: object, name: string, pointsAt: (...args: readonly unknown[]) => readonly string[]): void {
  replace(on, name, (call, args) => pass(pointsAt(...args), () => call(...args)));
}

/** Sessions are connections, which are used again. */
const wrapped = new WeakSet();
replace(StarrocksPool.prototype, 'use', (use, [work, ...rest]) =>
  use(
    (session: object) => {
      if (!wrapped.has(session)) wrap(session, 'write', (sql) => pointsOf(String(sql)));
      wrapped.add(session);
      return (work as Call)(session);
    },
    ...rest,
  ),
);
wrap(StreamLoadClient.prototype, 'load', (load) => [`load ${kindOf((load as { readonly table: string }).table)}`]);
replace(RedisProfiles.prototype, 'openLane', async (open, args) => {
  const lane = (await open(...args)) as object;
  wrap(lane, 'apply', () => ['redis apply']);
  wrap(lane, 'settle', () => ['redis settle']);
  return lane;
});
wrap(RedisProfiles.prototype, 'retired', () => ['tombstones']);
wrap(GroupProducer.prototype, 'write', () => ['letters']);
replace(KafkaClient.prototype, 'consumer', (make, [groupId, options]) => {
  const consumer = make(groupId, { ...(options as object), ...SESSION }) as object;
  wrap(consumer, 'commitOffsets', () => ['commit']);
  return consumer;
});

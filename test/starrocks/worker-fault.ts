// Loaded before the main file of the ingest worker by worker-faults.spec.ts: node -r register-swc.cjs -r worker-fault.ts main.ts
// Puts itself between the worker and its servers, and kills the process at the call that `INGEST_FAULT` (a `WorkerFault` as JSON) names. All calls
// reach the real servers; without the variable nothing but the session in Kafka is changed.
import { GroupProducer, KafkaClient } from '@tessera/kafka';
import { RedisProfiles } from '@tessera/online-profile';
import { StreamLoadClient } from '@tessera/starrocks-engine';
import { RedisProfileLane } from '../../libs/online-profile/src/redis-profile-lane';
import { StarrocksConnection } from '../../libs/starrocks-engine/src/connection/starrocks-connection';

/** Where the worker is to die. */
export interface WorkerFault {
  /** As `pointsOf` and `main` name it. */
  readonly point: string;
  readonly phase: 'before' | 'after';
  /** Which call of the point, from 1. */
  readonly call: number;
}

type Call = (...args: never[]) => unknown;

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

function wrap(on: object, name: string, pointsAt: (...args: readonly unknown[]) => readonly string[]): void {
  const call = Reflect.get(on, name) as Call;
  Reflect.set(on, name, function (this: unknown, ...args: never[]): Promise<unknown> {
    return pass(pointsAt(...args), () => call.apply(this, args));
  });
}

wrap(StarrocksConnection.prototype, 'write', (sql) => pointsOf(String(sql)));
wrap(StreamLoadClient.prototype, 'load', (load) => [`load ${kindOf((load as { readonly table: string }).table)}`]);
wrap(RedisProfileLane.prototype, 'apply', () => ['redis apply']);
wrap(RedisProfileLane.prototype, 'settle', () => ['redis settle']);
wrap(RedisProfiles.prototype, 'retired', () => ['tombstones']);
wrap(GroupProducer.prototype, 'write', () => ['letters']);

const consumer = KafkaClient.prototype.consumer;
KafkaClient.prototype.consumer = function (this: KafkaClient, groupId, options) {
  const made = consumer.call(this, groupId, { ...options, ...SESSION });
  wrap(made, 'commitOffsets', () => ['commit']);
  return made;
};

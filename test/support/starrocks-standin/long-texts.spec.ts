import type { Connection } from 'mysql2/promise';
import { startWithDatabase, valueOf } from './client';
import type { StarrocksStandIn } from './standin';

describe('Long texts in the stand-in for StarRocks', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;

  beforeAll(async () => {
    ({ standIn, connection } = await startWithDatabase());
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  it('are NULL where they are joined to more than 1,048,576 bytes', async () => {
    const half = `'${'x'.repeat(524_288)}'`;
    expect(await valueOf(connection, `SELECT length(concat(${half}, ${half}))`)).toBe(1_048_576);
    expect(await valueOf(connection, `SELECT concat(${half}, ${half}, 'y')`)).toBeNull();
  });

  it('have hashes', async () => {
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await valueOf(connection, "SELECT sha2('abc', 256)")).toBe(hash);
    expect(await valueOf(connection, 'SELECT sha2(NULL, 256)')).toBeNull();
  });
});

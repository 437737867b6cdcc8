import { randomBytes } from 'node:crypto';
import type { MysqlDatabase } from '@tessera/mysql';

const NAME = 'api';
const BYTES = 32;

/** The secret that all API processes sign with; made by the first. @throws what the database throws. */
export async function sharedSecret(database: MysqlDatabase): Promise<Buffer> {
  return database.use(async (session) => {
    const made = randomBytes(BYTES).toString('hex');
    // Of several that begin at once one is kept.
    await session.run('INSERT IGNORE INTO secret (name, value) VALUES (?, ?)', [NAME, made]);
    const [row] = await session.rows('SELECT value FROM secret WHERE name = ?', [NAME]);
    const secret = Buffer.from(String(row?.['value']), 'hex');
    if (secret.length !== BYTES)
      throw new Error(`the secret "${NAME}" in MySQL is not ${BYTES} bytes in hex; delete it`);
    return secret;
  });
}

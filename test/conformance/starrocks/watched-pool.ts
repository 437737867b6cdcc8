import type { StarrocksPool } from '@tessera/starrocks-engine';

/** The pool, with a look at what its sessions are asked. */
export function watched(
  pool: StarrocksPool,
  see: (sql: string) => void,
): Pick<StarrocksPool, 'read' | 'rows' | 'write'> {
  return {
    read: (use, options) =>
      pool.read(
        (session) =>
          use({
            rows: (sql, limits) => {
              see(sql);
              return session.rows(sql, limits);
            },
            stream: (sql, limits) => session.stream(sql, limits),
            write: (sql, limits) => session.write(sql, limits),
            run: (sql, limits) => session.run(sql, limits),
          }),
        options,
      ),
    rows: (sql, options) => pool.rows(sql, options),
    write: (sql, options) => pool.write(sql, options),
  };
}

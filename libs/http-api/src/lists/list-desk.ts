import type { IncomingMessage } from 'node:http';
import type { ListStore, ListSummary } from '@tessera/audience';
import { notFound } from '../problem/http-problem';
import { bodyChunks } from '../requests/body-stream';
import { acceptContentType } from '../requests/content-type';
import type { StreamGate } from '../requests/gate';
import { cuidsOfCsv, cuidsOfNdjson } from './read-cuids';
import { openUpload } from './read-multipart';

/** A list as it was made: of the cuids sent, how many were known, how many not. */
export interface CreatedList extends ListSummary {
  readonly matched: number;
  readonly unknown: number;
}

/** Takes, shows and removes lists of users. */
export class ListDesk {
  constructor(
    private readonly lists: ListStore,
    private readonly gate: StreamGate,
  ) {}

  /** @throws HttpProblem 400 naming the line, 413 for a line over 1 MiB, 415, 429; no list is made then. */
  async create(name: string, hasHeader: boolean, request: IncomingMessage): Promise<CreatedList> {
    const leave = this.gate.enter();
    try {
      const { list, matched, unknown } = await this.lists.create(name, await cuidsOf(request, hasHeader));
      return { ...list, matched, unknown };
    } finally {
      leave();
    }
  }

  list(): Promise<readonly ListSummary[]> {
    return this.lists.lists();
  }

  /** @throws HttpProblem 404. */
  async get(id: string): Promise<ListSummary> {
    const list = await this.lists.list(id);
    if (list === undefined) throw unknownList(id);
    return list;
  }

  /** @throws HttpProblem 404. */
  async remove(id: string): Promise<void> {
    if (!(await this.lists.remove(id))) throw unknownList(id);
  }
}

async function cuidsOf(request: IncomingMessage, hasHeader: boolean): Promise<AsyncIterable<string>> {
  const type = acceptContentType(request, ['application/x-ndjson', 'text/csv', 'multipart/form-data']);
  if (type === 'application/x-ndjson') return cuidsOfNdjson(bodyChunks(request));
  if (type === 'text/csv') return cuidsOfCsv(bodyChunks(request), hasHeader);
  const { form, chunks } = await openUpload(request);
  return form === 'ndjson' ? cuidsOfNdjson(chunks) : cuidsOfCsv(chunks, hasHeader);
}

function unknownList(id: string): Error {
  return notFound('', 'unknownList', `There is no list ${JSON.stringify(id.slice(0, 100))}; GET /v1/lists lists them`);
}

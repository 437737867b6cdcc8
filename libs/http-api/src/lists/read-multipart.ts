import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import busboy from 'busboy';
import { HttpProblem, invalidRequest } from '../problem/http-problem';
import { bodyChunks } from '../requests/body-stream';

/** The one file of a multipart form, to be read once. */
export interface UploadedFile {
  readonly form: 'ndjson' | 'csv';
  readonly chunks: AsyncIterable<Buffer>;
}

const NDJSON_NAME = /\.(?:ndjson|jsonl)$/i;

/**
 * Opens the file of a multipart upload and streams it; its form comes from its content type, else from its name, else it is CSV.
 *
 * @throws HttpProblem 400 if the form holds no file, or anything beside it.
 */
export function openUpload(request: IncomingMessage): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const form = openForm(request);
    let opened = false;
    let problem: HttpProblem | undefined;
    const fail = (error: HttpProblem): void => {
      problem ??= error;
      if (!opened) reject(error);
      form.destroy(error);
    };
    form.once('file', (_field, stream, info) => {
      opened = true;
      const isNdjson = info.mimeType === 'application/x-ndjson' || NDJSON_NAME.test(fileNameOf(info));
      resolve({ form: isNdjson ? 'ndjson' : 'csv', chunks: fileChunks(stream, form, () => problem) });
    });
    form.on('field', (name) => fail(refusedPart(`the field ${JSON.stringify(name)}`)));
    form.once('filesLimit', () => fail(refusedPart('a second file')));
    form.once('partsLimit', () => fail(refusedPart('more parts than one')));
    form.once('error', (error) => fail(error instanceof HttpProblem ? error : brokenForm(error)));
    form.once('close', () => {
      if (!opened) fail(invalidRequest('', 'missing', 'The form holds no file; send one as multipart/form-data'));
    });
    const body = Readable.from(bodyChunks(request));
    // Stops the reading of a body that nobody wants any more.
    form.once('close', () => body.destroy());
    body.on('error', (error) => form.destroy(error)).pipe(form);
  });
}

function openForm(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { files: 1, parts: 8, fieldSize: 1_024, fields: 8 } });
  } catch (error) {
    throw brokenForm(error);
  }
}

async function* fileChunks(
  stream: Readable,
  form: busboy.Busboy,
  problem: () => HttpProblem | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const closed = new Promise<void>((resolve) => form.once('close', resolve));
  try {
    for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    // What follows the file belongs to the form as well: it must end, and hold nothing else.
    await closed;
  } catch (error) {
    throw problem() ?? (error instanceof HttpProblem ? error : brokenForm(error));
  }
  const found = problem();
  if (found !== undefined) throw found;
}

/** Typed as always there, but a part need not have one. */
function fileNameOf(info: { readonly filename?: string | undefined }): string {
  return info.filename ?? '';
}

function refusedPart(what: string): HttpProblem {
  return invalidRequest(
    '',
    'unknownKey',
    `The form holds ${what}; send one file and nothing else (the name goes into ?name=)`,
  );
}

function brokenForm(error: unknown): HttpProblem {
  const reason = error instanceof Error ? error.message : String(error);
  return invalidRequest('', 'invalidMultipart', `The body is not multipart/form-data: ${reason}`);
}

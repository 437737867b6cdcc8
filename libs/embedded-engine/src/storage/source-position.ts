import type { SourcePosition } from '@tessera/tag-catalog';
import type { ByteReader, ByteWriter } from './bytes';

const NO_MARK = 0;

/** Where a record came from, as it stands in the log; docs/formats/embedded-engine.md describes its bytes. */
export function writeSource(writer: ByteWriter, source: SourcePosition | undefined): void {
  writer.text(source?.source ?? '');
  if (source === undefined) {
    return;
  }
  writer.signed(source.position);
  writer.u32(source.mark ?? NO_MARK);
  writer.varint(source.each?.length ?? 0);
  // From the end: messages that follow each other take a byte each, however high their positions are.
  let after = source.position;
  for (const at of (source.each ?? []).toReversed()) {
    writer.varint(after - at);
    after = at;
  }
}

export function readSource(reader: ByteReader): SourcePosition | undefined {
  const source = reader.text();
  if (source === '') {
    return undefined;
  }
  const position = reader.signed();
  const mark = reader.u32();
  const each: number[] = [];
  let after = position;
  for (let count = reader.varint(); count > 0; count--) {
    after -= reader.varint();
    each.push(after);
  }
  return {
    source,
    position,
    ...(mark === NO_MARK ? {} : { mark }),
    ...(each.length === 0 ? {} : { each: each.reverse() }),
  };
}

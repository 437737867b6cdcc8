import type { Report } from '../framework/report';
import type { VisitorMessages } from './visitor-messages';

/** Asks for every count that the messages sent so far let expect. */
export async function compare(
  where: string,
  messages: VisitorMessages,
  count: (expression: { readonly [key: string]: string | number }) => Promise<number>,
  report: Report,
): Promise<void> {
  for (const { expression, count: expected } of messages.expectations()) {
    report.check(`${where}, ${JSON.stringify(expression)}`, await count(expression), expected);
  }
}

export function showBytes(bytes: number | null, messages: number): string {
  return bytes === null
    ? 'bytes written to disk not known here'
    : `${(bytes / messages).toFixed(0)} bytes written to disk a message`;
}

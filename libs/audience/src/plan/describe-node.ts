import type { EventScanNode, TagTest } from './plan';

const NAMES_MAX = 3;

/** Names of the tags tested, the first few only: `age, city and 7 more tags`. */
export function conjoinTestNames(tests: readonly TagTest[]): string {
  const names = [...new Set(tests.map((test) => test.tag.name))];
  const more = names.length - NAMES_MAX;
  const shown = names.slice(0, NAMES_MAX).join(', ');
  return more > 0 ? `${shown} and ${more} more tags` : shown;
}

export function eventName(node: EventScanNode): string {
  return `the event ${node.eventType.name}`;
}

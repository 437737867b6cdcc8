import type { TesseraConfig } from '@tessera/platform';

/** What the terminal shows when the service is up: where it is, and three calls that work as they stand. */
export function welcomeText(address: string, config: TesseraConfig, hasShop: boolean): string {
  const calls = hasShop ? shopCalls(address) : plainCalls(address);
  const key = config.apiKeys.length > 0 ? ` -H 'Authorization: Bearer <one of API_KEYS>'` : '';
  return [
    `Tessera is listening on ${address} (API: ${address}/docs)`,
    '',
    'Try:',
    ...calls.map(({ title, call }) => `\n  # ${title}\n  curl${key} ${call}`),
    '',
    '',
  ].join('\n');
}

interface Call {
  readonly title: string;
  readonly call: string;
}

function shopCalls(address: string): readonly Call[] {
  const rule =
    '{"and": [{"tag": "city", "op": "in", "value": ["beijing", "shanghai"]}, {"event": "purchase", "op": "gte", "value": 2, "window": {"last": "P30D"}}]}';
  return [
    {
      title: 'how many customers of Beijing and Shanghai bought at least twice in the last 30 days, node by node',
      call: post(`${address}/v1/segmentation/count`, `{"expression": ${rule}, "perNode": true}`),
    },
    {
      title: 'the first five of them',
      call: post(`${address}/v1/segmentation/members`, `{"expression": ${rule}, "limit": 5}`),
    },
    {
      title: 'a tag and its most frequent values',
      call: `-s '${address}/v1/tags/city/distribution?top=5'`,
    },
  ];
}

function plainCalls(address: string): readonly Call[] {
  return [
    {
      title: 'declare a tag type with one tag',
      call: post(
        `${address}/v1/tag-types`,
        '{"name": "visitor", "kind": "profile", "tags": [{"name": "country", "valueType": "string"}]}',
      ),
    },
    {
      title: 'write a user',
      call: post(
        `${address}/v1/messages`,
        '[{"header": {"type": "visitor", "cuid": "ann"}, "body": {"country": "France"}}]',
      ),
    },
    {
      title: 'count',
      call: post(
        `${address}/v1/segmentation/count`,
        '{"expression": {"tag": "country", "op": "eq", "value": "France"}}',
      ),
    },
  ];
}

function post(url: string, body: string): string {
  return `-s ${url} -H 'Content-Type: application/json' -d '${body}'`;
}

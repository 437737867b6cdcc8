import { CASES } from './cases';
import { ENGINES } from './engines';
import { expectOutcome } from './expect-outcome';
import { performScript } from './perform-script';
import type { Script } from './script';

const VARIANTS = [
  { name: 'straight', options: {} },
  { name: 'restarted before every question', options: { restless: true } },
  { name: 'users in several shards', options: { usersPerShard: 3 } },
] as const;

describe.each(ENGINES)('$name engine', (factory) => {
  const variants = factory.name === 'reference' ? VARIANTS.slice(0, 1) : VARIANTS;
  describe.each(CASES)('$topic', ({ scripts }) => {
    for (const script of scripts) {
      for (const variant of variants) {
        it(`${script.name} (${variant.name})`, async () => {
          await performScript(script, factory, { ...variant.options, onOutcome: expectOutcome });
        });
      }
    }
  });
});

it('gives every case a name of its own', () => {
  const names = CASES.flatMap(({ scripts }) => scripts.map((script: Script) => script.name));
  expect(new Set(names).size).toBe(names.length);
});
